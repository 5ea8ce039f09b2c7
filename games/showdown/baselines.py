"""poke-env's own players, watched: what they choose and how long they take."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any, Protocol

from poke_env.battle import AbstractBattle, Battle
from poke_env.player import (
    BattleOrder,
    MaxBasePowerPlayer,
    Player,
    RandomPlayer,
    SimpleHeuristicsPlayer,
)

from plywise.games.gen9.infostate import InfoState
from plywise.games.showdown.notes import BattleNotes
from plywise.games.showdown.translate import action_of_order, information_state_from_poke_env

_KINDS: dict[str, type[Player]] = {
    "pokeenv_random": RandomPlayer,
    "pokeenv_max_base_power": MaxBasePowerPlayer,
    "pokeenv_simple_heuristics": SimpleHeuristicsPlayer,
}


def baseline(name: str, **player_options: Any) -> Player:
    """Return poke-env's player of that name (``pokeenv_…``)."""
    return _KINDS[name](**player_options)


@dataclass(frozen=True)
class BaselineChoice:
    """One choice of a poke-env player.

    Attributes:
        info: what the player knew.
        action: ours for its order; None where we have none; ``words``: the order as it was sent.
        seconds: that it took.
    """

    info: InfoState
    action: int | None
    words: str
    seconds: float


class ChoiceObserver(Protocol):
    """Is told of a baseline's choices, on poke-env's event loop."""

    def choosing(self, battle: Battle) -> int:
        """Take note that a choice begins; return its seed."""

    def chose(self, battle: Battle, choice: BaselineChoice) -> None:
        """Take note of the choice."""

    def raised(self, error: Exception, *, in_player: bool) -> None:
        """Take note of what the player raised, or what our reading of its choice did."""


class WatchedBaseline(Player):
    """Plays as ``inner`` would, and tells ``watcher``.

    These players draw from Python's shared generator, which is seeded before each choice.

    Args:
        inner: a player that has no connection: it is only asked.
        watcher: who is told.
        player_options: what ``poke_env.player.Player`` takes.
    """

    def __init__(self, inner: Player, watcher: ChoiceObserver, **player_options: Any) -> None:
        super().__init__(**player_options)
        self._inner = inner
        self._watcher = watcher
        self._notes = BattleNotes()

    def choose_move(self, battle: AbstractBattle) -> BattleOrder:
        """Return the order for the battle's present request (called by poke-env)."""
        assert isinstance(battle, Battle)
        random.seed(self._watcher.choosing(battle))
        in_player = True
        try:
            start = time.perf_counter()
            order = self._inner.choose_move(battle)
            seconds = time.perf_counter() - start
            assert isinstance(order, BattleOrder)  # none of these players answers later
            in_player = False
            info = information_state_from_poke_env(battle, self._notes)
            choice = BaselineChoice(info, action_of_order(battle, order), order.message, seconds)
        except Exception as error:
            self._watcher.raised(error, in_player=in_player)
            raise
        self._watcher.chose(battle, choice)
        return order
