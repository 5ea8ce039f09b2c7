"""``plywise data replays``: tables of decisions from collections of replays.

Files are read by ``datasets/replays``, their logs by ``games/gen9/replays``; here is the run: its
shares, its workers, what is left to do after one that was stopped, and what could not be read.
"""
