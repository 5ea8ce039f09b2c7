"""Number of every item, as a module attribute named after its Showdown id.

Kernels ``import plywise.engine.battle.item_ids as I`` and use ``I.<id>``, frozen by numba.  A
misspelt id fails when the kernel is compiled, and a test finds it in the sources.
"""

from plywise.engine.battle.names import ITEM_ID

globals().update(ITEM_ID)


def __getattr__(name: str) -> int:
    raise AttributeError(f"{name!r} is no item id of the exported Showdown tables")
