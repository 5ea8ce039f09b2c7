"""A battle search whose opponent, at the root, plays in part as a followed model predicts."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from plywise.arena.agents.battle_search import BattleAgent
from plywise.arena.agents.spec import Agent
from plywise.arena.guidance.advised import Advised
from plywise.games.gen9.opponents.model import load_opponent_model
from plywise.games.gen9.opponents.session import OpponentSession
from plywise.games.gen9.state import Gen9State, InfoStateView
from plywise.search.guide.protocol import Advice, Consultation, GuideReport, Question

if TYPE_CHECKING:
    from plywise.conf.schemas.search import SimultaneousGroup
    from plywise.engine.kernels import RulesKernels
    from plywise.games.base import State
    from plywise.search.decision import Decision

_WORLDS = 4


class ReadyConsultation(Consultation):
    """A consultation whose answers are there when it is opened."""

    def __init__(self, answers: list[Advice]) -> None:
        self._answers = answers

    @property
    def finished(self) -> bool:
        """Whether no more answers will arrive."""
        return not self._answers

    def poll(self) -> list[Advice]:
        """Return the answers, once."""
        answers, self._answers = self._answers, []
        return answers

    def close(self) -> GuideReport:
        """Return an empty report: nobody was called."""
        return GuideReport()


class FollowingSearch(Agent):
    """The search over sampled worlds, told at each decision what a model expects of the opponent.

    A battle has a model of its own, which follows that opponent's choices; so use
    :meth:`for_one_game`.

    Args:
        trust: probability with which the opponent plays as predicted, at the root.
    """

    def __init__(
        self, name: str, kernels: RulesKernels, config: SimultaneousGroup, trust: float
    ) -> None:
        self.name = name
        self._trust = trust
        self._model = load_opponent_model()
        self._now = threading.local()
        self._search = BattleAgent(name, kernels, config, Advised(self._consult))

    def for_one_game(self) -> Agent:
        """Return the agent of one battle."""
        return _FollowingGame(self, self._search.for_one_game(), OpponentSession(self._model))

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return a decision as the first one of a battle."""
        return self.for_one_game().decide(state, player, seed)

    def decide_with(
        self, search: Agent, session: OpponentSession, state: State, player: int, seed: int
    ) -> Decision:
        """Return the decision of one battle's search, told of its opponent."""
        self._now.session = session
        return search.decide(state, player, seed)

    def _consult(self, state: State, player: int, seed: int) -> Consultation:
        session: OpponentSession = self._now.session
        assert isinstance(state, Gen9State | InfoStateView)
        worlds = state.worlds(player, _WORLDS, seed)
        weights = session.predict(state.information_state(player), worlds)
        answer = Advice(Question.MODEL, weights, self._trust, "followed")
        return ReadyConsultation([answer] if weights else [])

    def close(self) -> None:
        """Close the search."""
        self._search.close()


class _FollowingGame(Agent):
    def __init__(self, owner: FollowingSearch, search: Agent, session: OpponentSession) -> None:
        self.name = owner.name
        self._owner, self._search, self._session = owner, search, session

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the decision."""
        return self._owner.decide_with(self._search, self._session, state, player, seed)
