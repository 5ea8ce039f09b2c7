"""Tournaments: which games are played, their record, standings, and when to stop.

``executors`` play the games, ``report`` shows what came of them.
"""
