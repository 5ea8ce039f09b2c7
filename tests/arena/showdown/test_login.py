"""The login on a secured Showdown server, with a login server of the tests that it trusts."""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from poke_env.concurrency import POKE_LOOP

from plywise.arena.cli.main import main
from plywise.arena.showdown import connections
from plywise.arena.showdown.connections import Connection, LoginError, log_in, player_options
from plywise.arena.showdown.players import account
from plywise.conf.schemas.showdown import OFFICIAL_LOGIN, ServerConfig
from plywise.datasets.errors import ConfigError
from plywise.games.showdown import login
from plywise.games.showdown.baselines import baseline
from plywise.games.showdown.login import Account
from plywise.games.showdown.messages import CheckedPlayer
from plywise.games.showdown.server import ShowdownServer

from .login_server import Answer, LoginServer, key_pair

PASSWORD = 'Geh"eim & 1'  # of another form in JSON, in an address and in HTML
PASSWORDS = dict.fromkeys(("Registered", "Owned", "Ranked Bot"), PASSWORD)
FORMAT = "gen9randombattle"


@pytest.fixture(scope="module")
def server() -> Iterator[ShowdownServer]:
    """A server as others run it: names are signed, and requests for battles are throttled."""
    settings = {
        "noguestsecurity": False,
        "nothrottle": False,
        "loginserverpublickey": key_pair().pem,
    }
    with ShowdownServer(settings=settings, ranks={"Ranked Bot": "+"}) as running:
        yield running


@pytest.fixture(scope="module")
def login_server() -> Iterator[LoginServer]:
    with LoginServer(PASSWORDS, key_pair()) as running:
        yield running


@contextmanager
def entered(url: str, *accounts: Account) -> Iterator[list[CheckedPlayer]]:
    """Players that are logged in."""
    made: list[Connection] = []
    try:
        for who in accounts:
            player = baseline("pokeenv_random", **player_options(url, who, FORMAT))
            connections.silence(player)
            made.append(Connection(player))
        log_in(made, [])
        yield [connection.player for connection in made]
    finally:
        for connection in made:
            connection.close()


def within(seconds: float, found: Callable[[], object]) -> bool:
    end = time.monotonic() + seconds
    while not found() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(found())


def refused(url: str, *accounts: Account) -> str:
    """Return the one line with which a login ends, which comes at once."""
    began = time.monotonic()
    with pytest.raises(LoginError) as caught, entered(url, *accounts):
        pass
    assert time.monotonic() - began < 10
    assert "\n" not in str(caught.value)
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


# -- what the server lets in ---------------------------------------------------------------


@pytest.mark.server
@pytest.mark.parametrize(
    ("name", "spelling", "password"),
    [
        ("Registered", "Registered", PASSWORD),
        ("Nobody 1", "Nobody 1", ""),
        ("Ranked Bot", "Ranked Bot", PASSWORD),
        ("[A] Bracket", "A Bracket", ""),
    ],
    ids=["password", "unregistered", "rank", "respelled by the server"],
)
def test_accounts_that_are_let_in(
    server: ShowdownServer, login_server: LoginServer, name: str, spelling: str, password: str
) -> None:
    with entered(server.url, Account(name, password, login_server.url)) as (player,):
        assert player.username == spelling
    sent = login_server.requests[-1]
    assert sent.get("pass", "") == password
    assert sent["act"] == ("login" if password else "getassertion")


@pytest.mark.server
def test_a_second_login_of_an_account_takes_the_spelling_of_the_first(
    server: ShowdownServer, login_server: LoginServer
) -> None:
    first = Account("Registered", PASSWORD, login_server.url)
    second = Account("REGISTERED", PASSWORD, login_server.url)
    with entered(server.url, first), entered(server.url, second) as (player,):
        assert player.username == "Registered"


@pytest.mark.server
def test_a_second_connection_of_a_player_logs_in_again(
    server: ShowdownServer, login_server: LoginServer
) -> None:
    who = Account("Ranked Bot", PASSWORD, login_server.url)
    with entered(server.url, who) as (player,):
        client: Any = player.ps_client
        first = client.websocket
        again = Connection(player)
        try:
            assert within(
                5, lambda: client.websocket is not first and player._named_on is not first
            )
            assert client.logged_in.is_set()
            assert player.refused == ""
        finally:
            again.close()


# -- what it refuses, in its own words ---------------------------------------------------


@pytest.mark.server
def test_a_wrong_password(server: ShowdownServer, login_server: LoginServer) -> None:
    said = refused(server.url, Account("Registered", "wrong", login_server.url))
    assert "refuses 'Registered': Wrong password." in said
    assert "server.password_env" in said


@pytest.mark.server
def test_a_registered_name_without_its_password(
    server: ShowdownServer, login_server: LoginServer
) -> None:
    said = refused(server.url, Account("Registered", "", login_server.url))
    assert "'Registered' is registered: give its password (server.password_env=VARIABLE)" in said


@pytest.mark.server
def test_a_name_in_use(server: ShowdownServer, login_server: LoginServer) -> None:
    who = Account("Used Name", "", login_server.url)
    with entered(server.url, who):
        said = refused(server.url, who)
    assert 'Someone is already using the name "Used Name".' in said
    assert "choose another server.username" in said


@pytest.mark.server
def test_a_name_that_nobody_signed(server: ShowdownServer) -> None:
    said = refused(server.url, Account("Nobody 2"))
    assert "Your authentication token was invalid." in said
    assert "give its login server (server.login_url)" in said


@pytest.mark.server
def test_a_login_server_that_this_server_does_not_trust(server: ShowdownServer) -> None:
    keys = key_pair()
    other = type(keys)(keys.modulus, keys.exponent - 2, keys.pem)
    with LoginServer(PASSWORDS, other) as elsewhere:
        said = refused(server.url, Account("Registered", PASSWORD, elsewhere.url))
    assert "Your verification signature was invalid." in said
    assert "not the login server that this server trusts" in said


@pytest.mark.server
def test_a_name_taken_away_by_its_owner(server: ShowdownServer, login_server: LoginServer) -> None:
    with (
        LoginServer({}, key_pair()) as careless,
        entered(server.url, Account("Owned", "", careless.url)) as (guest,),
        entered(server.url, Account("Owned", PASSWORD, login_server.url)),
    ):
        assert within(5, lambda: guest.refused)
        assert "has taken the name 'Owned' away" in guest.refused
        assert not guest.ps_client.logged_in.is_set()


# -- requests for battles ----------------------------------------------------------------


def ask(player: CheckedPlayer, message: str) -> None:
    client: Any = player.ps_client
    asyncio.run_coroutine_threadsafe(client.send_message(message), POKE_LOOP).result(5)


@pytest.mark.server
def test_a_challenge_that_came_too_early_says_how_long_to_wait(
    server: ShowdownServer, login_server: LoginServer
) -> None:
    ours = Account("Ranked Bot", PASSWORD, login_server.url)
    theirs = Account("Nobody 3", "", login_server.url)
    with entered(server.url, ours, theirs) as (own, rival):
        challenge = f"/challenge Nobody 3, {FORMAT}"
        ask(own, challenge)
        assert within(5, lambda: rival._challenge_queue.qsize() == 1)
        ask(own, "/cancelchallenge Nobody 3")
        ask(own, challenge)
        assert within(5, lambda: "less than 10 seconds after your last challenge" in own.said)
        assert own.refusal is not None
        assert own.refusal.wait == 10.5
        assert len(own.notices) == 1
        assert own._challenge_queue.qsize() == 0  # its own challenges come with its rank
        assert rival._challenge_queue.get_nowait() == "Ranked Bot"


@pytest.mark.server
@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (f"/challenge nobodyatall, {FORMAT}", "The user 'nobodyatall' was not found."),
        ("/challenge Nobody 4, gen9ou", "Your team was rejected for the following reason"),
        ("/challenge Nobody 4, gen9none", "Your selected format is invalid"),
    ],
    ids=["user", "team", "format"],
)
def test_a_refusal_is_known_at_once(
    server: ShowdownServer, login_server: LoginServer, request_: str, words: str
) -> None:
    names = (f"Asking {len(words)}", "Nobody 4")
    accounts = [Account(name, "", login_server.url) for name in names]
    with entered(server.url, *accounts) as (own, _):
        ask(own, request_)
        assert within(5, lambda: own.refusal)
        assert own.refusal is not None
        assert words in str(own.refusal)


# -- login servers that do not work ------------------------------------------------------


def html() -> Answer:
    return 200, {}, "<html><title>502</title>\n<h1>Bad\x1b[2J gateway</h1>"


def endless() -> Answer:
    return 200, {}, "x" * (1 << 20)


def slow() -> Answer:
    time.sleep(1.5)
    return 200, {}, ";"


ANSWERS: dict[str, tuple[Callable[[], Answer], str]] = {
    "a page": (html, "does not answer as a login server does: "),
    "nothing": (lambda: (200, {}, ""), "does not answer as a login server does: nothing"),
    "a megabyte": (endless, "does not answer as a login server does: xxx"),
    "a list": (lambda: (200, {}, "][1]"), "does not answer as a login server does: ][1]"),
    "nested": (lambda: (200, {}, "]" + "[" * 60000), "does not answer as a login server does"),
    "an error": (lambda: (500, {}, "Error: Internal"), "answers with status 500: Error: Internal"),
    "slow": (slow, "has not answered within 0.5 s"),
    "no assertion": (
        lambda: (200, {}, ']{"actionsuccess":true}'),
        "does not answer as a login server does",
    ),
    "a second line": (
        lambda: (200, {}, ']{"actionsuccess":true,"assertion":"a,b\\n|/logout;cd"}'),
        "does not answer as a login server does",
    ),
    "not accepted": (
        lambda: (200, {}, ']{"actionsuccess":false,"assertion":false}'),
        "refuses 'Registered': wrong password",
    ),
    "a name that is not allowed": (
        lambda: (200, {}, ']{"actionsuccess":true,"assertion":";;Your username is no more."}'),
        "refuses 'Registered': Your username is no more.",
    ),
    "the password": (
        lambda: (200, {}, "]" + json.dumps({"actionerror": f"{PASSWORD} is wrong"})),
        "refuses 'Registered': *** is wrong",
    ),
}


async def failure(who: Account) -> str:
    with pytest.raises(login.LoginServerError) as caught:
        await login.assertion(who, "4|abc")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
    assert "Geh" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("way", ANSWERS)
async def test_an_answer_that_cannot_be_used_is_one_line(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, words = ANSWERS[way]
    if way == "slow":
        monkeypatch.setattr(login, "ANSWER_SECONDS", 0.5)
    with LoginServer({}, instead=answer) as strange:
        said = await failure(Account("Registered", PASSWORD, strange.url))
        assert words in said
        assert f"the login server {strange.url.removesuffix('/action.php')} " in said
    if way not in ("not accepted", "the password", "a name that is not allowed"):
        with LoginServer({}, instead=answer) as strange:
            await failure(Account("Nobody", "", strange.url))


async def test_the_password_does_not_follow_a_redirection() -> None:
    with LoginServer({}) as elsewhere:
        with LoginServer({}, instead=lambda: (307, {"Location": elsewhere.url}, "")) as first:
            said = await failure(Account("Registered", PASSWORD, first.url))
        assert f"sends us elsewhere ({elsewhere.url})" in said
        assert elsewhere.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "login.invalid"])
async def test_a_login_server_that_is_down(host: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://{host}:{unused.getsockname()[1]}/action.php"
        said = await failure(Account("Registered", PASSWORD, address))
    assert f"the login server http://{host}:" in said
    assert "cannot be reached" in said
    assert "check server.login_url" in said


async def test_a_login_server_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "ANSWER_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"http://127.0.0.1:{mute.getsockname()[1]}/action.php"
        assert "has not answered within 0.3 s" in await failure(Account("x", PASSWORD, address))


async def test_without_a_login_server_nothing_is_signed() -> None:
    assert await login.assertion(Account("Registered", PASSWORD), "4|abc") == ""


async def test_a_challenge_that_is_none_is_not_signed() -> None:
    with LoginServer({}) as server:
        said = await failure(Account("Registered", PASSWORD, server.url))
        assert server.requests
        with pytest.raises(login.LoginServerError, match="sent no challenge"):
            await login.assertion(Account("Registered", PASSWORD, server.url), "")
        assert len(server.requests) == 1
    assert "Wrong password" in said


# -- settings ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"username": "two,three"}, "server.username=two,three: a name must not hold ','"),
        ({"username": "x" * 19}, "at most 18 letters"),
        ({"password_env": "P"}, "give server.username=NAME with it"),
        ({"login_url": "ws://x/action.php"}, "must start with http:// or https://"),
        (
            {"url": "ws://example.org/s", "username": "x", "password_env": "P"},
            "server.url=ws://example.org/s: a login with a password needs wss://",
        ),
        (
            {
                "url": "wss://example.org/s",
                "login_url": "http://example.org/action.php",
                "username": "x",
                "password_env": "P",
            },
            "server.login_url=http://example.org/action.php: a login with a password needs https",
        ),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ServerConfig(**settings)
    assert words in str(caught.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_on_this_machine_nobody_reads_along(host: str) -> None:
    ServerConfig(
        url=f"ws://{host}:8000/showdown/websocket",
        login_url=f"http://{host}/action.php",
        username="x",
        password_env="P",
    )


def test_the_password_goes_to_the_login_server_of_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("P", PASSWORD)
    named: dict[str, Any] = {"username": "x", "password_env": "P"}
    assert account(ServerConfig(**named), ours=True).login_url == ""
    elsewhere = ServerConfig(url="wss://h/s", **named)
    assert account(elsewhere, ours=True) == Account("x", PASSWORD, OFFICIAL_LOGIN)
    own = ServerConfig(url="wss://h/s", login_url="https://h/action.php", **named)
    assert account(own, ours=True) == Account("x", PASSWORD, "https://h/action.php")
    rival = account(own, ours=False)
    assert (rival.password, rival.login_url) == ("", "https://h/action.php")
    assert len(rival.name) <= 18
    assert account(ServerConfig(url="ws://h/s", username="x"), ours=True) == Account("x")
    assert PASSWORD not in repr(account(own, ours=True))


def test_a_password_in_place_of_its_variable_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("hunter2", raising=False)
    server = ServerConfig(url="wss://h/s", username="x", password_env="hunter2")
    with pytest.raises(ConfigError, match="no environment variable") as caught:
        account(server, ours=True)
    assert "hunter2" not in str(caught.value)


# -- whole runs ----------------------------------------------------------------------------


def arguments(server: ShowdownServer, login_server: LoginServer, *more: str) -> list[str]:
    return [
        "showdown", "llm=none", "agent=pokeenv_simple_heuristics", "opponent=pokeenv_random",
        "battles=1", f"server.url={server.url}", f"server.login_url={login_server.url}",
        "server.username=ranked bot", "server.password_env=BOT_PASSWORD", *more,
    ]  # fmt: skip


def words_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.server
@pytest.mark.slow
def test_a_battle_of_a_ranked_account_and_the_password_is_nowhere(
    server: ShowdownServer,
    login_server: LoginServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_PASSWORD", PASSWORD)
    assert main(arguments(server, login_server)) == 0
    said = capsys.readouterr()
    written = words_in(tmp_path).decode()
    assert "Battle 1 of 1" in said.out
    assert '"replay"' in written
    for form in (PASSWORD, json.dumps(PASSWORD), "Geh%22eim"):
        assert form not in said.out + said.err + written


@pytest.mark.server
@pytest.mark.slow
def test_a_wrong_password_is_one_line(
    server: ShowdownServer,
    login_server: LoginServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_PASSWORD", "wrong-password")
    assert main(arguments(server, login_server)) == 1
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "refuses 'ranked bot': Wrong password." in said.err
    assert "wrong-password" not in said.out + said.err + words_in(tmp_path).decode()
