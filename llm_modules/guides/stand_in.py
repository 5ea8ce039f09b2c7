"""Stand-in for a language model, with a known skill, to measure the effect of good advice.

Each question is answered correctly with probability ``skill``.  Otherwise the correct answer's
numbers are shuffled among the options: a wrong answer looks like a correct one, and at skill 0 the
answers are correct by chance.  Equal seeds give equal answers.  The correct answers come from an
:class:`Oracle`, whose computing time does not count for the advised player (``uncounted``);
``delay`` simulates the time of a model.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from plywise.games.base import State
from plywise.llm_modules.guides.guides import DEFAULT_TRUST, ORDER, GuideConfig
from plywise.search.guide.protocol import Advice, Consultation, GuideReport, Question


class Oracle(Protocol):
    """Source of correct answers."""

    def truth(
        self, state: State, player: int, question: Question, seed: int
    ) -> Mapping[int, float]:
        """Return the correct answer as ``weights`` of an ``Advice``.

        Every option has an entry; {}: there is no answer.
        """

    def value(self, state: State, player: int) -> float:
        """Return the value of a position for ``player``, in [-1, 1]."""


@dataclass(frozen=True)
class StandIn:
    """Source of advice in place of :class:`~plywise.llm_modules.guides.guides.LLMConsultant`.

    Attributes:
        oracle: source of correct answers.
        config: settings of the guides.
        skill: probability of an answer that is correct on purpose.
        seed: seed of the answers, combined with that of each decision.
        delay: seconds until the answers for a decision arrive.
    """

    oracle: Oracle
    config: GuideConfig
    skill: float
    seed: int = 0
    delay: float = 0.0

    def consult(self, state: State, player: int, seed: int) -> StandInConsultation:
        """Return a consultation with all its answers."""
        start = time.perf_counter()
        answers: list[Advice] = []
        transcript: list[dict[str, Any]] = []
        for question in ORDER:
            trust = self.config.trust.get(question.value, DEFAULT_TRUST)
            if question.value not in self.config.guides or trust == 0.0:
                continue
            random = Random(f"{self.seed}/{seed}/{question.value}")
            truth = self.oracle.truth(state, player, question, random.getrandbits(63))
            if len(truth) < 2:  # no choice
                continue
            right = random.random() < self.skill
            numbers = list(truth.values())
            if not right:
                random.shuffle(numbers)
            weights = dict(zip(truth, numbers, strict=True))
            answers.append(Advice(question, weights, trust, source="stand-in", seconds=self.delay))
            transcript.append(
                {
                    "question": question.value,
                    "status": "answered",
                    "on_purpose": right,
                    "weights": weights,
                }
            )
        return StandInConsultation(answers, transcript, self.delay, start)

    def values(self, positions: Sequence[State], player: int, seed: int) -> list[float]:
        """Return the values of positions for ``player``, as one answer: all right, or shuffled."""
        random = Random(f"{self.seed}/{seed}/positions")
        right = random.random() < self.skill
        values = [self.oracle.value(position, player) for position in positions]
        if not right:
            random.shuffle(values)
        return values


class StandInConsultation(Consultation):
    """Consultation whose answers arrive together after a delay (``search.guide.Consultation``).

    Attributes:
        uncounted: seconds of the oracle, which do not count for the player.
    """

    def __init__(
        self,
        answers: list[Advice],
        transcript: list[dict[str, Any]],
        delay: float,
        start: float,
    ) -> None:
        now = time.perf_counter()
        self._transcript = transcript
        self.uncounted = now - start
        self._answers = answers
        self._due = now + delay
        self._report = GuideReport(calls=len(answers))

    def answers(self) -> list[Advice]:
        """Return all answers at once, before their delay is over."""
        answers, self._answers = self._answers, []
        return answers

    @property
    def transcript(self) -> list[dict[str, Any]]:
        """One mapping per question."""
        return self._transcript

    @property
    def finished(self) -> bool:
        """Whether all answers were polled."""
        return not self._answers

    def poll(self) -> list[Advice]:
        """Return the answers once they have arrived, then []."""
        if time.perf_counter() < self._due:
            return []
        answers, self._answers = self._answers, []
        self._report.latencies += [advice.seconds for advice in answers]
        return answers

    def close(self) -> GuideReport:
        """Return the number of answers; those that were not polled count as late."""
        self._report.late = len(self._answers)
        for entry in self._transcript[: self._report.late]:
            entry["status"] = "late"
        return self._report
