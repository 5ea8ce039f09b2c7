"""How kernels are compiled: numba options, the cache, one program for the battle engine."""
