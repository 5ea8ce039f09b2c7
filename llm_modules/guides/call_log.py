"""What one decision's questions cost and what became of each: the report and the transcript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plywise.llm_modules.calls.chat import Answer, Call, Request
from plywise.llm_modules.calls.errors import LLMBudgetError
from plywise.search.guide.protocol import GuideReport


def last_error(transcript: Sequence[Mapping[str, Any]]) -> str:
    """Return the error that stands last in a transcript, "" where there is none."""
    return next((entry["error"] for entry in reversed(transcript) if "error" in entry), "")


class Ledger:
    """The account of one decision.

    In the report ``calls`` are requests that were really sent.  ``failed`` counts calls that
    brought nothing usable, and questions that were not sent because the client pauses after
    failures or answers from a record that does not hold them; ``late`` counts questions that were
    given up.

    Attributes:
        transcript: for the decision log, one entry per call: what was asked and answered, which
            letter meant which action, time, tokens and what became of it.
        left: calls that may still be made.
    """

    def __init__(self, model: str, calls: int) -> None:
        self.report = GuideReport()
        self.transcript: list[dict[str, Any]] = []
        self.left = calls
        self._model = model

    def asked(
        self, question: str, mode: str, request: Request, facts: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Take a call off the budget and return its entry."""
        self.left -= 1
        record: dict[str, Any] = {
            "question": question,
            "mode": mode,
            "model": self._model,
            "prompt": [m._asdict() for m in request.messages],
            **facts,
            "status": "asked",
        }
        self.transcript.append(record)
        return record

    def not_asked(self, question: str, why: str = "") -> None:
        """Note a question that was never sent."""
        status = f"not asked: {why}" if why else "not asked"
        self.transcript.append({"question": question, "status": status})

    def answered(self, record: dict[str, Any], call: Call, answer: Answer) -> None:
        """Note a reply, of use or not."""
        if answer.cached:
            self.report.cached += 1
        else:
            self.report.latencies.append(answer.seconds)
        self._spend(record, call)
        record |= {
            "status": "answered",
            "reply": answer.text,
            "seconds": round(answer.seconds, 3),
            "cached": answer.cached,
            "prompt_tokens": answer.prompt_tokens,
            "prefix_tokens": answer.cached_tokens,
            "completion_tokens": answer.completion_tokens,
            "retries": answer.retries,
        }

    def useless(self, record: dict[str, Any], why: str) -> None:
        """Note that a reply is of no use."""
        self.report.failed += 1
        record |= {"status": "failed", "error": why}

    def failed(self, record: dict[str, Any], call: Call, error: Exception) -> None:
        """Note a call that ended in an error, or was not made for lack of a budget."""
        self._spend(record, call)
        if isinstance(error, LLMBudgetError):
            self.report.over_budget += 1
            record |= {"status": "not asked: out of budget", "error": str(error)}
        else:
            self.useless(record, str(error))

    def late(self, record: dict[str, Any], call: Call, seconds: float | None = None) -> None:
        """Note a call that was given up, after so many seconds."""
        self._spend(record, call)
        self.report.late += 1
        record["status"] = "late"
        if seconds is not None:
            record["seconds"] = round(seconds, 3)

    def _spend(self, record: dict[str, Any], call: Call) -> None:
        spent, report = call.spent, self.report
        report.calls += spent.calls
        report.unmetered += spent.unmetered
        report.prompt_tokens += spent.prompt_tokens
        report.completion_tokens += spent.completion_tokens
        report.cost += spent.cost
        if spent.cost:
            record["cost"] = spent.cost
