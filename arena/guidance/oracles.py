"""Right answers for ``llm=stand_in``: exact solutions, or deep searches.

In a battle in this process an oracle searches the true state; on a server, where nobody knows it,
worlds of the player's belief.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, cast

from plywise.arena.settings import make_search
from plywise.conf.schemas.search import SearchGroup, SimultaneousGroup
from plywise.games.base import SIMULTANEOUS
from plywise.games.exact_values import EXACT_VALUES, ActionValues
from plywise.search.guide.protocol import Question

if TYPE_CHECKING:
    from plywise.games.base import Game, State
    from plywise.games.gen9.state import Gen9State
    from plywise.llm_modules.guides.stand_in import Oracle
    from plywise.search.decision import Decision
    from plywise.search.simultaneous.averaging import AveragedSearch
    from plywise.search.simultaneous.search import SimultaneousSearch


class BoardOracle:
    """The exact solution of a turn-based game.

    PROPOSE: the best actions, with equal shares; EVALUATE: every action's result; MODEL: the best
    replies after the best actions.
    """

    def __init__(self, truth: ActionValues) -> None:
        self._truth = truth

    def truth(
        self, state: State, player: int, question: Question, seed: int
    ) -> Mapping[int, float]:
        """Return the right answer (:class:`~plywise.llm_modules.guides.stand_in.Oracle`)."""
        values = self._truth(state)
        if question is Question.EVALUATE:
            return values
        if question is Question.PROPOSE:
            return _shares(values, _best(values))
        replies: dict[int, float] = {}
        best = _best(values)
        for action in best:
            after = state.clone()
            after.apply_action(action)
            if after.is_terminal():
                continue
            then = self._truth(after)
            for reply, share in _shares(then, _best(then)).items():
                replies[reply] = replies.get(reply, 0.0) + share / len(best)
        return dict(sorted(replies.items()))

    def value(self, state: State, player: int) -> float:
        """Return the result of exact play for ``player``."""
        if state.is_terminal():
            return state.returns()[player]
        best = max(self._truth(state).values())
        return best if state.current_player() == player else -best


class BattleOracle:
    """A search of battles that sees both teams (and no dice), far deeper than the advised one.

    PROPOSE: its strategy; EVALUATE: its values; MODEL: the opponent's strategy by the configured
    search with the opponent's knowledge, restricted to the moves and Pokémon that it has shown.

    Of a player's information state alone, as on a server, the worlds of the belief are searched in
    place of the true state, and the opponent is the one of a world drawn from it.

    Args:
        game: the battles' game.
        search: the opponent's search.
        iterations: iterations of the deep search.
    """

    def __init__(self, game: Game, search: SimultaneousGroup, iterations: int) -> None:
        self._game = game
        self._config = search
        self._iterations = iterations
        self._local = threading.local()

    def truth(
        self, state: State, player: int, question: Question, seed: int
    ) -> Mapping[int, float]:
        """Return the right answer (:class:`~plywise.llm_modules.guides.stand_in.Oracle`)."""
        if question is Question.MODEL:
            return self._replies(state, player, seed)
        found = self._deep(state, player)
        known = found.values if question is Question.EVALUATE else found.strategy
        return {a: known[a] for a in state.legal_actions(player) if a in known}

    def value(self, state: State, player: int) -> float:
        """Return the deep search's value of a position, whoever has to decide in it."""
        if state.is_terminal():
            return state.returns()[player]
        mover = state.current_player()
        who = player if mover in (SIMULTANEOUS, player) else 1 - player
        value = self._deep(state, who).value
        return value if who == player else -value

    def _replies(self, state: State, player: int, seed: int) -> dict[int, float]:
        from plywise.games.gen9.option_facts import foe_options

        hidden = _only_known(state)
        known = state.resample_from_infostate(player, Random(seed)) if hidden else state
        battle = cast("Gen9State", known)
        other = 1 - player
        if len(battle.legal_actions(other)) < 2:
            return {}
        numbers = dict(foe_options(battle.information_state(player)))
        search = self._search("opponent", self._config)
        worlds = battle.worlds(other, self._config.worlds, seed, config=self._config)
        strategy = search.decide(worlds, None, other, seed).strategy
        if battle.information_state(player).previewing:  # numbered as it shows them
            return {action: strategy.get(action, 0.0) for action in numbers.values()}
        replies = dict.fromkeys(numbers.values(), 0.0)
        for action, share in strategy.items():
            name = battle.action_to_string(other, action).removesuffix(" tera")
            if name in numbers:
                replies[numbers[name]] += share
        return replies

    def _deep(self, state: State, player: int) -> Decision:
        """Return the deep search's decision: the same for all questions about a state."""
        if _only_known(state):
            pool = state.worlds(player, self._config.worlds, seed=0)
        else:
            pool = state.flat()
        pool["rng"] = 0  # the dice stay unknown: the search draws its own
        key = (pool.tobytes(), player)
        if self._local.__dict__.get("key") != key:
            self._local.key = key
            seed = zlib.crc32(key[0]) ^ player
            deep = replace(self._config, seconds=None, iterations=self._iterations)
            self._local.answer = self._search("deep", deep).decide(pool, None, player, seed)
        return cast("Decision", self._local.answer)

    def _search(self, name: str, config: SimultaneousGroup) -> SimultaneousSearch | AveragedSearch:
        kept = self._local.__dict__
        if name not in kept:
            kernels = self._game.kernels()
            assert kernels is not None  # battles have compiled rules
            kept[name] = make_search(kernels, config)
        return cast("SimultaneousSearch | AveragedSearch", kept[name])


def _only_known(state: State) -> bool:
    """Return whether a state is one player's information state of a battle, without the truth."""
    from plywise.games.gen9.state import InfoStateView

    return isinstance(state, InfoStateView)


def _best(values: Mapping[int, float]) -> list[int]:
    return [a for a, value in values.items() if value == max(values.values())]


def _shares(values: Mapping[int, float], best: list[int]) -> dict[int, float]:
    return {a: (a in best) / len(best) for a in values}


def has_oracle(game: Game) -> bool:
    """Return whether a stand-in can advise in a game: a solved board game, or a battle."""
    return game.info.name in EXACT_VALUES or game.info.name.startswith("gen9")


def make_oracle(game: Game, search: SearchGroup | None, iterations: int) -> Oracle:
    """Return the oracle of a game that has one (:func:`has_oracle`).

    Args:
        game: the game.
        search: the opponent's search; None: 1,000 iterations.
        iterations: iterations of the oracle's own search.
    """
    if game.info.name in EXACT_VALUES:
        return BoardOracle(EXACT_VALUES[game.info.name](game))
    if not isinstance(search, SimultaneousGroup):
        search = SimultaneousGroup(seconds=None, iterations=1000)
    return BattleOracle(game, search, iterations)
