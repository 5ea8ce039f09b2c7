"""Number of every species, as a module attribute named after its Showdown id.

Kernels ``import plywise.engine.battle.species_ids as S`` and use ``S.<id>``, frozen by numba.  A
misspelt id fails when the kernel is compiled, and a test finds it in the sources.
"""

from plywise.engine.battle.names import SPECIES_ID

globals().update(SPECIES_ID)


def __getattr__(name: str) -> int:
    raise AttributeError(f"{name!r} is no species id of the exported Showdown tables")
