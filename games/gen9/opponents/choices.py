"""A side's actions in sampled worlds, told apart by names that mean the same in all of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.datasets.set_priors import base_species
from plywise.engine.battle.constants import REQUEST_PREVIEW
from plywise.engine.battle.names import MOVE_NAMES, SPECIES_NAMES
from plywise.engine.battle.rules import RULES
from plywise.games.gen9.infostate import FORCED, PASS, SWITCH, TERA

UNSEEN = "switch to an unseen one"
"""A switch to a Pokémon of which the other player does not know that it is there."""

_SENDS = ("switch", "lead", "revive", "bring")


@dataclass(frozen=True)
class WorldChoices:
    """What a side may choose in each of several worlds.

    An entry is one action in one world; those of a world stand together.

    Attributes:
        side: 0 or 1.
        worlds: number of worlds.
        names: the different names, ascending.
        world, action, name: of each entry: its world, the engine's number, its place in ``names``.
        starts: first entry of each world that has any.
    """

    side: int
    worlds: int
    names: tuple[str, ...]
    world: NDArray[np.int64]
    action: NDArray[np.int32]
    name: NDArray[np.int64]
    starts: NDArray[np.int64]

    def by_name(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean over worlds of the shares of the entries, by name; it sums to 1."""
        found = np.bincount(self.name, shares, len(self.names))
        total = float(found.sum())
        even: NDArray[np.float64] = np.full(len(self.names), 1.0 / max(1, len(self.names)))
        return found / total if total > 0.0 else even


@lru_cache(4096)
def canonical_name(name: str) -> str:
    """Return the name of an action with the base species in place of a forme."""
    verb, _, rest = name.partition(" ")
    return f"{verb} {base_species(rest)}" if verb in _SENDS and rest else name


def name_as_seen(name: str, known: Collection[str] | None) -> str:
    """Return the name of an action with all Pokémon that are not known as one, :data:`UNSEEN`.

    Args:
        name: canonical.
        known: base species that the one who predicts knows to be in the team; None: all are.
    """
    if known is None or not name.startswith("switch ") or name[7:] in known:
        return name
    return UNSEEN


def choices_in_worlds(
    worlds: NDArray[Any], side: int, known: Collection[str] | None = None
) -> WorldChoices:
    """Return the legal actions of a side by world.

    Args:
        worlds: pool of states that a player cannot tell apart.
        side: 0 or 1.
        known: as of :func:`name_as_seen`.
    """
    at: list[int] = []
    actions: list[int] = []
    names: list[str] = []
    for k in range(len(worlds)):
        legal = RULES.legal_actions(worlds, k, side)
        at += [k] * len(legal)
        actions += legal
        names += [name_as_seen(name, known) for name in _names(worlds[k], side, legal)]
    different = tuple(sorted(set(names)))
    place = {name: i for i, name in enumerate(different)}
    world = np.array(at, np.int64)
    starts = np.flatnonzero(np.diff(world, prepend=-1)) if len(world) else np.zeros(0, np.int64)
    return WorldChoices(
        side,
        len(worlds),
        different,
        world,
        np.array(actions, np.int32),
        np.array([place[name] for name in names], np.int64),
        starts,
    )


def _names(world: Any, side: int, legal: list[int]) -> list[str]:
    """Return names of actions in one world."""
    own = world["sides"][side]
    mons, active = own["mons"], int(own["active"])
    previewing = int(world["request"]) == REQUEST_PREVIEW
    found = []
    for action in legal:
        if action == FORCED:
            found.append("go on")
        elif action == PASS:
            found.append("pass")
        elif action >= SWITCH:
            mon = mons[action - SWITCH]
            verb = "lead" if previewing else "switch" if int(mon["hp"]) > 0 else "revive"
            found.append(f"{verb} {_base(int(mon['base_species']))}")
        else:
            move = MOVE_NAMES[int(mons[active]["moves"][action % TERA])]
            found.append(f"{move} tera" if action >= TERA else move)
    return found


@lru_cache(2048)
def _base(species: int) -> str:
    return base_species(SPECIES_NAMES[species])
