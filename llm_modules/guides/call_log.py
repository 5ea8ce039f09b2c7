"""Log of the calls for one decision: the cost report and the transcript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any

from plywise.datasets.sums import add_fields
from plywise.llm_modules.calls.chat import Answer, Call, Request
from plywise.llm_modules.calls.errors import LLMBudgetError, LLMError, LLMRequestError
from plywise.search.guide.protocol import GuideReport


def last_error(transcript: Sequence[Mapping[str, Any]]) -> str:
    """Return the last error in a transcript, "" if there is none."""
    return next((entry["error"] for entry in reversed(transcript) if "error" in entry), "")


class CallLog:
    """Log of the calls for one decision.

    Attributes:
        report: costs and results.  ``calls`` are requests that were sent; ``failed`` counts calls
            without a usable answer, and questions not sent because the client pauses or its record
            does not have them; ``late`` counts cancelled questions.
        transcript: one entry per call for the decision log: prompt, reply, action of each letter,
            time, tokens and result.
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
        """Record a call that is made now, and return its entry in the transcript."""
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

    def not_asked(self, question: str, reason: str = "") -> None:
        """Record a question that is not sent."""
        status = f"not asked: {reason}" if reason else "not asked"
        self.transcript.append({"question": question, "status": status})

    def ended(self, record: dict[str, Any], call: Call) -> tuple[Answer | None, str]:
        """Record the end of a call and return its answer, usable or not.

        Without an answer the text is the reason to ask the question in a lower mode; "": do not.
        """
        with suppress(CancelledError, LLMError):
            call.future.result()  # if the call ends at this moment, its cost is not final before
        add_fields(self.report, call.spent, without=("requests", "cached_tokens", "seconds"))
        if call.spent.cost:
            record["cost"] = call.spent.cost
        try:
            answer = call.future.result()
        except CancelledError:
            self.report.late += 1
            record["status"] = "late"
            return None, ""
        except LLMBudgetError as error:
            self.report.over_budget += 1
            record |= {"status": "not asked: out of budget", "error": str(error)}
            return None, ""
        except LLMError as error:
            self.unusable(record, str(error))
            return None, str(error) if isinstance(error, LLMRequestError) else ""
        if answer.cached:
            self.report.cached += 1
        else:
            self.report.latencies.append(answer.seconds)
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
        return answer, ""

    def unusable(self, record: dict[str, Any], reason: str) -> None:
        """Record that an answer is unusable."""
        self.report.failed += 1
        record |= {"status": "failed", "error": reason}
