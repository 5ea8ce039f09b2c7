"""Questions about battles: decisions that are clear to a deep search.

The search samples worlds from the player's belief as in play, but is deeper.  A decision is clear
if one action has nearly all of the strategy and a value well above the next.  A short search first
rejects close decisions.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, cast

import numpy as np

from plywise.arena.llm_calibration.known import MIN_OPTIONS, KnownQuestion
from plywise.games.base import NO_ACTION, SIMULTANEOUS, State
from plywise.search.guide.protocol import Question

if TYPE_CHECKING:
    from plywise.games.gen9.state import Gen9State
    from plywise.search.simultaneous.search import SimultaneousSearch

_ITERATIONS, _SHORT_ITERATIONS = 8000, 800
_WORLDS = 8
_SHARE = 0.8  # of the strategy, for the right action
_MARGIN, _SHORT_MARGIN = 0.1, 0.05  # between values, in [-1, 1]
_DECIDED = 0.9  # value beyond which the battle is decided
_MAX_SKIPPED = 16  # decisions before the first question


class BattleQuestions:
    """Maker of questions from random battles, whose players choose by the priors."""

    def __init__(self) -> None:
        from plywise.engine.battle.rules import rules
        from plywise.games.registry import make_game
        from plywise.search.simultaneous.config import SimultaneousConfig
        from plywise.search.simultaneous.search import SimultaneousSearch

        self._rules = rules()
        self._game = make_game("gen9randombattle")
        self._searches: list[tuple[SimultaneousSearch, float]] = [
            (SimultaneousSearch(self._rules, SimultaneousConfig(seconds=None, iterations=n)), gap)
            for n, gap in ((_SHORT_ITERATIONS, _SHORT_MARGIN), (_ITERATIONS, _MARGIN))
        ]

    def __call__(self, random: Random, number: int, guide: Question) -> KnownQuestion:
        """Return one question."""
        while True:
            state = self._game.new_initial_state(random.getrandbits(31))
            first = random.randint(0, _MAX_SKIPPED)
            player = random.randrange(2)
            made = 0
            while not state.is_terminal():
                if made >= first and state.current_player() == SIMULTANEOUS:
                    right = self._right(state, player, guide, random)
                    if right is not None:
                        return KnownQuestion(number, state, player, frozenset({right}))
                self._play_on(state, random)
                made += 1

    def _right(self, state: State, player: int, guide: Question, random: Random) -> int | None:
        """Return the right answer, None if it is not clear or not among the options."""
        who = 1 - player if guide is Question.MODEL else player
        if len(state.legal_actions(who)) < MIN_OPTIONS:
            return None
        worlds = state.worlds(who, _WORLDS, random.getrandbits(31))
        best = -1
        for search, margin in self._searches:
            decision = search.decide(worlds, None, who, random.getrandbits(31))
            best, second = sorted(decision.values, key=lambda a: -decision.values[a])[:2]
            clear = decision.values[best] - decision.values[second] >= margin
            if not clear or abs(decision.value) >= _DECIDED:
                return None
        if decision.strategy[best] < _SHARE:
            return None
        if guide is not Question.MODEL:
            return best
        # In the player's view, the opponent's action may have another number, or none.
        options = state.briefing(player).opponent
        name = state.action_to_string(who, best)
        actions = [option.action for option in options if option.label == name]
        return actions[0] if actions and len(options) >= MIN_OPTIONS else None

    def _play_on(self, state: State, random: Random) -> None:
        pool = cast("Gen9State", state).battle.pool
        who = state.current_player()
        chosen = [NO_ACTION, NO_ACTION]
        shares = np.zeros(self._rules.num_actions)
        for side in (0, 1) if who == SIMULTANEOUS else (who,):
            legal = state.legal_actions(side)
            assert self._rules.priors is not None
            self._rules.priors(pool, 0, side, np.array(legal, np.int32), len(legal), shares)
            chosen[side] = random.choices(legal, shares[: len(legal)].tolist())[0]
        state.apply_actions(chosen)
