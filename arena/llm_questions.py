"""Questions to a model whose answers are known by exact or deep search.

Questions are positions with a clear answer: in board games exactly one move keeps the result that
the game has with perfect play, in battles a deep search is sure (``llm_battle_questions.py``).
Number ``k`` of a seed is the same however many are asked, and no two of its positions are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, cast

from plywise.games.base import State
from plywise.search.guide import Question

if TYPE_CHECKING:
    from plywise.games.placing import PlacingState

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


Results = Callable[["PlacingState"], dict[int, int]]
"""The result with perfect play after each move, for who moves: 1, 0 or -1."""


def questions(game: str, guide: Question, seed: int) -> Iterator[KnownQuestion]:
    """Yield questions; they end where a game has no more of them."""
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


def _board(game: str, least: int, most: int, results: Results) -> _Maker:
    """Return who makes questions from positions after ``least`` to ``most`` random moves."""
    from plywise.games.registry import make_game

    rules = make_game(game)

    def make(random: Random, number: int, guide: Question) -> KnownQuestion:
        for _ in range(_MOST_TRIES):
            state = cast("PlacingState", rules.new_initial_state())
            for _ in range(random.randint(least, most)):
                if not state.is_terminal():
                    state.apply_action(random.choice(state.legal_actions()))
            if len(state.legal_actions()) < _LEAST_OPTIONS:
                continue
            right = _only(results(state))
            if right is not None and guide is Question.MODEL:
                after = state.clone()
                after.apply_action(right)
                right = None if after.is_terminal() else _only(results(after))
            if right is not None:
                player = state.current_player()
                return KnownQuestion(number, state, player, frozenset({right}))
        raise RuntimeError(f"{_MOST_TRIES} random positions of {game} have no only move")

    return make


def _only(results: dict[int, int]) -> int | None:
    """Return the one action with the best result, None if there are more."""
    best = max(results.values())
    found = [action for action, result in results.items() if result == best]
    return found[0] if len(found) == 1 else None


def _after(state: PlacingState, score: Callable[[tuple[int, ...]], int]) -> dict[int, int]:
    """Return the results after each action, from the score of the position that follows."""
    found = {}
    for action in state.legal_actions():
        child = state.clone()
        child.apply_action(action)
        if child.is_terminal():
            found[action] = int(child.returns()[state.current_player()])
        else:
            value = -score(tuple(child.moves))
            found[action] = (value > 0) - (value < 0)
    return found


def _tic_tac_toe() -> _Maker:
    from plywise.engine.boards import tic_tac_toe_solver as solver

    def score(moves: tuple[int, ...]) -> int:
        return solver.score(solver.position(moves))

    return _board("tic_tac_toe", 1, 6, lambda state: _after(state, score))


def _connect_four() -> _Maker:
    from plywise.engine.boards.connect_four_solver import ConnectFourSolver

    solver = ConnectFourSolver(table_bits=22)

    def score(moves: tuple[int, ...]) -> int:
        return solver.solve([solver.position(moves)], best=False)[0].score

    return _board("connect_four", 14, 30, lambda state: _after(state, score))


def _battles() -> _Maker:
    from plywise.arena.llm_battle_questions import BattleQuestions

    return BattleQuestions()


_Maker = Callable[[Random, int, Question], KnownQuestion]

_GAMES: dict[str, Callable[[], _Maker]] = {
    "tic_tac_toe": _tic_tac_toe,
    "connect_four": _connect_four,
    "gen9randombattle": _battles,
}

GAMES = tuple(_GAMES)
"""The games that there are questions about."""
