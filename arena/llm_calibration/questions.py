"""Questions to a model whose answers are known by exact or deep search.

Questions are positions with a clear answer: in board games exactly one move keeps the result that
the game has with perfect play, in battles a deep search is sure (``llm_battle_questions.py``).
Number ``k`` of a seed is the same however many are asked, and no two of its positions are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from plywise.arena.llm_calibration.battle_questions import BattleQuestions
from plywise.arena.llm_calibration.board_questions import board_questions
from plywise.arena.llm_calibration.known import KnownQuestion, QuestionMaker
from plywise.search.guide.protocol import Question

_MOST_REPEATS = 200  # in a row, then there are no more questions


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


_GAMES: dict[str, Callable[[], QuestionMaker]] = {
    "tic_tac_toe": partial(board_questions, "tic_tac_toe", 1, 6),
    "connect_four": partial(board_questions, "connect_four", 14, 30),
    "gen9randombattle": BattleQuestions,
}

GAMES = tuple(_GAMES)
"""The games that there are questions about."""
