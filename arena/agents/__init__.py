"""Agents: a game's rules, a search or a rule of thumb, and perhaps a guide, behind ``decide``.

``kinds/`` has one file for each agent (or a few of a family), ``catalog.py`` finds them there,
``factory.py`` builds them from settings.  What an agent decides with stands in its own file, or
beside these where several agents share it or where it loads compiled code.
"""
