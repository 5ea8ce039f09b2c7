"""Number of every move, as a module attribute named after its Showdown id.

Kernels ``import plywise.engine.battle.move_ids as M`` and use ``M.<id>``, frozen by numba.  A
misspelt id fails when the kernel is compiled, and a test finds it in the sources.
"""

from plywise.engine.battle.names import MOVE_ID

globals().update(MOVE_ID)


def __getattr__(name: str) -> int:
    raise AttributeError(f"{name!r} is no move id of the exported Showdown tables")
