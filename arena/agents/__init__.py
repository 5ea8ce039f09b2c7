"""Agents: a game's rules, a search or a rule of thumb, and perhaps a guide, behind ``decide``.

One file an agent; ``catalog.py`` lists them and ``factory.py`` builds them from settings.
"""
