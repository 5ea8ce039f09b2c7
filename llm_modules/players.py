"""A language model that plays by itself: it picks one of the options it is shown."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import asdict, replace
from random import Random
from typing import Any

from plywise.games.base import Briefing
from plywise.llm_modules.client import LLMClient
from plywise.llm_modules.guides import GuideConfig, LLMConsultant
from plywise.search.guide import Advice

log = logging.getLogger("plywise.llm")


class LLMPlayer:
    """Chooses the option that the model scores highest; no search.

    Where the model brings no answer in time the player takes a random legal action, says so in the
    log and in the decision's facts, and counts it in ``fallbacks``.

    Args:
        client: who answers.
        config: the limits of prompts and calls; which guides it names does not matter.
    """

    def __init__(self, client: LLMClient, config: GuideConfig | None = None) -> None:
        only_proposer = replace(config or GuideConfig(), guides=("propose",))
        self._consultant = LLMConsultant(client, only_proposer)
        self.decisions = 0
        self.fallbacks = 0
        self._lock = threading.Lock()  # several games may share one player

    def choose(self, briefing: Briefing, seed: int, timeout: float) -> tuple[int, dict[str, Any]]:
        """Return a legal action and, for the decision log, how it came about.

        Args:
            briefing: the decision; ``briefing.own`` must not be empty.
            seed: shuffles the letters and decides a fallback.
            timeout: seconds after which the model is no longer waited for.
        """
        if not briefing.own:
            raise ValueError("there is nothing to choose from: the briefing has no options")
        self._count(decisions=1)
        if len(briefing.own) == 1:
            return briefing.own[0].action, {"chosen_by": "only option"}
        deadline = time.monotonic() + timeout
        consultation = self._consultant.consult(briefing, seed)
        advice: list[Advice] = []
        while not advice and not consultation.finished and time.monotonic() < deadline:
            consultation.wait(deadline - time.monotonic())
            advice = consultation.poll()
        report = consultation.close()
        facts: dict[str, Any] = {"guide": asdict(report), "transcript": consultation.transcript}
        if advice:
            weights = advice[0].weights
            action = max(weights, key=lambda a: weights[a])
            return action, facts | {"chosen_by": "model"}
        self._count(fallbacks=1)
        action = Random(seed).choice(briefing.own).action
        last = consultation.transcript[-1] if consultation.transcript else {}
        why = last.get("error") or f"no answer within {timeout:g} s"
        log.warning("the model brought no move (%s); a random legal one is played", why)
        return action, facts | {"chosen_by": "random fallback", "why": why}

    def _count(self, decisions: int = 0, fallbacks: int = 0) -> None:
        with self._lock:
            self.decisions += decisions
            self.fallbacks += fallbacks
