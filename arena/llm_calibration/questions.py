"""Questions to a model whose answers are known by exact or deep search.

Questions are positions with a clear answer: in board games exactly one move keeps the result that
the game has with perfect play, in battles a deep search is sure (``llm_battle_questions.py``).
Number ``k`` of a seed is the same however many are asked, and no two of its positions are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random

from plywise.games.base import State
from plywise.games.exact_values import TRUTHS
from plywise.search.guide.protocol import Question

_LEAST_OPTIONS = 3
_MOST_REPEATS = 200  # in a row, then there are no more questions
_MOST_TRIES = 100_000  # positions looked at for one question


@dataclass(frozen=True)
class KnownQuestion:
    """One question.

    Attributes:
        number: within its seed.
        state: the position; ``player`` decides there.
        right: the actions that are right answers (of the opponent, where the guide is MODEL).
    """

    number: int
    state: State
    player: int
    right: frozenset[int]


def questions(game: str, guide: Question, seed: int | str) -> Iterator[KnownQuestion]:
    """Yield questions; they end where a game has no more of them.

    Numbers and texts that are no number draw from different sources: the former judge, the latter
    are for examples.
    """
    make = _GAMES[game]()
    # PROPOSE and EVALUATE are asked of the same positions: one right answer serves both.
    kind = "replies" if guide is Question.MODEL else "moves"
    random = Random(f"{seed}/{game}/{kind}")
    seen: set[str] = set()
    repeated = 0
    while repeated < _MOST_REPEATS:
        known = make(random, len(seen), guide)
        what = known.state.observation_string(known.player)
        repeated = repeated + 1 if what in seen else 0
        if not repeated:
            seen.add(what)
            yield known


def _board(game: str, least: int, most: int) -> _Maker:
    """Return who makes questions from positions after ``least`` to ``most`` random moves."""
    from plywise.games.registry import make_game

    rules = make_game(game)
    truth = TRUTHS[game](rules)

    def make(random: Random, number: int, guide: Question) -> KnownQuestion:
        for _ in range(_MOST_TRIES):
            state = rules.new_initial_state()
            for _ in range(random.randint(least, most)):
                if not state.is_terminal():
                    state.apply_action(random.choice(state.legal_actions()))
            if len(state.legal_actions()) < _LEAST_OPTIONS:
                continue
            right = _only(truth(state))
            if right is not None and guide is Question.MODEL:
                after = state.clone()
                after.apply_action(right)
                right = None if after.is_terminal() else _only(truth(after))
            if right is not None:
                player = state.current_player()
                return KnownQuestion(number, state, player, frozenset({right}))
        raise RuntimeError(f"{_MOST_TRIES} random positions of {game} have no only move")

    return make


def _only(values: Mapping[int, float]) -> int | None:
    """Return the one action with the best result (won, drawn, lost), None if there are more."""
    results = {action: (value > 0) - (value < 0) for action, value in values.items()}
    best = max(results.values())
    found = [action for action, result in results.items() if result == best]
    return found[0] if len(found) == 1 else None


def _battles() -> _Maker:
    from plywise.arena.llm_calibration.battle_questions import BattleQuestions

    return BattleQuestions()


_Maker = Callable[[Random, int, Question], KnownQuestion]

_GAMES: dict[str, Callable[[], _Maker]] = {
    "tic_tac_toe": partial(_board, "tic_tac_toe", 1, 6),
    "connect_four": partial(_board, "connect_four", 14, 30),
    "gen9randombattle": _battles,
}

GAMES = tuple(_GAMES)
"""The games that there are questions about."""
