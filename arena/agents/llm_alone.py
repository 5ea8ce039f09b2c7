"""The language model as a player by itself."""

from __future__ import annotations

import copy
import time
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

from plywise.arena.agents.clocked import ClockedAgent, TimedAgent
from plywise.llm_modules.players.memory import Memory
from plywise.llm_modules.players.players import LLMPlayer
from plywise.search.decision import Decision
from plywise.search.guide.protocol import GuideReport
from plywise.search.one_step import static_value
from plywise.search.time_management import LEAST_SECONDS

if TYPE_CHECKING:
    from plywise.arena.guidance.language_model import LanguageModel
    from plywise.engine.kernels import RulesKernels
    from plywise.games.base import State
    from plywise.llm_modules.guides.stand_in import StandIn
    from plywise.llm_modules.players.methods import MethodConfig
    from plywise.llm_modules.prompts.examples import ExampleStore

VOTING = ("sc", "pokellmon")
"""Methods by which several answers of a stand-in vote."""

_ESTIMATED = 8  # worlds over which an estimate is averaged


class LLMAgent(TimedAgent):
    """The language model alone; without an answer in time a random legal action.

    Such a decision has the reason in ``notes["fallback"]``.  The time limit is ``llm.timeout``, or
    the agent's own ``seconds``.

    Args:
        kernels: the game's compiled rules, for the estimates in its memory; None: no estimates.
        example_store: solved positions shown to the model; None: none.
    """

    def __init__(
        self,
        name: str,
        model: LanguageModel,
        method: MethodConfig,
        seconds: float | None,
        kernels: RulesKernels | None,
        example_store: ExampleStore | None = None,
    ) -> None:
        self._timeout = model.asked.timeout if seconds is None else seconds
        super().__init__(name, self._timeout)
        self._player = LLMPlayer(model.client(), model.guide_config(), method, example_store)
        self._kernels = kernels
        self._memory: Memory | None = None

    def for_one_game(self) -> ClockedAgent:
        """Return the player with a clock for one game, and a memory where its method has one."""
        mine = copy.copy(self)
        if self._player.method.remembers:
            mine._memory = Memory()
        return ClockedAgent(mine)

    def decide_within(
        self, state: State, player: int, seed: int, allowed: float | None
    ) -> Decision:
        """Return the model's choice."""
        start = time.perf_counter()
        timeout = self._timeout if allowed is None else max(LEAST_SECONDS, allowed)
        worth = None
        if self._memory is not None and self._kernels is not None:
            worlds = state.worlds(player, _ESTIMATED, seed)
            worth = static_value(self._kernels, worlds, player)
        briefing = state.briefing(player)
        action, facts = self._player.choose(briefing, seed, timeout, self._memory, worth)
        notes = dict(facts)
        if "guide" in notes:
            notes["guide"] = GuideReport(**notes["guide"])
            notes["guide"].used = int(facts["chosen_by"] == "model")
        if "why" in notes:
            notes["fallback"] = notes["why"]
        legal = state.legal_actions(player)
        return Decision(
            action=action,
            strategy={a: float(a == action) for a in legal},
            values=facts.get("rated", {}),
            value=facts.get("rated", {}).get(action, 0.0),
            seconds=time.perf_counter() - start,
            notes=notes,
        )


class StandInPlayer(TimedAgent):
    """The stand-in for a language model alone (``llm=stand_in``): its likeliest proposal.

    By a method of :data:`VOTING` several answers vote, of equals the one named first; of the
    methods nothing else applies to it.  Without an answer, or if it comes too late, a random legal
    action is played, with the reason in ``notes["fallback"]``.

    Args:
        stand_in: asked for the player's action.
        method: the method and its number of samples.
        seconds: time for a decision; None: any.
    """

    def __init__(
        self, name: str, stand_in: StandIn, method: MethodConfig, seconds: float | None
    ) -> None:
        super().__init__(name, seconds)
        self._stand_in = stand_in
        self._method = method

    def decide_within(
        self, state: State, player: int, seed: int, allowed: float | None
    ) -> Decision:
        """Return the stand-in's choice."""
        start = time.perf_counter()
        legal = state.legal_actions(player)
        if len(legal) == 1:
            return Decision.forced(legal[0])
        rng, report = Random(seed), GuideReport()
        notes: dict[str, Any] = {"method": self._method.name, "guide": report, "transcript": []}
        late = allowed is not None and self._stand_in.delay > allowed
        time.sleep(min(self._stand_in.delay, allowed or self._stand_in.delay))
        named: Counter[int] = Counter()
        for _ in range(self._method.samples if self._method.name in VOTING else 1):
            asked = self._stand_in.consult(state, player, rng.getrandbits(31))
            answers = asked.answers()
            notes["transcript"] += asked.transcript
            report.calls += len(answers)
            if late:
                report.late += len(answers)
                continue
            for answer in answers:
                named[max(answer.weights, key=answer.weights.__getitem__)] += 1
        if named:
            action, _ = named.most_common(1)[0]
            report.used = 1
        else:
            action = rng.choice(legal)
            notes["fallback"] = "no answer from the stand-in in time"
        return Decision(
            action=action,
            strategy={a: named[a] / max(1, named.total()) for a in legal},
            seconds=time.perf_counter() - start,
            notes=notes,
        )
