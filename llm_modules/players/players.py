"""Player that chooses an option as a language model says, without a search."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, replace
from random import Random
from typing import Any

from plywise.games.base import Briefing
from plywise.llm_modules.calls.chat import ChatClient
from plywise.llm_modules.guides.call_log import last_error
from plywise.llm_modules.guides.dialogue import Dialogue
from plywise.llm_modules.guides.format_fallback import WRITING, EndpointMode
from plywise.llm_modules.guides.guides import GuideConfig, LLMConsultant
from plywise.llm_modules.players.memory import Memory
from plywise.llm_modules.players.methods import METHODS, MethodChoice, MethodConfig, QuestionContext
from plywise.llm_modules.prompts.examples import ExampleStore
from plywise.search.guide.protocol import Advice, GuideReport, Question

log = logging.getLogger("plywise.llm")

_Chosen = tuple[MethodChoice | None, GuideReport, list[dict[str, Any]]]  # with its transcript


class LLMPlayer:
    """Player that chooses an option as a language model says; may be shared by games.

    Without an answer in time the player takes a random legal action; this is logged and recorded in
    the decision's facts.

    Args:
        config: limits of prompts and calls; its guides are ignored.
        method: settings of the method, see ``methods.py``.
        example_store: solved examples of the game; None: no examples are shown.
    """

    def __init__(
        self,
        client: ChatClient,
        config: GuideConfig | None = None,
        method: MethodConfig | None = None,
        example_store: ExampleStore | None = None,
    ) -> None:
        only_proposer = replace(config or GuideConfig(), guides=("propose",))
        self.method = method or MethodConfig()
        self._consultant = LLMConsultant(client, only_proposer, example_store=example_store)
        self._endpoint_mode = EndpointMode(WRITING)

    def choose(
        self,
        briefing: Briefing,
        seed: int,
        timeout: float,
        memory: Memory | None = None,
        estimate: float | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Return a legal action and its facts for the decision log.

        Args:
            briefing: description of the decision; ``briefing.own`` must not be empty.
            seed: seed of letters, sampling and random actions.
            timeout: seconds for the model.
            memory: memory of this game, to which the decision is added; None: none.
            estimate: engine's value of the position for the player, in [-1, 1], for the memory;
                None: unknown.
        """
        if not briefing.own:
            raise ValueError("the briefing has no options")
        if len(briefing.own) == 1:
            return briefing.own[0].action, {"chosen_by": "only option"}
        feedback = memory.feedback(briefing.situation, estimate) if memory is not None else ""
        deadline = time.monotonic() + timeout
        if self.method.name in METHODS:
            choice, report, transcript = self._by_method(briefing, seed, deadline, feedback)
        else:
            choice, report, transcript = self._by_scores(briefing, seed, deadline)
        facts: dict[str, Any] = {
            "method": self.method.name,
            "guide": asdict(report),
            "transcript": transcript,
        }
        if choice is None:
            action = Random(seed).choice(briefing.own).action
            reason = last_error(transcript) or f"no answer within {timeout:g} s"
            log.warning("no move from the model (%s); a random legal one is played", reason)
            facts |= {"chosen_by": "random fallback", "why": reason}
        else:
            action = choice.action
            facts |= {"chosen_by": "model"} | choice.facts()
        if memory is not None:
            option = next(o for o in briefing.own if o.action == action)
            memory.add(briefing.situation, option, estimate)
        return action, facts

    def _by_method(self, briefing: Briefing, seed: int, deadline: float, feedback: str) -> _Chosen:
        consultant = self._consultant
        calls = consultant.config.max_calls
        dialogue = Dialogue(consultant.client, self._endpoint_mode, calls, deadline)
        context = QuestionContext(
            dialogue=dialogue,
            prompts=consultant.prompts,
            briefing=briefing,
            limits=consultant.config.limits,
            config=self.method,
            seed=seed,
            feedback=feedback,
            examples=consultant.examples(Question.PROPOSE, briefing),
        )
        choice = METHODS[self.method.name](context)
        return choice, dialogue.call_log.report, dialogue.call_log.transcript

    def _by_scores(self, briefing: Briefing, seed: int, deadline: float) -> _Chosen:
        consultation = self._consultant.consult(briefing, seed)
        advice: list[Advice] = []
        while not advice and not consultation.finished and time.monotonic() < deadline:
            consultation.wait(deadline - time.monotonic())
            advice = consultation.poll()
        report = consultation.close()
        choice = None
        if advice:
            weights = advice[0].weights
            choice = MethodChoice(max(weights, key=lambda a: weights[a]))
        return choice, report, consultation.transcript
