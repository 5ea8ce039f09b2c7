"""Compilation of kernels: numba options, the cache, one linked program for the battle engine.

``jit`` holds the decorators that every kernel uses.  ``units`` compiles the kernels of a package
one by one and links them, with ``fingerprint`` (what a unit's cache entry depends on) and
``branch_weights`` (measured branch frequencies for LLVM).  ``stack``, ``prefetch`` and ``indices``
change the code that numba generates; ``numba_internals`` alone touches numba's private names.
Nothing here knows a game.
"""
