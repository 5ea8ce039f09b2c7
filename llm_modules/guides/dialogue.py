"""Written questions about one decision, put to a model and waited for until a deadline."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import Any

from plywise.llm_modules.calls.chat import Call, ChatClient, Message, Request
from plywise.llm_modules.calls.errors import LLMError, LLMRequestError
from plywise.llm_modules.guides.call_log import Ledger
from plywise.llm_modules.guides.format_fallback import Foothold, Ladder
from plywise.llm_modules.prompts.forms import AnswerMode, Filled, Form

UNREADABLE = "the reply does not answer the question"


@dataclass(frozen=True)
class Sheet:
    """One written question.

    Attributes:
        question: its name, for the transcript.
        seed: for sampling.
        temperature: replaces the client's; None: as the client has it.
        facts: for the transcript, which letter means what.
    """

    question: str
    messages: tuple[Message, ...]
    form: Form
    seed: int
    temperature: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def request(self, mode: AnswerMode) -> Request:
        """Return the question as the endpoint gets it."""
        return Request(
            messages=self.messages,
            max_tokens=self.form.max_tokens(mode),
            response_format=self.form.response_format(mode),
            seed=self.seed % 2**31,
            temperature=self.temperature,
        )


class Dialogue:
    """Asks and waits; nothing is sent once the calls or the time are used up.

    Args:
        client: who answers.
        ladder: which ways of answering the endpoint supports.
        calls: most calls, questions asked again included.
        deadline: in the seconds of ``time.monotonic``; what is not answered then is given up.

    Attributes:
        ledger: what it cost and what became of each question.
    """

    def __init__(self, client: ChatClient, ladder: Ladder, calls: int, deadline: float) -> None:
        self.ledger = Ledger(client.model, calls)
        self._client = client
        self._foothold = Foothold(ladder)
        self._deadline = deadline

    def ask(self, sheets: Sequence[Sheet]) -> list[Filled | None]:
        """Put all questions at once; return the answer to each, None where none came.

        What an endpoint refuses or answers unreadably is asked again in a lesser way, unless
        another answer shows that the way is good.
        """
        filled: list[Filled | None] = [None] * len(sheets)
        waiting = list(range(len(sheets)))
        while waiting:
            mode = self._foothold.mode
            calls = [(i, *sent) for i in waiting if (sent := self._send(sheets[i], mode))]
            again, why = [], ""
            for i, call, record in calls:
                filled[i], trouble = self._take(sheets[i], call, record)
                if trouble:
                    again.append(i)
                    why = trouble
            if any(filled[i] is not None for i in waiting):
                self._foothold.worked(mode)
                break
            waiting = again if again and self._foothold.lower(why) else []
        return filled

    def _send(self, sheet: Sheet, mode: AnswerMode) -> tuple[Call, dict[str, Any]] | None:
        if self.ledger.left <= 0:
            self.ledger.not_asked(sheet.question, "out of calls")
            return None
        if time.monotonic() >= self._deadline:
            self.ledger.not_asked(sheet.question, "out of time")
            return None
        request = sheet.request(mode)
        record = self.ledger.asked(sheet.question, mode.value, request, sheet.facts)
        return self._client.submit(request), record

    def _take(self, sheet: Sheet, call: Call, record: dict[str, Any]) -> tuple[Filled | None, str]:
        """Return the answer, or None and why the same should be asked in a lesser way ("": no)."""
        began = time.monotonic()
        try:
            answer = call.result(max(0.0, self._deadline - began))
        except CancelledError:
            self._deadline = min(self._deadline, time.monotonic())  # now, or when it was recorded
            self.ledger.late(record, call, time.monotonic() - began)
            return None, ""
        except LLMError as error:
            self.ledger.failed(record, call, error)
            return None, str(error) if isinstance(error, LLMRequestError) else ""
        self.ledger.answered(record, call, answer)
        filled = sheet.form.read(answer.text)
        if filled is None:
            self.ledger.useless(record, UNREADABLE)
            return None, UNREADABLE
        record["letters_named"] = "".join(filled.letters)
        if filled.thought:
            record["thought"] = filled.thought
        if filled.percent:
            record["percent"] = dict(filled.percent)
        return filled, ""
