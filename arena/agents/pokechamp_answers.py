"""Answers to PokéChamp's questions: a language model's, or those of its stand-in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from plywise.llm_modules.players.methods import QuestionContext
from plywise.llm_modules.players.pokechamp import (
    Sampled,
    calls_for_values,
    sample_actions,
    value_positions,
)
from plywise.search.guide.protocol import GuideReport, Question

if TYPE_CHECKING:
    from plywise.games.base import State
    from plywise.llm_modules.guides.stand_in import StandIn


class Answers(ABC):
    """Answers within one decision of one player."""

    @property
    @abstractmethod
    def report(self) -> GuideReport:
        """What was asked so far, and its cost."""

    @property
    @abstractmethod
    def transcript(self) -> list[dict[str, Any]]:
        """One mapping per question."""

    @abstractmethod
    def can_ask(self, leaves: int) -> bool:
        """Return whether a node may be asked about, if so many leaves are to be valued later."""

    @abstractmethod
    def actions(self, state: State) -> Sampled:
        """Return likely actions of both players in a state."""

    @abstractmethod
    def values(self, positions: Sequence[State], texts: Sequence[str]) -> list[float] | None:
        """Return the values of positions, described by ``texts``, for the player; None: none."""


class ModelAnswers(Answers):
    """Answers of a language model.

    Args:
        context: the questions of the decision, with its budget and clock.
        root: the state of the decision, of which ``context`` has the briefing.
        player: who decides.
    """

    def __init__(self, context: QuestionContext, root: State, player: int) -> None:
        self._context = context
        self._root = root
        self._player = player

    @property
    def report(self) -> GuideReport:
        """The report of the calls."""
        return self._context.dialogue.call_log.report

    @property
    def transcript(self) -> list[dict[str, Any]]:
        """The calls."""
        return self._context.dialogue.call_log.transcript

    def can_ask(self, leaves: int) -> bool:
        """Return whether two calls leave enough for the leaves."""
        return self._context.dialogue.call_log.left - 2 >= calls_for_values(leaves)

    def actions(self, state: State) -> Sampled:
        """Return the actions that the model names."""
        at_root = state is self._root
        briefing = self._context.briefing if at_root else state.briefing(self._player)
        return sample_actions(self._context, briefing)

    def values(self, positions: Sequence[State], texts: Sequence[str]) -> list[float] | None:
        """Return the model's values; None unless it rates every position."""
        return value_positions(self._context, texts)


class StandInAnswers(Answers):
    """Answers of a stand-in of known skill (``llm=stand_in``).

    Args:
        stand_in: asked about actions of both players.
        player: who decides.
        width: most actions that it names for each player.
        seed: seed of its answers.
    """

    def __init__(self, stand_in: StandIn, player: int, width: int, seed: int) -> None:
        self._stand_in = stand_in
        self._player = player
        self._width = width
        self._rng = Random(seed)
        self._report = GuideReport()
        self._transcript: list[dict[str, Any]] = []

    @property
    def report(self) -> GuideReport:
        """The number of its answers."""
        return self._report

    @property
    def transcript(self) -> list[dict[str, Any]]:
        """Its answers."""
        return self._transcript

    def can_ask(self, leaves: int) -> bool:
        """Return True: its answers cost nothing."""
        return True

    def actions(self, state: State) -> Sampled:
        """Return the actions of which it thinks most, only those that it would play at all."""
        if not state.legal_actions(self._player):
            return Sampled()
        consultation = self._stand_in.consult(state, self._player, self._rng.getrandbits(31))
        found = {
            advice.question: self._likeliest(advice.weights) for advice in consultation.answers()
        }
        self._transcript += consultation.transcript
        self._report.calls += consultation.close().calls
        return Sampled(found.get(Question.PROPOSE, ()), found.get(Question.MODEL, ()))

    def values(self, positions: Sequence[State], texts: Sequence[str]) -> list[float]:
        """Return the oracle's values."""
        self._report.calls += 1
        return self._stand_in.values(positions, self._player, self._rng.getrandbits(31))

    def _likeliest(self, weights: Any) -> tuple[int, ...]:
        ranked = sorted(weights, key=lambda action: -weights[action])
        return tuple(action for action in ranked if weights[action] > 0)[: self._width]
