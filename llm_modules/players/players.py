"""A language model that plays by itself: it picks one of the options it is shown."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import asdict, replace
from random import Random
from typing import Any

from plywise.games.base import Briefing
from plywise.llm_modules.calls.chat import ChatClient
from plywise.llm_modules.guides.call_log import Ledger, last_error
from plywise.llm_modules.guides.dialogue import Dialogue
from plywise.llm_modules.guides.format_fallback import WRITING, Ladder
from plywise.llm_modules.guides.guides import GuideConfig, LLMConsultant
from plywise.llm_modules.players.memory import Memory
from plywise.llm_modules.players.methods import METHODS, Desk, MethodConfig, Verdict
from plywise.llm_modules.prompts.examples import ExampleBook
from plywise.search.guide.protocol import Advice, GuideReport, Question

log = logging.getLogger("plywise.llm")


class LLMPlayer:
    """Chooses an option as the model says; no search.

    Where the model brings no answer in time the player takes a random legal action, says so in the
    log and in the decision's facts, and counts it in ``fallbacks``.

    Args:
        client: who answers.
        config: the limits of prompts and calls; which guides it names does not matter.
        method: how the model is asked, see ``methods.py``.
        book: of the game, where ``config.examples`` are shown.
    """

    def __init__(
        self,
        client: ChatClient,
        config: GuideConfig | None = None,
        method: MethodConfig | None = None,
        book: ExampleBook | None = None,
    ) -> None:
        only_proposer = replace(config or GuideConfig(), guides=("propose",))
        self.method = method or MethodConfig()
        self._consultant = LLMConsultant(client, only_proposer, book=book)
        self._ladder = Ladder(WRITING)
        self.decisions = 0
        self.fallbacks = 0
        self._lock = threading.Lock()  # several games may share one player

    def choose(
        self,
        briefing: Briefing,
        seed: int,
        timeout: float,
        memory: Memory | None = None,
        estimate: float | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Return a legal action and, for the decision log, how it came about.

        Args:
            briefing: the decision; ``briefing.own`` must not be empty.
            seed: shuffles the letters, samples, and decides a fallback.
            timeout: seconds after which the model is no longer waited for.
            memory: of this game; the decision is added to it.
            estimate: what the engine thinks of the position for the player, for the memory.
        """
        if not briefing.own:
            raise ValueError("there is nothing to choose from: the briefing has no options")
        self._count(decisions=1)
        if len(briefing.own) == 1:
            return briefing.own[0].action, {"chosen_by": "only option"}
        feedback = memory.feedback(briefing.situation, estimate) if memory is not None else ""
        deadline = time.monotonic() + timeout
        if self.method.name in METHODS:
            verdict, ledger = self._by_method(briefing, seed, deadline, feedback)
            report, transcript = ledger.report, ledger.transcript
        else:
            verdict, report, transcript = self._by_scores(briefing, seed, deadline)
        facts: dict[str, Any] = {
            "method": self.method.name,
            "guide": asdict(report),
            "transcript": transcript,
        }
        if verdict is None:
            self._count(fallbacks=1)
            action = Random(seed).choice(briefing.own).action
            why = last_error(transcript) or f"no answer within {timeout:g} s"
            log.warning("the model brought no move (%s); a random legal one is played", why)
            facts |= {"chosen_by": "random fallback", "why": why}
        else:
            action = verdict.action
            facts |= {"chosen_by": "model"} | verdict.facts()
        if memory is not None:
            option = next(o for o in briefing.own if o.action == action)
            memory.keep(briefing.situation, option, estimate)
        return action, facts

    def _by_method(
        self, briefing: Briefing, seed: int, deadline: float, feedback: str
    ) -> tuple[Verdict | None, Ledger]:
        consultant = self._consultant
        calls = consultant.config.max_calls
        dialogue = Dialogue(consultant.client, self._ladder, calls, deadline)
        desk = Desk(
            dialogue,
            consultant.prompts,
            briefing,
            consultant.config.limits,
            self.method,
            seed,
            feedback,
            consultant.examples(Question.PROPOSE, briefing),
        )
        return METHODS[self.method.name](desk), dialogue.ledger

    def _by_scores(
        self, briefing: Briefing, seed: int, deadline: float
    ) -> tuple[Verdict | None, GuideReport, list[dict[str, Any]]]:
        consultation = self._consultant.consult(briefing, seed)
        advice: list[Advice] = []
        while not advice and not consultation.finished and time.monotonic() < deadline:
            consultation.wait(deadline - time.monotonic())
            advice = consultation.poll()
        report = consultation.close()
        verdict = None
        if advice:
            weights = advice[0].weights
            verdict = Verdict(max(weights, key=lambda a: weights[a]))
        return verdict, report, consultation.transcript

    def _count(self, decisions: int = 0, fallbacks: int = 0) -> None:
        with self._lock:
            self.decisions += decisions
            self.fallbacks += fallbacks
