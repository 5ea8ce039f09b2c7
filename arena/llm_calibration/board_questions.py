"""Questions about board games: positions with exactly one move that keeps the result."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from plywise.arena.llm_calibration.known import (
    MIN_OPTIONS,
    KnownQuestion,
    QuestionMaker,
)
from plywise.games.exact_values import EXACT_VALUES
from plywise.search.guide.protocol import Question

_MAX_TRIES = 100_000  # positions for one question


def board_questions(game: str, min_moves: int, max_moves: int) -> QuestionMaker:
    """Return a maker of questions from positions after a random number of random moves."""
    from plywise.games.registry import make_game

    rules = make_game(game)
    truth = EXACT_VALUES[game](rules)

    def make(random: Random, number: int, guide: Question) -> KnownQuestion:
        for _ in range(_MAX_TRIES):
            state = rules.new_initial_state()
            for _ in range(random.randint(min_moves, max_moves)):
                if not state.is_terminal():
                    state.apply_action(random.choice(state.legal_actions()))
            if len(state.legal_actions()) < MIN_OPTIONS:
                continue
            right = _only(truth(state))
            if right is not None and guide is Question.MODEL:
                after = state.clone()
                after.apply_action(right)
                right = None if after.is_terminal() else _only(truth(after))
            if right is not None:
                player = state.current_player()
                return KnownQuestion(number, state, player, frozenset({right}))
        raise RuntimeError(f"{_MAX_TRIES} random positions of {game} have no unique best move")

    return make


def _only(values: Mapping[int, float]) -> int | None:
    """Return the only action with the best result (won, drawn, lost), None if there are several."""
    results = {action: (value > 0) - (value < 0) for action, value in values.items()}
    best = max(results.values())
    found = [action for action, result in results.items() if result == best]
    return found[0] if len(found) == 1 else None
