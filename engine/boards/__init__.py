"""Board games as kernels: one module a game, and exact solvers of small ones beside it.

A game's module has the record ``STATE``, the kernels of :mod:`plywise.engine.kernels`, ``new_pool``
and ``rules``; :mod:`status` holds kernels that several games share.  Names, texts and options of
games belong in ``games``.
"""
