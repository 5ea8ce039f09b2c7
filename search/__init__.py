"""Searches over any game with kernels; they know no game and no language model."""
