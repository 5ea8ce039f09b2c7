"""Replays: what each player knew and chose at each decision, from a battle's log alone.

- ``log``: whether a log is one that can be read, and its lines, split once;
- ``choices``: who had to decide when, and what was chosen, of the lines alone;
- ``own_sets``: what a player knew of its team, as far as the whole log tells;
- ``legal``: what could be chosen, as far as known;
- ``states``: the information states, as JSON;
- ``decisions``: rows of a battle, from all of these.

Lines are read by :mod:`plywise.games.gen9.tracking`, twice: as all could read them, for what the
opponent is known by; and with the player's own team told before, for what the player knew.
"""
