"""Every species's number under its Showdown id, as a module attribute that kernels freeze.

``import plywise.engine.battle.species_ids as S``, then ``S.<id>``; a misspelt id fails when the
kernel is compiled, and a test looks for them in the sources.
"""

from plywise.engine.battle.names import SPECIES_ID

globals().update(SPECIES_ID)


def __getattr__(name: str) -> int:
    raise AttributeError(f"{name!r} is no species id of the exported Showdown tables")
