"""Recording of calls, and a client that answers from the record: experiments repeat offline.

A record is a JSON Lines file with one line per call: ``request`` as sent to the endpoint and
``asked`` in nanoseconds since 1970; then ``answer``, or ``error`` with its name, or ``given_up``
(cancelled); and ``spent``.  A line is written as its call ends, so a kill loses running calls only.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from plywise.datasets.files import read_bytes, reading
from plywise.datasets.recording import JsonLines, Losses
from plywise.llm_modules.calls import errors
from plywise.llm_modules.calls.accounting import Spent
from plywise.llm_modules.calls.chat import (
    Answer,
    Call,
    ChatClient,
    Request,
    request_fingerprint,
)
from plywise.llm_modules.calls.errors import LLMConfigError, LLMError, LLMNotRecordedError
from plywise.llm_modules.calls.settings import LLMConfig

log = logging.getLogger("plywise.llm")


class Recorder:
    """Writer of calls to a record as they end; thread-safe.

    A line that cannot be written is lost: the first is logged, all are counted in ``losses``.

    Args:
        path: file; an existing one is continued.

    Raises:
        LLMConfigError: the file cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        self.losses = Losses(f"calls (llm.record={path})", log.warning)
        self._lock = threading.Lock()
        self._asked = 0
        try:
            self._file = JsonLines(self.path)
        except OSError as error:
            raise LLMConfigError(f"cannot write llm.record={path}: {error.strerror}") from None

    def follow(self, call: Call, parameters: Mapping[str, Any]) -> None:
        """Record a call when it ends; ``parameters`` are the request as sent to the endpoint."""
        line: dict[str, Any] = {"request": parameters}
        with self._lock:
            self._asked = line["asked"] = max(self._asked + 1, time.time_ns())
        call.future.add_done_callback(lambda future: self._ended(call, line, future))

    def _ended(self, call: Call, line: dict[str, Any], future: Future[Answer]) -> None:
        with self.losses.guard():
            self._write(call, line, future)

    def _write(self, call: Call, line: dict[str, Any], future: Future[Answer]) -> None:
        if future.cancelled():
            line["given_up"] = True
        elif error := future.exception():
            line["error"] = {"name": type(error).__name__, "message": str(error)}
        else:
            line["answer"] = msgspec.to_builtins(future.result())
        line["spent"] = asdict(call.spent)
        self._file.append(line)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()


class Replay(ChatClient):
    """Chat client that answers from a record only, with the recorded times and costs.

    Equal requests get their recorded results in order, and then the last of them again.  A request
    that is not recorded fails with :class:`LLMNotRecordedError`.

    Args:
        config: settings, of which model and temperature are used.
        path: record.

    Raises:
        LLMConfigError: the record cannot be read, has no calls, or has calls of several models
            while none is named.
    """

    def __init__(self, config: LLMConfig, path: str | Path) -> None:
        super().__init__(config)
        self.endpoint = f"llm.replay={path}"
        self._calls: dict[str, deque[dict[str, Any]]] = {}
        models = set()
        for line in self._lines(Path(path).expanduser()):
            self._calls.setdefault(request_fingerprint(line["request"]), deque()).append(line)
            models.add(str(line["request"]["model"]))
        if not models:
            raise LLMConfigError(f"{self.endpoint} has no calls")
        if not config.model and len(models) > 1:
            raise LLMConfigError(
                f"{self.endpoint} has several models: set llm.model to one of "
                f"{', '.join(sorted(models))}"
            )
        self.model = config.model or models.pop()

    def _lines(self, path: Path) -> list[dict[str, Any]]:
        with reading(path, LLMConfigError, "record of calls (llm.replay)"):
            lines = read_bytes(path).splitlines()
        found = []
        for number, text in enumerate(lines, 1):
            try:
                line = json.loads(text)
                msgspec.convert(line, _Line)
                _outcome(line)
                found.append(line)
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                if number == len(lines) > 1:
                    log.warning("the last line of %s is incomplete and left out", self.endpoint)
                    break
                raise LLMConfigError(
                    f"{self.endpoint}: line {number} is not a recorded call"
                ) from None
        # Lines are in the order of the calls' ends.
        return sorted(found, key=lambda line: line.get("asked", 0))

    def submit(self, request: Request) -> Call:
        """Return the recorded call."""
        key = request_fingerprint(request.parameters(self.model, self.config.temperature))
        if key not in self._calls:
            return Call.ended(request, self._missing())
        with self._lock:
            recorded = self._calls[key]
            spent, outcome = _outcome(recorded.popleft() if len(recorded) > 1 else recorded[0])
            self._usage.add(spent)
            if outcome is None:
                self._usage.late += 1
            elif isinstance(outcome, LLMError):
                self._usage.count_error(outcome)
            elif outcome.cached:
                self._usage.cached += 1
            else:
                self._usage.latencies.append(outcome.seconds)
        if outcome is None:
            call = Call(request)
            call.cancel()
        else:
            call = Call.ended(request, outcome)
        call.spent = spent
        return call

    def _missing(self) -> LLMNotRecordedError:
        error = LLMNotRecordedError(
            f"{self.endpoint} does not have this request: it is of other settings, another seed or "
            "another version"
        )
        with self._lock:
            first = self._usage.skipped == 0
            self._usage.skipped += 1
        if first:
            log.warning("%s; the game continues without that advice", error)
        return error

    def close(self) -> None:
        """Do nothing: there are no resources to free."""


class _Asked(msgspec.Struct):
    model: str


class _Line(msgspec.Struct):
    """What every line has."""

    request: _Asked
    asked: int = 0


def _outcome(line: Mapping[str, Any]) -> tuple[Spent, Answer | LLMError | None]:
    """Return the resources that a call used, and its result; None: it was cancelled."""
    spent = msgspec.convert(line["spent"], Spent)
    if "answer" in line:
        return spent, msgspec.convert(line["answer"], Answer)
    if "error" in line:
        kind = getattr(errors, line["error"]["name"])
        if not issubclass(kind, LLMError):
            raise TypeError("not an LLMError")
        return spent, kind(line["error"]["message"])
    if line["given_up"] is not True:
        raise ValueError("a call without an end")
    return spent, None
