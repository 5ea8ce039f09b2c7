"""Every move's number under its Showdown id, as a module attribute that kernels freeze.

``import plywise.engine.battle.move_ids as M``, then ``M.<id>``; a misspelt id fails when the
kernel is compiled, and a test looks for them in the sources.
"""

from plywise.engine.battle.names import MOVE_ID

globals().update(MOVE_ID)


def __getattr__(name: str) -> int:
    raise AttributeError(f"{name!r} is no move id of the exported Showdown tables")
