"""Alpha-beta for turn-based games of perfect information, as numba kernels."""
