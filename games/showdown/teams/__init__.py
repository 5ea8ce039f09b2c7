"""Teams and Showdown's validator: legality of teams (``check``), and legal ones made (``maker``).

Needs Node and the pinned package; what only reads teams is in ``datasets/teams/``.
"""
