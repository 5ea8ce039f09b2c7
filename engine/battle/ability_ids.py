"""Every ability's number under its Showdown id, as a module attribute that kernels freeze.

``import plywise.engine.battle.ability_ids as A``, then ``A.<id>``; a misspelt id fails when the
kernel is compiled, and a test looks for them in the sources.
"""

from plywise.engine.battle.names import ABILITY_ID

globals().update(ABILITY_ID)


def __getattr__(name: str) -> int:
    raise AttributeError(f"{name!r} is no ability id of the exported Showdown tables")
