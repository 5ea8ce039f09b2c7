"""Battles from a seed: Showdown's ``gen5`` generator and all draws before the first turn.

``Battle``'s constructor makes both teams (an open gender is a draw), a format with Team Preview
sorts both line-ups (equally fast Pokémon in the same place are a tie), then the leads come in
(:func:`turn.send_out_leads`).  From there on the state's own generator *is* Showdown's, so that
seed, teams and choices decide the whole battle.
"""

import re
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from plywise.datasets.errors import PlywiseError
from plywise.engine.battle.border import teams as team_building
from plywise.engine.battle.border.formats import playable
from plywise.engine.battle.border.teams import Team
from plywise.engine.battle.constants import SPE

T = TypeVar("T")

_MASK = 0xFFFF_FFFF_FFFF_FFFF


class SeedError(PlywiseError):
    """A seed of another generator than ``gen5``, or none at all."""


def parse_seed(text: str) -> int:
    """Return a ``gen5`` generator's state: ``gen5,`` and 16 hex digits, or four 16-bit numbers.

    Raises:
        SeedError: it is neither.
    """
    if re.fullmatch(r"gen5,[0-9a-fA-F]{16}", text):
        return int(text[5:], 16)
    if re.fullmatch(r"\d+,\d+,\d+,\d+", text):
        words = [int(word) for word in text.split(",")]
        if all(word < 1 << 16 for word in words):
            return sum(word << 16 * (3 - k) for k, word in enumerate(words))
    raise SeedError(
        f"seed '{text}': 'gen5,' and 16 hex digits are wanted, or four numbers below 65536 "
        "(Showdown's newer generator, sodium, is not modelled)"
    )


class Gen5Generator:
    """Showdown's ``Gen5RNG`` in Python, for the few draws that are made outside the kernels."""

    def __init__(self, state: int) -> None:
        self.state = state

    def below(self, n: int) -> int:
        """Return one of 0 … n - 1: ``random(n)``."""
        self.state = (self.state * 0x5D588B656C078965 + 0x269EC3) & _MASK
        return (self.state >> 32) * n >> 32

    def choice(self, items: Sequence[T]) -> T:
        """Return one of ``items``: ``sample``."""
        return items[self.below(len(items))]


def unstarted_from_seed(
    teams: tuple[Team, Team],
    format: str,
    seed: str,
    picked: tuple[Sequence[int], Sequence[int]],
    keep_ties: bool = False,
) -> np.ndarray[Any, Any]:
    """Return a one-element pool before the start of the battle that Showdown makes of these.

    Args:
        teams: both whole teams in the order in which they are sent.
        format: Showdown's id.
        seed: as ``Battle``'s option ``seed``, of the ``gen5`` kind.
        picked: which of each come into the battle, in the order of Team Preview's choice.
        keep_ties: ties keep their order and draw nothing, as no real battle does.

    Raises:
        SeedError: the seed is of another kind.
        TeamError, UnknownNameError, UnmodelledError: a set is not one of a battle.
    """
    generator = Gen5Generator(parse_seed(seed))
    brought = []
    for k, team in enumerate(teams):
        whole = [team_building.with_gender(s, generator) for s in team]
        brought.append([whole[i] for i in picked[k]])
    pool = team_building.unstarted((brought[0], brought[1]), format, keep_ties)
    if playable(format).team_preview and not keep_ties:
        one, two = pool[0].sides
        for k in range(min(map(len, brought))):
            if one.mons[k].stats[SPE] == two.mons[k].stats[SPE]:
                generator.below(2)
    pool[0].rng = generator.state
    return pool
