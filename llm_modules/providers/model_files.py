"""Known model files and their download from the model hub.

A file is identified by its size and SHA-256.  It is downloaded as ``NAME.part``, an interrupted
download is resumed there, and only a file with the right digest is renamed to ``NAME``.
pooch 1.9 and huggingface_hub 2.4 (November 2026) discard what an interrupted download had, and
neither refuses for lack of disk space; the latter compares no digest either.
"""

from __future__ import annotations

import contextlib
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

from filelock import FileLock, Timeout

from plywise.datasets.cache_folder import cache_root
from plywise.llm_modules.calls.errors import ModelFileError, one_line

HUB = "https://huggingface.co"

DownloadProgress = Callable[[str, int], None]
"""Callback with the current activity ("checking", "loading") and the bytes of the file so far."""

_CHUNK = 1 << 20
_READ_TIMEOUT = 30.0  # seconds without a byte


@dataclass(frozen=True)
class ModelFile:
    """A GGUF file on the hub.

    Attributes:
        name: name in ``plywise models`` and ``llm.model_path``.
        repository: repository on the hub, ``owner/name``.
        file: file name in the repository.
        size: bytes.
        sha256: digest in hexadecimal.
        licence: licence of the weights.
        about: description in one line.
    """

    name: str
    repository: str
    file: str
    size: int
    sha256: str
    licence: str
    about: str

    def address(self, hub: str) -> str:
        """Return the file's URL on a hub."""
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
    """Return the folder of fetched files: the setting, else one in the user's cache."""
    if setting is not None:
        return Path(setting).expanduser()
    return cache_root() / "models"


def fetched(model: ModelFile, folder: Path) -> Path | None:
    """Return the path of the model's file if it has its full length, else None."""
    path = folder / model.file
    return path if path.is_file() and path.stat().st_size == model.size else None


def find_model(path_or_name: str) -> Path:
    """Return the path itself, or the file of the fetched model of that name.

    Raises:
        ModelFileError: the model is known but not fetched.
    """
    model = KNOWN.get(path_or_name)
    if model is None or Path(path_or_name).exists():
        return Path(path_or_name).expanduser()
    path = fetched(model, models_folder())
    if path is None:
        raise ModelFileError(
            f"{model.name} is not fetched yet: plywise models fetch {model.name} "
            f"({model.size / 1e6:,.0f} MB)"
        )
    check_file(model, path)
    return path


def check_file(model: ModelFile, path: Path, again: bool = False) -> None:
    """Compare a fetched file with its pinned digest, which is read once for each of its versions.

    Args:
        again: whether to read it even if its size and time are those of a file that was sound.

    Raises:
        ModelFileError: it is another.
    """
    note = path.with_name(f"{path.name}.checked")
    state = path.stat()
    stamp = f"{model.sha256} {state.st_size} {state.st_mtime_ns}"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if not again and note.read_text() == stamp:
            return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != model.sha256:
        raise ModelFileError(
            f"{path} is damaged (its SHA-256 is another): plywise models fetch {model.name}"
        )
    with contextlib.suppress(OSError):  # then it is read again next time
        note.write_text(stamp)


def fetch(model: ModelFile, folder: Path, hub: str, progress: DownloadProgress) -> Path:
    """Download a model's file from the hub unless it is there; return its path, digest checked.

    Raises:
        ModelFileError: no network, no space, no such file, or not the known one.  What was
            downloaded of the right file stays for the next time.
    """
    path = folder / model.file
    lock = path.with_name(f"{path.name}.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(lock, timeout=0):
            try:
                _fetch_locked(model, path, hub, progress)
            finally:
                lock.unlink(missing_ok=True)
    except Timeout:
        raise ModelFileError(f"{model.name} is being fetched by another process") from None
    except OSError as error:
        raise ModelFileError(f"cannot write {folder}: {error.strerror or error}") from None
    return path


def _fetch_locked(model: ModelFile, path: Path, hub: str, progress: DownloadProgress) -> None:
    if path.is_file():
        with path.open("rb") as file:
            if _digest(file, progress).hexdigest() == model.sha256:
                return
    part = path.with_name(f"{path.name}.part")
    with part.open("a+b") as file:
        _complete(file, model, model.address(hub), progress)
        os.fsync(file.fileno())
    os.replace(part, path)


def _digest(file: IO[bytes], progress: DownloadProgress) -> hashlib._Hash:
    digest = hashlib.sha256()
    done = 0
    file.seek(0)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        done += len(chunk)
        progress("checking", done)
    return digest


def _complete(file: IO[bytes], model: ModelFile, url: str, progress: DownloadProgress) -> None:
    """Download the rest of a partial file, reconnecting while bytes arrive, and check the whole."""
    if file.seek(0, os.SEEK_END) > model.size:
        file.truncate(0)
    digest = _digest(file, progress)
    done = file.tell()
    free = shutil.disk_usage(Path(file.name).parent).free
    if free < model.size - done:
        raise ModelFileError(
            f"{model.name} needs {(model.size - done) / 1e6:,.0f} MB more, "
            f"{Path(file.name).parent} has {free / 1e6:,.0f}"
        )
    while done < model.size:
        before = done
        reason = "the connection broke"
        try:
            with _open(url, done, model) as reply:
                if done and reply.status != 206:  # a hub that cannot resume sends all of it
                    file.truncate(0)
                    done, digest = 0, hashlib.sha256()
                while chunk := reply.read1(_CHUNK):
                    if done + len(chunk) > model.size:
                        raise _wrong_file(model, file)
                    file.write(chunk)
                    digest.update(chunk)
                    done += len(chunk)
                    progress("loading", done)
        except (TimeoutError, ConnectionError, HTTPException) as error:
            reason = one_line(error) or type(error).__name__
        file.flush()
        if done <= before:
            raise ModelFileError(
                f"{model.name}: {reason} after {done / 1e6:,.0f} of {model.size / 1e6:,.0f} MB; "
                "the same command resumes the download"
            )
    if digest.hexdigest() != model.sha256:
        raise _wrong_file(model, file)


def _wrong_file(model: ModelFile, file: IO[bytes]) -> ModelFileError:
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
        reply: HTTPResponse = urllib.request.urlopen(request, timeout=_READ_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        raise ModelFileError(
            f"{model.name}: the hub refuses {url} ({error.code} {error.reason})"
        ) from None
    except (urllib.error.URLError, ValueError) as error:
        reason = one_line(getattr(error, "reason", error))
        raise ModelFileError(
            f"{model.name}: cannot reach {url} ({reason}): is there a network? "
            "Another hub: hub=ADDRESS or $HF_ENDPOINT"
        ) from None
    return reply
