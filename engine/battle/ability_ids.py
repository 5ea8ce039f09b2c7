"""Number of every ability, as a module attribute named after its Showdown id.

Kernels ``import plywise.engine.battle.ability_ids as A`` and use ``A.<id>``, frozen by numba.  A
misspelt id fails when the kernel is compiled, and a test finds it in the sources.
"""

from plywise.engine.battle.names import ABILITY_ID

globals().update(ABILITY_ID)


def __getattr__(name: str) -> int:
    raise AttributeError(f"{name!r} is no ability id of the exported Showdown tables")
