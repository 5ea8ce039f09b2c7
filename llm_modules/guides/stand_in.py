"""A stand-in for a language model of known skill, to see what good advice is worth.

Each question is answered rightly with probability ``skill``.  Otherwise the right answer's numbers
are dealt to the options at random: a wrong answer looks like a right one and says nothing, and at
skill 0 it is right by chance.  The same seed gives the same answers.  What is right it is told by
an :class:`Oracle`, whose thinking costs the advised player none of its time (``uncounted``): a
model that needs time to answer is played by ``delay``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from random import Random
from typing import Any, Protocol

from plywise.games.base import State
from plywise.llm_modules.guides.guides import DEFAULT_TRUST, ORDER, GuideConfig
from plywise.search.guide.protocol import Advice, Consultation, GuideReport, Question


class Oracle(Protocol):
    """Whoever knows what is right."""

    def truth(
        self, state: State, player: int, question: Question, seed: int
    ) -> Mapping[int, float]:
        """Return the right answer as the ``weights`` of an ``Advice``.

        All that may be named has an entry; {} where nothing can be said.
        """


class StandIn:
    """Advises as :class:`~plywise.llm_modules.guides.guides.LLMConsultant` does.

    Args:
        oracle: what is right.
        config: which questions are answered, and the trust in them.
        skill: probability of an answer that is right on purpose.
        seed: of the answers, with each decision's own.
        delay: seconds until a decision's answers arrive.
    """

    def __init__(
        self,
        oracle: Oracle,
        config: GuideConfig,
        skill: float,
        seed: int = 0,
        delay: float = 0.0,
    ) -> None:
        self._oracle = oracle
        self._config = config
        self._skill = skill
        self._seed = seed
        self._delay = delay

    def consult(self, state: State, player: int, seed: int) -> StandInConsultation:
        """Return a consultation that has all its answers."""
        start = time.perf_counter()
        answers: list[Advice] = []
        transcript: list[dict[str, Any]] = []
        for question in ORDER:
            trust = self._config.trust.get(question.value, DEFAULT_TRUST)
            if question.value not in self._config.guides or trust == 0.0:
                continue
            random = Random(f"{self._seed}/{seed}/{question.value}")
            truth = self._oracle.truth(state, player, question, random.getrandbits(63))
            if len(truth) < 2:  # nothing to choose from
                continue
            right = random.random() < self._skill
            numbers = list(truth.values())
            if not right:
                random.shuffle(numbers)
            weights = dict(zip(truth, numbers, strict=True))
            answers.append(Advice(question, weights, trust, source="stand-in", seconds=self._delay))
            transcript.append(
                {
                    "question": question.value,
                    "status": "answered",
                    "on_purpose": right,
                    "weights": weights,
                }
            )
        return StandInConsultation(answers, transcript, self._delay, start)


class StandInConsultation(Consultation):
    """Answers that are known from the start and arrive together (``search.guide.Consultation``).

    Attributes:
        uncounted: seconds that the oracle thought, which are nobody's time.
    """

    def __init__(
        self,
        answers: list[Advice],
        transcript: list[dict[str, Any]],
        delay: float = 0.0,
        start: float | None = None,
    ) -> None:
        now = time.perf_counter()
        self._transcript = transcript
        self.uncounted = 0.0 if start is None else now - start
        self._answers = answers
        self._due = now + delay
        self._report = GuideReport(calls=len(answers))

    @property
    def transcript(self) -> list[dict[str, Any]]:
        """One mapping per question."""
        return self._transcript

    @property
    def finished(self) -> bool:
        """Whether all answers were taken."""
        return not self._answers

    def poll(self) -> list[Advice]:
        """Return the answers, the first time after they arrived."""
        if time.perf_counter() < self._due:
            return []
        answers, self._answers = self._answers, []
        self._report.latencies += [advice.seconds for advice in answers]
        return answers

    def close(self) -> GuideReport:
        """Return how many answers there were; those that nobody waited for were late."""
        self._report.late = len(self._answers)
        for told in self._transcript[: self._report.late]:
            told["status"] = "late"
        return self._report
