"""A battle played on in the mind: one world of the belief, from what one player knows alone.

The same here as on a server, where nothing but an information state is known.  In the world drawn
the opponent's team stands in order of appearance.  In the mind the opponent knows of the player's
Pokémon those that came in and the moves that they used, and of these also items and abilities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from plywise.engine.battle.border import plain
from plywise.engine.battle.border.battle_state import BattleState
from plywise.games.gen9.game import Gen9State
from plywise.games.gen9.infostate import InfoState, MonView, MoveView, SideView
from plywise.games.gen9.seen import Seen, SideSeen, ends_of_turn, shown_hp


def imagine(info: InfoState, world: np.ndarray[Any, Any]) -> Gen9State:
    """Return a battle to play on from ``info``.

    Args:
        info: what the player knows.
        world: a pool of one state, drawn from it (``worlds.sample_worlds``).
    """
    now = ends_of_turn(plain.thaw(world, 0))
    own, foe = _side(info.own, now), _side(info.foe, now)
    turns = dict(info.pseudo_weathers)
    turns |= {info.weather: info.weather_turns} if info.weather else {}
    turns |= {info.terrain: info.terrain_turns} if info.terrain else {}
    who = {"own": info.player, "foe": 1 - info.player}
    history = ((who[side], words) for side, _, words in (h.partition(", ") for h in info.history))
    seen = Seen(
        sides=(own, foe) if info.player == 0 else (foe, own),
        began=_began(turns, now),
        history=tuple(history),
    )
    return Gen9State(BattleState(world), seen)


def _side(view: SideView, now: int) -> SideSeen:
    # Worlds carry no Illusion: who is out is seen.
    indices = tuple(i for i, mon in enumerate(view.mons) if mon.revealed or i == view.active)
    return SideSeen(
        view=replace(
            view,
            mons=tuple(_shown(view.mons[i]) for i in indices),
            active=None if view.active is None else indices.index(view.active),
        ),
        indices=indices,
        began=_began({**view.conditions, **view.volatiles}, now),
    )


def _shown(mon: MonView) -> MonView:
    """Return what an opponent sees of a Pokémon."""
    used = tuple(MoveView(move.id, move.used) for move in mon.moves if move.used)
    return replace(mon, hp=shown_hp(mon.hp, mon.max_hp), max_hp=100, moves=used)


def _began(turns: Mapping[str, int], now: int) -> dict[str, int]:
    return {name: now - since for name, since in turns.items()}
