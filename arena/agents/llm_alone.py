"""The language model as a player by itself."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING

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
    from plywise.llm_modules.players.methods import MethodConfig
    from plywise.llm_modules.prompts.examples import ExampleStore

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
