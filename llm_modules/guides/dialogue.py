"""Written questions for one decision, whose answers are waited for until a deadline."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plywise.llm_modules.calls.chat import Call, ChatClient
from plywise.llm_modules.guides.call_log import CallLog
from plywise.llm_modules.guides.format_fallback import EndpointMode, FormatFallback
from plywise.llm_modules.prompts.forms import AnswerMode, FilledForm, Form
from plywise.llm_modules.prompts.prompting import LetteredQuestion

UNREADABLE = "the reply does not answer the question"


@dataclass(frozen=True)
class WrittenQuestion:
    """Question that is answered by filling in a form.

    Attributes:
        name: name in the transcript.
        temperature: sampling temperature; None: that of the client.
    """

    name: str
    lettered: LetteredQuestion
    form: Form
    seed: int
    temperature: float | None = None


class Dialogue:
    """Questions and answers of one decision, limited in calls and time.

    Args:
        endpoint_mode: answer mode that the endpoint is known to support.
        calls: maximum number of calls, repeated questions included.
        deadline: time (``time.monotonic``) after which questions are cancelled.

    Attributes:
        call_log: cost and transcript.
    """

    def __init__(
        self, client: ChatClient, endpoint_mode: EndpointMode, calls: int, deadline: float
    ) -> None:
        self.call_log = CallLog(client.model, calls)
        self._client = client
        self._fallback = FormatFallback(endpoint_mode)
        self._deadline = deadline

    def ask(self, questions: Sequence[WrittenQuestion]) -> list[FilledForm | None]:
        """Send all questions at once; return the answer to each, None if there is none.

        Questions that the endpoint refuses or answers unreadably are asked again in a lower mode,
        unless another answer shows that the mode works.
        """
        filled: list[FilledForm | None] = [None] * len(questions)
        waiting = list(range(len(questions)))
        while waiting:
            mode = self._fallback.mode
            calls = [(i, *sent) for i in waiting if (sent := self._send(questions[i], mode))]
            unreadable, reason = [], ""
            for i, call, record in calls:
                filled[i], problem = self._take(questions[i], call, record)
                if problem:
                    unreadable.append(i)
                    reason = problem
            if any(filled[i] is not None for i in waiting):
                self._fallback.succeeded(mode)
                break
            waiting = unreadable if unreadable and self._fallback.fall_back(reason) else []
        return filled

    def _send(
        self, question: WrittenQuestion, mode: AnswerMode
    ) -> tuple[Call, dict[str, Any]] | None:
        if self.call_log.left <= 0:
            self.call_log.not_asked(question.name, "out of calls")
            return None
        if time.monotonic() >= self._deadline:
            self.call_log.not_asked(question.name, "out of time")
            return None
        form, lettered = question.form, question.lettered
        seed = question.seed % 2**31
        request = form.request(lettered.worded(form), mode, seed, question.temperature)
        record = self.call_log.asked(question.name, mode.value, request, lettered.facts())
        return self._client.submit(request), record

    def _take(
        self, question: WrittenQuestion, call: Call, record: dict[str, Any]
    ) -> tuple[FilledForm | None, str]:
        """Return the answer, or None and the reason to ask in a lower mode ("": do not)."""
        began = time.monotonic()
        call.end_within(max(0.0, self._deadline - began))
        answer, problem = self.call_log.ended(record, call)
        if call.future.cancelled():
            self._deadline = min(self._deadline, time.monotonic())  # a replay ends earlier
            record["seconds"] = round(time.monotonic() - began, 3)
        if answer is None:
            return None, problem
        filled = question.form.read(answer.text)
        if filled is None:
            self.call_log.unusable(record, UNREADABLE)
            return None, UNREADABLE
        record["letters_named"] = "".join(filled.letters)
        if filled.thought:
            record["thought"] = filled.thought
        if filled.percent:
            record["percent"] = dict(filled.percent)
        return filled, ""
