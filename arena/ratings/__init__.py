"""Mathematics of results: intervals, Elo, rating pools, sequential tests, simulated pools.

All but the two commands import nothing of the project but ``datasets.errors``.
"""
