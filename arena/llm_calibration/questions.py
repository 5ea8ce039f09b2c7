"""Sequences of questions to a model with answers known from an exact or deep search.

Questions are positions with a clear answer: in board games exactly one move keeps the result of
perfect play, in battles a deep search is clear (``battle_questions.py``).  Question ``k`` of a seed
does not depend on the number of questions, and the positions of a seed are distinct.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from plywise.arena.llm_calibration.battle_questions import BattleQuestions
from plywise.arena.llm_calibration.board_questions import board_questions
from plywise.arena.llm_calibration.known import KnownQuestion, QuestionMaker
from plywise.search.guide.protocol import Question

_MAX_REPEATS = 200  # consecutive repeated positions that end the sequence


def questions(game: str, guide: Question, seed: int | str) -> Iterator[KnownQuestion]:
    """Yield questions until the game has no more of them.

    Integer seeds are for measurements, text seeds for examples; their questions differ.
    """
    make = _MAKERS[game]()
    # PROPOSE and EVALUATE have the same positions and right answers.
    kind = "replies" if guide is Question.MODEL else "moves"
    random = Random(f"{seed}/{game}/{kind}")
    seen: set[str] = set()
    repeated = 0
    while repeated < _MAX_REPEATS:
        known = make(random, len(seen), guide)
        position = known.state.observation_string(known.player)
        repeated = repeated + 1 if position in seen else 0
        if not repeated:
            seen.add(position)
            yield known


_MAKERS: dict[str, Callable[[], QuestionMaker]] = {
    "tic_tac_toe": partial(board_questions, "tic_tac_toe", 1, 6),
    "connect_four": partial(board_questions, "connect_four", 14, 30),
    "gen9randombattle": BattleQuestions,
}
