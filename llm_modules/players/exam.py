"""Benchmark questions to a model: prompts from files, and blocking answers.

The texts are the files in ``prompts/childplay_*/``, for people to read and change: a part under
``[system]`` that is constant within a task, then one under ``[user]`` that is not.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from string import Template

from plywise.llm_modules.calls.chat import Answer, ChatClient, Message, Request
from plywise.llm_modules.calls.errors import LLMConfigError, LLMPausedError
from plywise.llm_modules.prompts.prompting import checked, read_prompt

_FOLDER = Path(__file__).parents[1] / "prompts"
_PART = re.compile(r"^\[(system|user)\]\n", re.MULTILINE)
_MAX_PAUSES = 2  # pauses of the client to wait for, per question
_POLL_SECONDS = 0.2


class ExamPrompts:
    """Prompt texts of one folder, each read at its first use.

    Args:
        folder: name of a folder in ``prompts/``, or a path.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = _FOLDER / folder
        self._texts: dict[str, list[tuple[str, Template]]] = {}

    def messages(self, name: str, fields: Mapping[str, str]) -> tuple[Message, ...]:
        """Return the messages of the file ``name`` with its fields filled in.

        Raises:
            LLMConfigError: the file is missing, has no parts, or has an unknown field.
        """
        if name not in self._texts:
            self._texts[name] = self._parts(name)
        file = f"{self._folder.name}/{name}.txt"
        return tuple(
            Message(role, checked(template, file, fields).substitute(fields))
            for role, template in self._texts[name]
        )

    def _parts(self, name: str) -> list[tuple[str, Template]]:
        file = f"{self._folder.name}/{name}.txt"
        before, *parts = _PART.split(read_prompt(self._folder / f"{name}.txt", file))
        if before.strip() or not parts:
            raise LLMConfigError(f"the prompt {file} must begin with [system] or [user]")
        return [
            (role, Template(body.strip("\n")))
            for role, body in zip(parts[::2], parts[1::2], strict=True)
        ]


class Examinee:
    """Model that answers benchmark questions; usable from several threads.

    Args:
        max_tokens: maximum length of an answer in tokens.
    """

    def __init__(self, client: ChatClient, max_tokens: int) -> None:
        self.client = client
        self.name = client.model
        self._max_tokens = max_tokens

    def ask(self, messages: tuple[Message, ...]) -> Answer:
        """Return the answer; a pause of the client after failures is waited for.

        The tokens of a cached answer are 0, since it is free.

        Raises:
            LLMError: there is no answer: a fault of the infrastructure, not of the model.
        """
        request = Request(messages, self._max_tokens)
        for _ in range(_MAX_PAUSES):
            try:
                answer = self.client.submit(request).future.result()
            except LLMPausedError:
                self._wait()
                continue
            if answer.cached:
                return replace(answer, prompt_tokens=0, completion_tokens=0, cached_tokens=0)
            return answer
        return self.client.submit(request).future.result()

    def _wait(self) -> None:
        deadline = time.monotonic() + self.client.config.pause_seconds
        client = self.client
        while not client.available and client.status != "closed" and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
