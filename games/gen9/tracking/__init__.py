"""The reader of Showdown's battle protocol: what the lines of one channel say, and nothing else.

``wire`` splits lines, ``known`` holds what was said (of Pokémon, sides, the field), ``tracker``
reads lines and requests in order, ``effects`` knows the conditions whose begin or end has no line
of its own, or a length that depends on the moment.
"""
