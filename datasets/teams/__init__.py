"""Teams of people: files of them in Showdown's forms (``files``), and those of our own (``own``).

What a set is stands in ``datasets/pokemon_sets.py``; what sets are played, in the priors.  Whether
a team is legal is asked above (``games/showdown/teams/``).  Imports nothing of other floors.
"""
