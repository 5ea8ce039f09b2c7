"""The reader of Showdown's battle protocol: what the lines of one channel say, and nothing else.

``wire`` splits lines, ``known`` holds what was said (of Pokémon, sides, the field), ``tracker``
reads lines in order (``entries``, ``moves``, ``health`` and ``conditions`` a part of them each,
with ``reader`` below), ``effects`` knows the conditions whose begin or end has no line of its own,
and lengths that depend on the moment.
"""
