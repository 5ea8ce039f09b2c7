"""poke-env's own players, with a record of their choices and times."""

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
from plywise.games.showdown.messages import CheckedPlayer
from plywise.games.showdown.translate import action_of_order


class _Random(CheckedPlayer, RandomPlayer):
    pass


class _MaxBasePower(CheckedPlayer, MaxBasePowerPlayer):
    pass


class _SimpleHeuristics(CheckedPlayer, SimpleHeuristicsPlayer):
    pass


_KINDS: dict[str, type[CheckedPlayer]] = {
    "pokeenv_random": _Random,
    "pokeenv_max_base_power": _MaxBasePower,
    "pokeenv_simple_heuristics": _SimpleHeuristics,
}


def baseline(name: str, **player_options: Any) -> CheckedPlayer:
    """Return poke-env's player of that name (``pokeenv_…``)."""
    return _KINDS[name](**player_options)


@dataclass(frozen=True)
class BaselineChoice:
    """One choice of a poke-env player.

    Attributes:
        info: the player's information state.
        action: our number of its action; None: there is none.
        words: the order as sent.
        seconds: time that it took.
    """

    info: InfoState
    action: int | None
    words: str
    seconds: float


class ChoiceObserver(Protocol):
    """Receives a baseline's choices, on poke-env's event loop."""

    def choosing(self, battle: Battle) -> int:
        """Handle the start of a choice; return its seed."""

    def chose(self, battle: Battle, choice: BaselineChoice) -> None:
        """Handle a choice."""

    def raised(self, error: Exception, *, in_player: bool) -> None:
        """Handle an exception of the player, or of our translation of its choice."""


class ObservedBaseline(CheckedPlayer):
    """Plays as ``inner`` does, and reports its choices to ``observer``.

    These players draw from Python's shared generator, which is seeded before each choice.

    Args:
        inner: a player without a connection, which makes the choices.
        observer: receives the choices.
        player_options: options of ``poke_env.player.Player``.
    """

    def __init__(self, inner: Player, observer: ChoiceObserver, **player_options: Any) -> None:
        super().__init__(**player_options)
        self._inner = inner
        self._observer = observer

    def choose_move(self, battle: AbstractBattle) -> BattleOrder:
        """Return the order for the battle's present request (called by poke-env)."""
        assert isinstance(battle, Battle)
        random.seed(self._observer.choosing(battle))
        in_player = True
        try:
            start = time.perf_counter()
            order = self._inner.choose_move(battle)
            seconds = time.perf_counter() - start
            assert isinstance(order, BattleOrder)  # none of these players is asynchronous
            in_player = False
            channel = self.channel(battle.battle_tag)
            info = channel.information_state(battle.last_request)
            action = action_of_order(battle, channel, order)
            choice = BaselineChoice(info, action, order.message, seconds)
        except Exception as error:
            self._observer.raised(error, in_player=in_player)
            raise
        self._observer.chose(battle, choice)
        return order
