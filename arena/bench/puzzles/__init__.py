"""Puzzles of battles: positions of real play whose best actions an exact search has proven.

Both players know everything (open information), so what an action is worth is a fact of the rules:
``solving`` proves it, ``mechanics`` says what a puzzle is about, ``positions`` and ``making`` find
fresh ones, ``files`` keeps them, ``enumeration`` checks them by other means, ``table`` measures
agents.
"""
