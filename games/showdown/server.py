"""A local Pokémon Showdown server, run as a child process that never outlives its owner.

    with ShowdownServer() as server:
        ...  # server.url, server.port, server.alive(), server.check()

The server's process ends with the ``with`` block, with this process (also by SIGKILL), and if it
does not become ready in time.

The package in the cache is shared and never written to.  Each server runs in a folder of its own
with real ``config/`` and ``logs/`` and links to the rest of the package; ``node
--preserve-symlinks`` makes that folder Showdown's root.  So several servers can run at once.
``server_seeds.js`` gives a battle a seed: ``/plywiseseed TEXT`` by the player that starts it.
"""

import errno
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from plywise.datasets.errors import PlywiseError
from plywise.datasets.processes.children import NODE_FLAGS, end_program, start_program
from plywise.datasets.processes.temporary import TemporaryFolder
from plywise.games.showdown.install import (
    ProgressCallback,
    ensure_showdown,
    node_executable,
    print_progress,
)

log = logging.getLogger(__name__)

_HERE = Path(__file__).parent
_HOST = "127.0.0.1"
_PORT_TAKEN = 98  # exit status of server_preload.js if it cannot listen
_TRIES = 5  # free ports to try if another program takes one before the server listens


class ShowdownServerError(PlywiseError):
    """The server did not start, or has died; the text names the reason and the log."""


class PortBusyError(ShowdownServerError):
    """The port requested is in use by another program."""


class ShowdownServer:
    """One local Showdown server: a context manager, or ``start()`` and ``stop()``.

    Args:
        port: the loopback port to listen on; None: any free one.
        log_path: file for the server's output (its folder is made); None: a file in the server's
            temporary folder, which is kept until the next start if the server dies.
        start_seconds: longest wait until the server answers logins, which takes about 4 s on an
            idle machine and several times as long on a busy one.
        on_progress: called with one line about each stage.
        settings: settings of Showdown's configuration (``config-example.js``) that differ from
            ``server_config.js``, for example ``{"noguestsecurity": False}``; values as in JSON.
        ranks: accounts with a rank, by name: ``{"Some Name": "+"}``.

    Entering blocks for seconds: enter before an event loop runs, or in a thread.

    Raises (on entering):
        ShowdownInstallError: the package or Node is missing and cannot be installed.
        PortBusyError: the port requested is in use.
        ShowdownServerError: the server ended, or did not answer in time.
    """

    def __init__(
        self,
        port: int | None = None,
        *,
        log_path: Path | None = None,
        start_seconds: float = 120.0,
        on_progress: ProgressCallback = print_progress,
        settings: Mapping[str, object] | None = None,
        ranks: Mapping[str, str] | None = None,
    ) -> None:
        if port is not None and not 0 < port < 65536:
            raise ShowdownServerError(f"{port} is not a port: give 1 to 65535, or none for any.")
        self._asked_port = port
        self._asked_log = log_path
        self._start_seconds = start_seconds
        self._on_progress = on_progress
        self._settings = settings or {}
        self._ranks = ranks or {}
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: TemporaryFolder | None = None
        self._log_path: Path | None = log_path
        self._stopping = threading.Event()
        self._on_death: list[Callable[[str], None]] = []

    # -- state -----------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """The loopback port that the server listens on."""
        self._require_started()
        return self._port

    @property
    def url(self) -> str:
        """The websocket address that Showdown clients connect to."""
        return f"ws://{_HOST}:{self.port}/showdown/websocket"

    @property
    def pid(self) -> int:
        """The process id of the server's Node."""
        return self._require_started().pid

    @property
    def log_path(self) -> Path:
        """The file with the server's output."""
        self._require_started()
        assert self._log_path is not None
        return self._log_path

    def alive(self) -> bool:
        """Whether the server's process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def died(self) -> bool:
        """Whether the server ended without being stopped."""
        return self._process is not None and not self.alive() and not self._stopping.is_set()

    def check(self) -> None:
        """Raise ShowdownServerError if the server has died."""
        if self.died:
            raise ShowdownServerError(self._reason_of_death())

    def on_death(self, callback: Callable[[str], None]) -> None:
        """Call ``callback(reason)`` once, from another thread, if the server dies."""
        self._on_death.append(callback)

    # -- start and stop --------------------------------------------------------------------

    def start(self) -> Self:
        """Start the server; return it when it accepts logins."""
        if self._process is not None:
            raise ShowdownServerError("A ShowdownServer starts only once: make another one.")
        keep_loopback_direct()
        package = ensure_showdown(self._on_progress)
        node = node_executable(self._on_progress)
        self._port = self._asked_port or 0
        if self._port:
            _require_free(self._port)
        try:
            self._folder = TemporaryFolder()
            _lay_out(self._folder.path, package, self._settings, self._ranks)
            self._log_path = self._asked_log or self._folder.path / "server.log"
            self._log_path.parent.mkdir(parents=True, exist_ok=True)
            began = time.monotonic()
            deadline = began + self._start_seconds
            for left in reversed(range(_TRIES)):
                if not self._asked_port:
                    self._port = _free_port()
                self._on_progress(f"Starting Pokémon Showdown on port {self._port}")
                self._launch(node)
                if self._wait_listening(deadline):
                    break
                if self._asked_port:
                    raise _busy(self._port)
                if not left:
                    raise ShowdownServerError(f"No free port was found in {_TRIES} tries.")
            self._wait_login(deadline, began)
            threading.Thread(target=self._watch, daemon=True, name="showdown-watch").start()
            self._on_progress(f"Pokémon Showdown is ready after {time.monotonic() - began:.1f} s")
        except OSError as error:
            self._end(keep_folder=False)
            raise ShowdownServerError(f"The Showdown server cannot be started: {error}") from error
        except BaseException as error:  # Ctrl-C as well: the process must end
            log_is_named = isinstance(error, ShowdownServerError)
            self._end(keep_folder=log_is_named and not isinstance(error, PortBusyError))
            raise
        return self

    def stop(self) -> None:
        """End the server's process and remove its folder; does nothing if it has ended."""
        self._end(keep_folder=self.died)

    def __enter__(self) -> Self:
        """Start the server."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop the server."""
        self.stop()

    def _require_started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ShowdownServerError("The Showdown server has not been started.")
        return self._process

    def _launch(self, node: Path) -> None:
        assert self._folder is not None
        assert self._log_path is not None
        with self._log_path.open("wb") as output:
            self._process = start_program(
                [
                    node,
                    *NODE_FLAGS,
                    "--preserve-symlinks",
                    "--preserve-symlinks-main",
                    "--require",
                    _HERE / "server_preload.js",
                    "pokemon-showdown",
                    "start",
                    "--skip-build",
                    str(self._port),
                ],
                cwd=self._folder.path,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def _wait_listening(self, deadline: float) -> bool:
        """Wait until the server listens; return False if its port is in use."""
        ready = f"PLYWISE LISTENING {self._port}\n".encode()
        assert self._log_path is not None
        process = self._require_started()
        while ready not in self._log_path.read_bytes():
            if process.poll() is not None:
                if process.returncode == _PORT_TAKEN and b"EADDRINUSE" in self._log_bytes():
                    return False
                raise ShowdownServerError(self._reason_of_death())
            self._check_time(deadline)
            time.sleep(0.05)
        return True

    def _wait_login(self, deadline: float, began: float) -> None:
        """Wait until the server sends a client ``|challstr|``: only then it answers logins.

        The port opens seconds earlier, while loading blocks the server.
        """
        reported = 0.0
        while True:
            try:
                # Proxies from the environment must not see loopback traffic.
                with connect(self.url, open_timeout=2, close_timeout=1, proxy=None) as client:
                    while "|challstr|" not in str(client.recv(timeout=2)):
                        pass
                    return
            except (TimeoutError, OSError, WebSocketException):
                pass  # still loading; a dead server is detected below
            if not self.alive():
                raise ShowdownServerError(self._reason_of_death())
            self._check_time(deadline)
            waited = time.monotonic() - began
            if waited - reported > 5:
                reported = waited
                self._on_progress(f"  Pokémon Showdown is loading ({waited:.0f} s)")
            time.sleep(0.1)

    def _check_time(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise ShowdownServerError(
                f"The Showdown server did not accept logins within {self._start_seconds:.0f} s. "
                f"Is the machine very busy? Its log: {self._log_path}"
            )

    def _watch(self) -> None:
        process = self._require_started()
        process.wait()
        if not self._stopping.is_set():
            reason = self._reason_of_death()
            log.error("%s", reason)
            for callback in self._on_death:
                callback(reason)

    def _log_bytes(self) -> bytes:
        try:
            return self._log_path.read_bytes() if self._log_path else b""
        except OSError as error:
            return f"(the log cannot be read: {error})".encode()

    def _reason_of_death(self) -> str:
        status = self._require_started().poll()
        how = f"was killed ({signal.Signals(-status).name})" if status and status < 0 else "ended"
        if status is not None and status >= 0:
            how += f" with status {status}"
        lines = [x for x in self._log_bytes().decode(errors="replace").splitlines() if x.strip()]
        last = f" Its last line: {lines[-1].strip()[:200]}" if lines else ""
        return f"The Showdown server {how}. Its log: {self._log_path}.{last}"

    def _end(self, *, keep_folder: bool) -> None:
        process = self._process
        if process is not None:
            if not self.died:
                self._stopping.set()
            end_program(process)
        log_inside = self._asked_log is None  # an error message names it
        if self._folder is not None and not (keep_folder and log_inside):
            self._folder.remove()


def keep_loopback_direct() -> None:
    """Exclude this machine from the environment's proxies, for this process.

    Otherwise poke-env's websocket library connects to the local server through the proxy, and waits
    forever.  Adds to ``NO_PROXY`` and ``no_proxy``; other hosts still use the proxy.
    """
    for name in ("no_proxy", "NO_PROXY"):
        hosts = [host.strip() for host in os.environ.get(name, "").split(",") if host.strip()]
        if "*" not in hosts:
            missing = [host for host in (_HOST, "localhost") if host not in hosts]
            os.environ[name] = ",".join(hosts + missing)


def _lay_out(
    folder: Path, package: Path, settings: Mapping[str, object], ranks: Mapping[str, str]
) -> None:
    """Make ``folder`` a Showdown root: links to the package, its own ``config`` and ``logs``."""
    for item in package.iterdir():
        if item.name not in ("config", "logs", "node_modules"):
            (folder / item.name).symlink_to(item)
    (folder / "node_modules").symlink_to(package.parent)
    # Without these folders the server crashes or fills its log with errors.
    (folder / "config" / "chat-plugins").mkdir(parents=True)
    (folder / "config" / "ladders").mkdir()
    (folder / "logs" / "repl").mkdir(parents=True)
    ours = (_HERE / "server_config.js").read_text(encoding="utf-8")
    changes = f"Object.assign(exports, {json.dumps(dict(settings))});\n" if settings else ""
    (folder / "config" / "config.js").write_text(ours + changes, encoding="utf-8")
    if ranks:
        rows = "".join(f"{name},{rank}\n" for name, rank in ranks.items())
        (folder / "config" / "usergroups.csv").write_text(rows, encoding="utf-8")
    shutil.copy(_HERE / "server_seeds.js", folder / "config")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _busy(port: int) -> PortBusyError:
    return PortBusyError(
        f"Port {port} is in use by another program: end that program, choose another port, or "
        "give none for any free one."
    )


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        # As Node does: lingering connections of an ended server do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise _busy(port) from error
            raise ShowdownServerError(
                f"Port {port} cannot be used: {error.strerror}. Choose another, above 1023."
            ) from error
