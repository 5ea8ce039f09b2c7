"""A stand-in for a language model of known skill, to see what good advice is worth.

Each question is answered rightly with probability ``skill``, else with any option at random, so at
skill 0 it is right by chance.  It answers like a model that names one letter and reports no
probabilities (``scoring.choice_scores``), at once, and the same for the same seed.  What is right
it is told by whoever makes it: a function that knows the best actions of a position.

PROPOSE and EVALUATE: one of the best actions.  MODEL: one of the opponent's best replies after a
best action.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from random import Random
from typing import Any

from plywise.games.base import State
from plywise.llm_modules.guides import DEFAULT_TRUST, ORDER, GuideConfig
from plywise.llm_modules.prompting import LETTERS
from plywise.llm_modules.scoring import choice_scores, to_values, to_weights
from plywise.search.guide import Advice, GuideReport, Question

Knowledge = Callable[[State], Collection[int]]
"""The best actions of the player to move in a position of a turn-based game."""


class StandIn:
    """Advises as :class:`~plywise.llm_modules.guides.LLMConsultant` does.

    Args:
        best: what is right; for games with at most 26 actions.
        config: which questions are answered, and the trust in them.
        skill: probability of an answer that is right on purpose.
        seed: of the answers, with each decision's own.
    """

    def __init__(self, best: Knowledge, config: GuideConfig, skill: float, seed: int = 0) -> None:
        self._best = best
        self._config = config
        self._skill = skill
        self._seed = seed

    def consult(self, state: State, player: int, seed: int) -> StandInConsultation:
        """Return a consultation that has all its answers."""
        briefing = state.briefing(player)
        answers: list[Advice] = []
        transcript: list[dict[str, Any]] = []
        for question in ORDER:
            options = briefing.opponent if question is Question.MODEL else briefing.own
            if question.value not in self._config.guides or len(options) < 2:
                continue
            random = Random(f"{self._seed}/{seed}/{question.value}")
            actions = [option.action for option in options]
            right = random.random() < self._skill
            known = self._right(state, question, random) if right else actions
            if not known:  # no reply: the game ends here
                continue
            chosen = random.choice(sorted(known))
            letters = LETTERS[: len(actions)]
            scores = choice_scores(letters[actions.index(chosen)], letters)
            numbers = to_values(scores) if question is Question.EVALUATE else to_weights(scores)
            weights = dict(zip(actions, numbers, strict=True))
            trust = self._config.trust.get(question.value, DEFAULT_TRUST)
            answers.append(Advice(question, weights, trust, source="stand-in"))
            transcript.append(
                {
                    "question": question.value,
                    "status": "answered",
                    "on_purpose": right,
                    "choice": chosen,
                    "weights": weights,
                }
            )
        return StandInConsultation(answers, transcript)

    def _right(self, state: State, question: Question, random: Random) -> Collection[int]:
        best = self._best(state)
        if question is not Question.MODEL:
            return best
        after = state.clone()
        after.apply_action(random.choice(sorted(best)))
        return () if after.is_terminal() else self._best(after)


class StandInConsultation:
    """Answers that are there from the start (``search.guide.Consultation``)."""

    def __init__(self, answers: list[Advice], transcript: list[dict[str, Any]]) -> None:
        self.transcript = transcript
        self._answers = answers
        self._report = GuideReport(calls=len(answers))

    @property
    def finished(self) -> bool:
        """Whether all answers were taken."""
        return not self._answers

    def poll(self) -> list[Advice]:
        """Return the answers, the first time."""
        answers, self._answers = self._answers, []
        return answers

    def close(self) -> GuideReport:
        """Return how many answers there were."""
        return self._report
