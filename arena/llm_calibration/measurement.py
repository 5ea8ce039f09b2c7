"""Questions to a language model, asked as a search asks them, and the measurement of its guides."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from rich.console import Console

from plywise.arena.guidance.advised import Consult
from plywise.arena.guidance.language_model import LanguageModel
from plywise.arena.llm_calibration.known import KnownQuestion
from plywise.arena.llm_calibration.questions import questions
from plywise.arena.llm_calibration.reliability import AnsweredQuestion, GuideMeasurement, measure
from plywise.arena.output.files import RecordWriter
from plywise.conf.schemas.llm import LLMCommandConfig
from plywise.conf.schemas.search import AlphaBetaGroup, SimultaneousGroup
from plywise.games.registry import make_game
from plywise.llm_modules.calls.errors import LLMError
from plywise.llm_modules.prompts.prompting import OPTION_LETTERS
from plywise.llm_modules.prompts.scoring import choice_scores
from plywise.search.guide.protocol import Question

_MAX_FAULTS = 5  # consecutive questions without an answer that end the run
_PROGRESS_LINES = 10  # for each group of guides
_MIN_SHARE = 1e-3


def calibrate_guides(
    config: LLMCommandConfig,
    model: LanguageModel,
    game: str,
    guides: Sequence[Question],
    record: RecordWriter,
    console: Console,
) -> dict[str, GuideMeasurement]:
    """Ask all questions of one kind and return the measurement of each guide.

    Raises:
        LLMError: too many consecutive questions have no answer.
    """
    asked = replace(config.llm, guides=[g.value for g in guides], trust=1.0, calibration=None)
    rules = make_game(game)
    # The search matters only to the stand-in in battles.
    search = SimultaneousGroup() if rules.info.simultaneous else AlphaBetaGroup()
    consult = model.consult(asked, rules, search)
    assert consult is not None  # its trust is 1
    answers: dict[str, list[AnsweredQuestion]] = {g.value: [] for g in guides}
    faults = 0
    start = time.monotonic()
    names = " and ".join(answers)
    for done, known in enumerate(islice(questions(game, guides[0], config.seed), config.questions)):
        transcript = _ask(consult, known)
        faults += 1
        for entry in transcript:
            answered = _answered(entry, known.right)
            if answered is None:
                continue
            faults = 0
            answers[entry["question"]].append(answered)
            line = {k: v for k, v in entry.items() if k in _KEPT}
            line |= {"game": game, "number": known.number, "right": sorted(known.right)}
            record.write(line | {"position": known.state.serialize()})
        if faults > _MAX_FAULTS:
            last = transcript[-1] if transcript else {"error": "nothing was asked"}
            reason = last.get("error", "no usable answer")
            raise LLMError(f"{faults} consecutive questions without an answer: {reason}")
        if (done + 1) % max(1, config.questions // _PROGRESS_LINES) == 0:
            spent = time.monotonic() - start
            console.print(f"{game}, {names}: {done + 1} of {config.questions}, {spent:.0f} s")
    return {guide: measure(found) for guide, found in answers.items()}


_KEPT = frozenset("question mode letters left_out logprobs choice seconds prompt_tokens".split())


def _ask(consult: Consult, known: KnownQuestion) -> list[dict[str, Any]]:
    """Return the transcript of a complete consultation."""
    consultation = consult(known.state, known.player, known.number)
    try:
        while not consultation.finished:
            consultation.poll()
            time.sleep(0.005)
    finally:
        consultation.close()
    return consultation.transcript


def _answered(entry: Mapping[str, Any], right: frozenset[int]) -> AnsweredQuestion | None:
    """Return an entry of a transcript as an answered question, None if it is unusable."""
    if "weights" not in entry:
        return None
    actions = list(entry["letters"].values()) if "letters" in entry else list(entry["weights"])
    letters = OPTION_LETTERS[: len(actions)]
    numbers = frozenset(k for k, action in enumerate(actions) if action in right)
    left_out = entry.get("left_out", ())
    missed = len(right.intersection(left_out))
    if not 0 < len(numbers) + missed < len(actions) + len(left_out):
        return None
    if "logprobs" in entry:
        scores = tuple(entry["logprobs"].values())
    elif "choice" in entry:
        scores = choice_scores(entry["choice"], letters)
    elif entry["question"] == Question.EVALUATE.value:  # values or shares of the stand-in
        scores = tuple(entry["weights"].values())
    else:
        scores = tuple(math.log(max(w, _MIN_SHARE)) for w in entry["weights"].values())
    return AnsweredQuestion(scores, numbers, len(left_out), missed)
