"""Searches over any game with kernels; they know no game and no language model.

``guide`` is what a search may ask, ``alphabeta`` and ``simultaneous`` the two fast searches,
``exact`` solves small games for comparison.
"""
