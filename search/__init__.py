"""Searches over any game with kernels; they know no game and no language model.

``alphabeta`` and ``simultaneous`` are the two compiled searches, ``guide`` is the advice that they
may ask for, ``exact`` solves small games for comparison.
"""
