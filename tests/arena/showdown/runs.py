"""Settings of runs of the tests, runs in threads, and bots of others in processes."""

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from rich.console import Console

from plywise.arena.agents.catalog import agent_config
from plywise.arena.showdown.match import run_showdown
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.search import SimultaneousGroup
from plywise.conf.schemas.showdown import ServerConfig, ShowdownConfig
from plywise.games.showdown.server import ShowdownServer


def configuration(agent: str = "pokeenv_random", **changes: object) -> ShowdownConfig:
    settings: dict[str, object] = {
        "game": GameConfig("gen9randombattle"),
        "agent": agent_config(agent),
        "opponent": agent_config("pokeenv_max_base_power"),
        "search": SimultaneousGroup(),
        "llm": NoLLMGroup(),
        "battles": 2,
        "stall_seconds": 60.0,  # no test waits for long
    }
    return ShowdownConfig(**(settings | changes))  # type: ignore[arg-type]


def there(server: ShowdownServer, **changes: object) -> ServerConfig:
    return ServerConfig(url=server.url, **changes)  # type: ignore[arg-type]


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def websocket(port: int) -> str:
    """Return the address of a local server."""
    return f"ws://127.0.0.1:{port}/showdown/websocket"


@contextlib.contextmanager
def foreign_bot(url: str, name: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``foreign_bot.py`` with its options, in a process that knows nothing of us."""
    script = Path(__file__).with_name("foreign_bot.py")
    process = subprocess.Popen(
        [sys.executable, script, url, name, *options], stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Run:
    """One run in a thread.

    Attributes:
        code: exit code; None: it has not ended.
        error: what it raised; None: nothing.
    """

    def __init__(self, folder: Path, config: ShowdownConfig) -> None:
        self.folder = folder
        self.config = config
        self.code: int | None = None
        self.error: Exception | None = None
        self._out = StringIO()
        folder.mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def printed(self) -> str:
        """What it has printed so far."""
        return self._out.getvalue()

    def end(self, seconds: float = 120.0) -> "Run":
        """Wait for its end."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), self.printed[-2000:]
        return self

    def _run(self) -> None:
        try:
            self.code = run_showdown(self.config, self.folder, Console(file=self._out, width=300))
        except Exception as error:
            self.error = error
