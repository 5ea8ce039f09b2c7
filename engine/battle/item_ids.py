"""Every item's number under its Showdown id, as a module attribute that kernels freeze.

``import plywise.engine.battle.item_ids as I``, then ``I.<id>``; a misspelt id fails when the
kernel is compiled, and a test looks for them in the sources.
"""

from plywise.engine.battle.names import ITEM_ID

globals().update(ITEM_ID)


def __getattr__(name: str) -> int:
    raise AttributeError(f"{name!r} is no item id of the exported Showdown tables")
