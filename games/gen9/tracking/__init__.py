"""The reader of Showdown's battle protocol: what the lines of one channel say, and nothing else.

- ``wire`` splits lines; ``known`` holds what was said: of Pokémon, sides, the field;
- ``tracker`` reads lines in order.  Its parts: ``entries`` (switches, faints, Illusion, Transform,
  formes, Terastallization), ``moves``, ``health`` (HP, status, boosts, items, abilities) and
  ``conditions`` (of Pokémon, slots, sides, the field), all on ``reader``;
- ``condition_tables``: lengths of conditions, and those whose begin or end has no line.
"""
