"""Opponent models: what a player of a battle will choose, from what the other one could know.

- ``choices``: a side's actions in sampled worlds, by names;
- ``past``: what a side has chosen so far in the battle;
- ``features``: a description of each action in each world;
- ``model``: conditional logit over these, averaged over the worlds, and its weights;
- ``following``: a posterior over several models from what was chosen so far.
- ``session``: all of that through one battle, for a search.

Nothing here reads tables or fits: that is done in ``arena/prediction``.
"""
