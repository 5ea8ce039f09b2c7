"""One account's stay on a Showdown server: its battles, challenges and ratings, over a connection
that is made again when it breaks.  Which battles are sought is decided above, in the arena.
"""
