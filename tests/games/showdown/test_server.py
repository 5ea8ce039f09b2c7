"""The server manager against the real server: it starts, serves, and never stays behind."""

import asyncio
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from poke_env import AccountConfiguration, ServerConfiguration
from poke_env.player import RandomPlayer
from websockets.sync.client import connect

from plywise.games.showdown.server import (
    PortBusyError,
    ShowdownServer,
    ShowdownServerError,
    keep_loopback_direct,
)

pytestmark = pytest.mark.server


def quiet(message: str) -> None:
    """Take a progress line and show nothing."""


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")  # an orphan that nobody reaps is dead all the same
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def gone_within(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while exists(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(scope="module")
def server() -> Iterator[ShowdownServer]:
    told: list[str] = []
    with ShowdownServer(on_progress=told.append) as running:
        assert re.fullmatch(r"Pokémon Showdown is ready after \d+\.\d s", told[-1])
        yield running
    assert not running.alive()
    assert not running.died
    assert not exists(running.pid)
    assert not running.log_path.parent.exists()


def test_login_is_answered_at_once(server: ShowdownServer) -> None:
    assert server.alive()
    with connect(server.url, proxy=None) as client:
        assert any("|challstr|" in str(client.recv(timeout=5)) for _ in range(4))


def test_listens_on_loopback_only(server: ShowdownServer) -> None:
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    if not tables[0].exists():
        pytest.skip("reads Linux's table of sockets")
    port, listening = f":{server.port:04X}", "0A"
    rows = [row.split() for table in tables for row in table.read_text().splitlines()[1:]]
    addresses = [r[1] for r in rows if r[1].endswith(port) and r[3] == listening]
    assert addresses == [f"0100007F{port}"]


@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:9"], ids=["direct", "dead proxy"])
async def test_bots_play_a_battle(
    server: ShowdownServer, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if proxy:  # where the environment names a proxy, it must not come between us and our server
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.setenv("ALL_PROXY", proxy)
    random.seed(1)
    where = ServerConfiguration(server.url, "http://127.0.0.1:9/none?")
    ours, theirs = (
        RandomPlayer(
            account_configuration=AccountConfiguration(name, None),
            server_configuration=where,
            battle_format="gen9randombattle",
        )
        for name in (f"plywise a {bool(proxy)}", f"plywise b {bool(proxy)}")
    )
    await asyncio.wait_for(ours.battle_against(theirs, n_battles=1), 120)
    assert ours.n_finished_battles == 1
    assert ours.n_won_battles + theirs.n_won_battles + ours.n_tied_battles == 1
    assert "CRASH" not in server.log_path.read_text()
    for player in (ours, theirs):
        await player.ps_client.stop_listening()  # type: ignore[no-untyped-call]


def test_busy_port_is_one_clear_line(server: ShowdownServer) -> None:
    with pytest.raises(PortBusyError, match=rf"^Port {server.port} is in use.*free one\.$"):
        ShowdownServer(server.port, on_progress=quiet).start()


def test_port_taken_while_starting(server: ShowdownServer, monkeypatch: pytest.MonkeyPatch) -> None:
    # The port looks free when it is chosen and is taken when Node asks for it.  The answer of the
    # other server that listens there must not be mistaken for ours.
    module = sys.modules[ShowdownServer.__module__]
    monkeypatch.setattr(module, "_require_free", lambda port: None)
    late = ShowdownServer(server.port, on_progress=quiet)
    with pytest.raises(PortBusyError):
        late.start()
    assert not exists(late.pid)
    ports = iter([server.port, (real := module._free_port)()])
    monkeypatch.setattr(module, "_free_port", lambda: next(ports, None) or real())
    with ShowdownServer(on_progress=quiet) as second:  # asks for any port: tries another one
        assert second.port != server.port
        assert second.log_path != server.log_path
        with connect(second.url, proxy=None):
            pass
    assert not exists(second.pid)
    assert server.alive()  # two at once, and stopping one leaves the other


@pytest.mark.parametrize("port", [0, 70000])
def test_port_out_of_range(port: int) -> None:
    with pytest.raises(ShowdownServerError, match="not a port"):
        ShowdownServer(port)


def test_not_started_is_an_error() -> None:
    with pytest.raises(ShowdownServerError, match="has not been started"):
        _ = ShowdownServer().url


def test_too_slow_start_leaves_nothing(tmp_path: Path) -> None:
    slow = ShowdownServer(log_path=tmp_path / "log", start_seconds=0.01, on_progress=quiet)
    with pytest.raises(ShowdownServerError, match="did not accept logins within"):
        slow.start()
    assert not exists(slow.pid)


def test_interrupt_while_starting_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(message: str) -> None:
        if "is ready" in message:
            raise KeyboardInterrupt

    server = ShowdownServer(log_path=tmp_path / "logs" / "showdown.log", on_progress=interrupt)
    with pytest.raises(KeyboardInterrupt):
        server.start()
    assert not exists(server.pid)
    assert not server.died
    assert server.log_path.read_text()  # a log asked for stays


async def test_death_is_noticed() -> None:
    why: list[str] = []
    with ShowdownServer(on_progress=quiet) as server:
        server.on_death(why.append)
        server.check()
        os.kill(server.pid, signal.SIGKILL)
        async with asyncio.timeout(5):
            while not why:
                await asyncio.sleep(0.05)
        assert server.died
        assert not server.alive()
        with pytest.raises(ShowdownServerError, match="was killed"):
            server.check()
        assert why == [w for w in why if "SIGKILL" in w]
        assert len(why) == 1
    assert server.died  # stopping what is dead does not hide that it died
    assert server.log_path.exists()
    shutil.rmtree(server.log_path.parent)  # kept for the log's sake


PARENT = """
import os, sys, time
from plywise.games.showdown.server import ShowdownServer
with ShowdownServer() as server:
    child = os.fork() if sys.argv[1] == "fork" else 0
    if sys.argv[1] == "fork" and not child:
        time.sleep(60)  # holds a copy of the pipe to the server
        os._exit(0)
    print(server.pid, child, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(
    ("how", "mode"), [(signal.SIGKILL, "fork"), (signal.SIGINT, "plain")], ids=["kill", "ctrl-c"]
)
def test_no_server_outlives_its_parent(how: signal.Signals, mode: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, mode],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        text=True,
    ) as parent:
        assert parent.stdout is not None
        server, child = map(int, parent.stdout.readline().split())
        try:
            assert exists(server)
            parent.send_signal(how)
            assert gone_within(server, 20)
        finally:
            parent.kill()
            if child:
                os.kill(child, signal.SIGKILL)
            if exists(server):
                os.kill(server, signal.SIGKILL)
    assert parent.returncode != 0


def test_loopback_is_added_to_the_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "example.org, localhost")
    monkeypatch.setenv("NO_PROXY", "*")
    for _ in range(2):
        keep_loopback_direct()
        assert os.environ["no_proxy"] == "example.org,localhost,127.0.0.1"
        assert os.environ["NO_PROXY"] == "*"


def test_free_ports_are_free() -> None:
    module = sys.modules[ShowdownServer.__module__]
    port = module._free_port()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
