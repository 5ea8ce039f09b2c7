"""Known model files: what there is, and fetching one from the model hub, whole or not at all.

A file is known by its size and SHA-256.  It is loaded beside its place as ``NAME.part``; a download
that broke goes on where it ended, and only what has the right digest takes the file's place.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO

from plywise.datasets.cache_folder import cache_root
from plywise.llm_modules.calls.errors import ModelFileError, one_line

HUB = "https://huggingface.co"

Progress = Callable[[str, int], None]
"""Is told what is being done ("checking", "loading") and how many bytes of the file are there."""

_CHUNK = 1 << 20
_SILENCE = 30.0  # seconds without a byte, after which a connection counts as broken


@dataclass(frozen=True)
class ModelFile:
    """A GGUF file on the hub.

    Attributes:
        name: what it is called here.
        repository: on the hub, ``owner/name``; ``file`` in it.
        size: bytes; ``sha256`` their digest in hexadecimal.
        licence: of the weights.
        about: one line for people.
    """

    name: str
    repository: str
    file: str
    size: int
    sha256: str
    licence: str
    about: str

    def address(self, hub: str) -> str:
        """Return where the hub has it."""
        return f"{hub.rstrip('/')}/{self.repository}/resolve/main/{self.file}"


KNOWN = {
    model.name: model
    for model in (
        ModelFile(
            "qwen2.5-coder-1.5b",
            "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
            "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            1_117_320_768,
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            "Apache-2.0",
            "reads computed facts well; 2 GB of memory",
        ),
        ModelFile(
            "qwen2.5-coder-0.5b",
            "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
            "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
            491_400_064,
            "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            "Apache-2.0",
            "weak: near chance even with facts; 0.8 GB of memory",
        ),
    )
}


def hub_address(setting: str | None = None) -> str:
    """Return the hub's address: the setting, else $HF_ENDPOINT, else the public one."""
    return setting or os.environ.get("HF_ENDPOINT", "") or HUB


def models_folder(setting: str | None = None) -> Path:
    """Return where fetched files are: the setting, else a folder in the user's cache."""
    if setting is not None:
        return Path(setting).expanduser()
    return cache_root() / "models"


def fetched(model: ModelFile, folder: Path) -> Path | None:
    """Return the model's file if it is there in full length, else None."""
    path = folder / model.file
    return path if path.is_file() and path.stat().st_size == model.size else None


def find_model(path_or_name: str) -> Path:
    """Return the file that a path, or the name of a fetched model, means.

    Raises:
        ModelFileError: the model is known and was not fetched.
    """
    model = KNOWN.get(path_or_name)
    if model is None or Path(path_or_name).exists():
        return Path(path_or_name).expanduser()
    path = fetched(model, models_folder())
    if path is None:
        raise ModelFileError(
            f"{model.name} is not there yet: plywise models fetch {model.name} "
            f"({model.size / 1e6:,.0f} MB)"
        )
    return path


def fetch(model: ModelFile, folder: Path, hub: str, progress: Progress) -> Path:
    """Load a model's file from the hub unless it is there; return it, its digest checked.

    Raises:
        ModelFileError: no network, no room, no such file, or another one than is known.  What was
            loaded of the right file stays for the next time.
    """
    path = folder / model.file
    part = path.with_name(f"{path.name}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            with path.open("rb") as file:
                if _digest(file, progress).hexdigest() == model.sha256:
                    return path
        with part.open("a+b") as file:
            _own(file, model)
            _complete(file, model, model.address(hub), progress)
            os.fsync(file.fileno())
            os.replace(part, path)
    except OSError as error:
        raise ModelFileError(f"cannot write {folder}: {error.strerror or error}") from None
    return path


def _own(file: IO[bytes], model: ModelFile) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with the file
    except BlockingIOError:
        raise ModelFileError(f"{model.name} is being fetched by another process") from None


def _digest(file: IO[bytes], progress: Progress) -> hashlib._Hash:
    digest = hashlib.sha256()
    done = 0
    file.seek(0)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        done += len(chunk)
        progress("checking", done)
    return digest


def _complete(file: IO[bytes], model: ModelFile, url: str, progress: Progress) -> None:
    """Load what a part lacks, as often as that gets on, and check the whole."""
    if file.seek(0, os.SEEK_END) > model.size:
        file.truncate(0)
    digest = _digest(file, progress)
    done = file.tell()
    room = shutil.disk_usage(Path(file.name).parent).free
    if room < model.size - done:
        raise ModelFileError(
            f"{model.name} needs {(model.size - done) / 1e6:,.0f} MB more, "
            f"{Path(file.name).parent} has {room / 1e6:,.0f}"
        )
    while done < model.size:
        before = done
        why = "the connection broke"
        try:
            with _open(url, done, model) as reply:
                if done and reply.status != 206:  # a hub that cannot resume starts over
                    file.truncate(0)
                    done, digest = 0, hashlib.sha256()
                while chunk := reply.read1(_CHUNK):
                    if done + len(chunk) > model.size:
                        raise _another(model, file)
                    file.write(chunk)
                    digest.update(chunk)
                    done += len(chunk)
                    progress("loading", done)
        except (TimeoutError, ConnectionError, HTTPException) as error:
            why = one_line(error) or type(error).__name__
        file.flush()
        if done <= before:
            raise ModelFileError(
                f"{model.name}: {why} after {done / 1e6:,.0f} of {model.size / 1e6:,.0f} MB; "
                "the same command goes on from there"
            )
    if digest.hexdigest() != model.sha256:
        raise _another(model, file)


def _another(model: ModelFile, file: IO[bytes]) -> ModelFileError:
    Path(file.name).unlink(missing_ok=True)
    return ModelFileError(
        f"{model.name}: what the hub sent is not the known file (size or SHA-256 differs); "
        "it was removed"
    )


def _open(url: str, start: int, model: ModelFile) -> HTTPResponse:
    request = urllib.request.Request(url, headers={"User-Agent": "plywise"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        reply: HTTPResponse = urllib.request.urlopen(request, timeout=_SILENCE)
    except urllib.error.HTTPError as error:
        error.close()
        raise ModelFileError(
            f"{model.name}: the hub refuses {url} ({error.code} {error.reason})"
        ) from None
    except (urllib.error.URLError, ValueError) as error:
        why = one_line(getattr(error, "reason", error))
        raise ModelFileError(
            f"{model.name}: cannot reach {url} ({why}): is there a network? "
            "Another hub: hub=ADDRESS or $HF_ENDPOINT"
        ) from None
    return reply
