"""Open information: what a player knows who is told both teams whole, as a ``State``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from plywise.games.gen9.infostate import Condition, InfoState, MonView, MoveView, SideView
from plywise.games.gen9.state import InfoStateView
from plywise.games.gen9.tracking.wire import shown_hp
from plywise.games.worlds_config import WorldsConfig


class OpenStateView(InfoStateView):
    """An information state in which nothing is hidden, with the one state that agrees with it.

    Args:
        info: of :func:`open_information`: the opponent's team is in the state's order.
        state: pool of the one state.
    """

    def __init__(self, info: InfoState, state: NDArray[Any]) -> None:
        super().__init__(info)
        self.state = state

    def worlds(
        self,
        player: int,
        count: int,
        seed: int,
        deadline: float | None = None,
        config: WorldsConfig | None = None,
    ) -> NDArray[Any]:
        """Return a copy of the state, one for any ``count``: there is nothing to sample."""
        return self.state.copy()


def open_information(info: InfoState, other: InfoState) -> InfoState:
    """Return the information state of a player who is told the opponent's team whole.

    The opponent's Pokémon stand in the order of its team, so that its actions have their numbers of
    the engine.

    Args:
        info: the player's, at a decision after Team Preview.
        other: the opponent's at the same decision.

    Raises:
        ValueError: a Pokémon has Illusion, or two of the opponent's are of one species.
    """
    team = [mon.base_species for mon in other.own.mons]
    illusions = any(mon.base_ability == "illusion" for mon in (*info.own.mons, *other.own.mons))
    if illusions or len(set(team)) < len(team) or info.foe.fainted_unseen:
        raise ValueError("it is not certain which Pokémon of the opponent's is which")
    seen = [mon.base_species for mon in info.foe.mons]
    if not set(seen) <= set(team):
        raise ValueError("the player knows a Pokémon that the opponent has not")
    place = {k: team.index(species) for k, species in enumerate(seen)}
    mons = tuple(_shown(mon) for mon in other.own.mons)

    def at(index: int | None) -> int | None:
        return None if index is None else place[index]

    def renumbered(found: Mapping[str, Condition], made_by_foe: bool) -> dict[str, Condition]:
        """Return conditions whose makers in the opponent's team have their new numbers."""
        foe = 1 - info.player

        def one(condition: Condition) -> Condition:
            by = made_by_foe if condition.source_side is None else condition.source_side == foe
            return replace(condition, source=at(condition.source)) if by else condition

        return {name: one(condition) for name, condition in found.items()}

    own = replace(
        info.own,
        volatiles=renumbered(info.own.volatiles, True),
        conditions=renumbered(info.own.conditions, True),
        stat_moves=tuple((move, at(index)) for move, index in info.own.stat_moves),
    )
    foe = replace(
        info.foe,
        mons=mons,
        active=at(info.foe.active),
        volatiles=renumbered(info.foe.volatiles, False),
        conditions=renumbered(info.foe.conditions, False),
        fainted_now=at(info.foe.fainted_now),
        fainted_before=at(info.foe.fainted_before),
        entrance=None,  # it was one that might have been an Illusion
    )
    return replace(info, own=own, foe=foe)


def _shown(mon: MonView) -> MonView:
    """Return a Pokémon of the opponent's with its whole set, its HP in percent as always."""
    return replace(
        mon,
        hp=shown_hp(mon.hp, mon.max_hp),
        max_hp=100,
        moves=tuple(MoveView(move.id, move.used) for move in mon.moves),
        copied=tuple(MoveView(move.id, move.used) for move in mon.copied),
        stats=None,
        revealed=True,
    )


def without_members(info: InfoState, own: Collection[int], foe: Collection[int]) -> InfoState:
    """Return the information state as if Pokémon that are not out had fainted long ago.

    Args:
        info: of :func:`open_information`.
        own, foe: team indices of those on each side.
    """
    return replace(info, own=_without(info.own, own), foe=_without(info.foe, foe))


def _without(side: SideView, members: Collection[int]) -> SideView:
    mons = tuple(
        replace(mon, hp=0, status="", status_turns=0) if i in members else mon
        for i, mon in enumerate(side.mons)
    )
    return replace(side, mons=mons, fallen=side.fallen + len(members))
