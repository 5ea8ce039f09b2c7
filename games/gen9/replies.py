"""Names of what the opponent may do, as far as the player knows or supposes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from plywise.engine.battle.names import MOVE_NAMES, SPECIES_NAMES
from plywise.games.gen9.infostate import FORCED, PASS, SWITCH, TERA, InfoState, action_name


def foe_action_name(info: InfoState, action: int) -> str:
    """Return the name of an opponent's action, as far as the player knows it.

    At Team Preview a Pokémon's number is its place in what that shows.
    """
    if action in (PASS, FORCED):
        return action_name(info, action)
    mons, mon = info.foe.mons, info.foe.active_mon
    if action >= SWITCH:
        index = action - SWITCH
        if info.previewing:
            shown = info.foe.previewed  # without those that nobody knows
            found = shown[index].species if index < len(shown) else f"number {index + 1}"
            return f"{info.naming} {found}"
        return f"switch {mons[index].species}" if index < len(mons) else "switch to an unseen one"
    slot = action % 4
    moves = () if mon is None else mon.usable
    name = moves[slot].id if slot < len(moves) else "an unseen move"
    return f"{name} tera" if action >= TERA else name


def named_replies(
    info: InfoState, worlds: NDArray[Any], strategies: Sequence[Mapping[int, float]]
) -> dict[str, float]:
    """Return the opponent's strategy by names, the largest share first.

    Revealed moves stand first in all worlds; the others, and Pokémon that only Team Preview showed,
    bear the names that they have there, with ``(unseen)``.

    Args:
        info: the player's information state.
        worlds: states drawn from it, equally likely.
        strategies: the opponent's strategy in each of them.
    """
    found: dict[str, float] = {}
    active = info.foe.active_mon
    known = 4 if active is None or active.copied else len(active.moves)
    for world, strategy in zip(worlds, strategies, strict=True):
        side = world["sides"][1 - info.player]
        moves = side["mons"][int(side["active"])]["moves"]
        for action, share in strategy.items():
            name = foe_action_name(info, action)
            index = action - SWITCH
            if info.foe.previewed and len(info.foe.mons) <= index < int(side["team_size"]):
                if not info.previewing:
                    species = int(side["mons"][index]["base_species"])
                    name = f"switch {SPECIES_NAMES[species]} (unseen)"
            if action < SWITCH and action % 4 >= known and moves[action % 4]:
                tera = " tera" if action >= TERA else ""
                name = f"{MOVE_NAMES[int(moves[action % 4])]}{tera} (unseen)"
            found[name] = found.get(name, 0.0) + share
    total = sum(found.values())
    most = sorted(found.items(), key=lambda item: -item[1])
    return {name: share / total for name, share in most}
