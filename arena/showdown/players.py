"""Makes the two poke-env players of a match: our agents, or poke-env's own baselines."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.showdown import ServerConfig, ShowdownConfig
from plywise.datasets.errors import ConfigError, PlywiseError

if TYPE_CHECKING:
    from poke_env import AccountConfiguration, ServerConfiguration
    from poke_env.battle import AbstractBattle
    from poke_env.player import Player

    from plywise.arena.agents.spec import Agent
    from plywise.games.showdown.player import DecisionRecord

log = logging.getLogger(__name__)

LOGIN_SECONDS = 60.0
LOGIN_SERVER = "https://play.pokemonshowdown.com/action.php?"


class ServerUnreachableError(PlywiseError):
    """Nothing answers at ``server.url``, or it is no Showdown server."""


class BattleServerLostError(PlywiseError):
    """The Showdown server died, or the connection to it broke, while battles ran."""


class LoginError(PlywiseError):
    """The server did not let a player in."""


class ErrorCounter(logging.Handler):
    """Reports the exceptions that poke-env logs instead of raising them.

    A closed connection is left out: it is noticed and reported as such.
    """

    def __init__(self, on_error: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._on_error = on_error

    def emit(self, record: logging.LogRecord) -> None:
        """Report an exception by its type and text."""
        from websockets.exceptions import ConnectionClosed

        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, ConnectionClosed):
            self._on_error(f"{type(error).__name__}: {error}")


def probe(url: str) -> None:
    """Make sure that a Showdown server answers at ``url``.

    Raises:
        ServerUnreachableError: with the reason in words.
    """
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect

    try:
        with connect(url, open_timeout=10, close_timeout=2) as client:
            client.recv(timeout=15)
    except (TimeoutError, OSError, WebSocketException) as error:
        why = str(error) or "no answer in time"
        raise ServerUnreachableError(
            f"no Showdown server answers at {url} ({why}); check server.url, or leave it out for "
            "a local server"
        ) from error


def account(server: ServerConfig, *, ours: bool) -> AccountConfiguration:
    """Return who logs in: the named account for our side, else a fresh name without password.

    Raises:
        ConfigError: the variable that should hold the password is empty.
    """
    from poke_env import AccountConfiguration

    if ours and server.username is not None:
        password = None
        if server.password_env is not None:
            password = os.environ.get(server.password_env)
            if not password:
                raise ConfigError(
                    f"server.password_env={server.password_env}: that variable is not set"
                )
        return AccountConfiguration(server.username, password)
    # A name may be taken on a shared server, so it ends in something random.
    return AccountConfiguration(f"{'plywise' if ours else 'rival'} {secrets.token_hex(3)}", None)


def make_player(
    config: ShowdownConfig,
    who: AgentConfig,
    *,
    ours: bool,
    url: str,
    agent: Agent | None,
    replays: Path | None,
    on_decision: Callable[[DecisionRecord], None] | None,
    on_error: Callable[[str], None],
) -> Player:
    """Return a player that does not listen yet (see :func:`listen`).

    ``agent`` decides for it; None for poke-env's own players, chosen by ``who.name``.
    """
    options = connection(url, account(config.server, ours=ours), config.game.name) | {
        "max_concurrent_battles": config.concurrency,
        "save_replays": str(replays) if replays is not None else False,
        "start_timer_on_battle_start": config.server.timer,
    }
    player: Player
    if agent is None:
        from plywise.games.showdown.baselines import baseline

        player = baseline(who.name, **options)
    else:
        from plywise.games.showdown.player import PlywisePlayer

        player = PlywisePlayer(
            agent=agent,
            seed=config.seed + (0 if ours else 1),
            on_decision=on_decision,
            workers=config.workers,
            **options,
        )
    hush(player)
    player.logger.addHandler(ErrorCounter(on_error))
    return player


def connection(url: str, who: AccountConfiguration, battle_format: str) -> dict[str, Any]:
    """Return what every poke-env player of ours is made with."""
    from poke_env import ServerConfiguration

    server: ServerConfiguration = ServerConfiguration(url, LOGIN_SERVER)
    return {
        "account_configuration": who,
        "battle_format": battle_format,
        "server_configuration": server,
        "log_level": logging.WARNING,
        "start_listening": False,
    }


def hush(player: Player) -> None:
    """Take away the handler that writes on the terminal, which poke-env gives each player."""
    for handler in list(player.logger.handlers):
        player.logger.removeHandler(handler)


def listen(player: Player) -> Future[None]:
    """Connect the player, which logs in by itself; the future ends with the connection."""
    from poke_env.concurrency import POKE_LOOP

    client: Any = player.ps_client  # its coroutines are not typed
    return asyncio.run_coroutine_threadsafe(client.listen(), POKE_LOOP)


@dataclass(frozen=True)
class Seat:
    """A player and its connection to the server."""

    player: Player
    connection: Future[None]

    @property
    def connected(self) -> bool:
        """Whether the connection still stands."""
        return not self.connection.done()


def log_in(seats: Sequence[Seat], died: Sequence[str]) -> None:
    """Wait until all players are logged in; ``died`` receives the reason if the server dies.

    Raises:
        BattleServerLostError: the server has died.
        ServerUnreachableError: it closed a connection.
        LoginError: it does not let a player in.
    """
    deadline = time.monotonic() + LOGIN_SECONDS
    for seat in seats:
        while not seat.player.ps_client.logged_in.is_set():
            if died:
                raise BattleServerLostError(died[0])
            if not seat.connected:
                raise ServerUnreachableError(
                    "the Showdown server closed the connection before the login; see the log"
                )
            if time.monotonic() > deadline:
                raise LoginError(
                    f"'{seat.player.username}' could not log in within {LOGIN_SECONDS:.0f} s: is "
                    "the name taken, or does it need a password (server.username, "
                    "server.password_env)?"
                )
            time.sleep(0.02)


def leave(seat: Seat) -> None:
    """Close the player's connection and end its threads."""
    from poke_env.concurrency import POKE_LOOP

    client: Any = seat.player.ps_client  # its coroutines are not typed
    if seat.connected and hasattr(client, "websocket"):
        leaving = asyncio.run_coroutine_threadsafe(client.stop_listening(), POKE_LOOP)
        try:
            leaving.result(timeout=2)
        except TimeoutError:
            log.warning("%s: the connection did not close within 2 s", client.username)
    seat.connection.cancel()
    close = getattr(seat.player, "close", None)  # ours has worker threads, a baseline has none
    if close is not None:
        close()


def result_of(battle: AbstractBattle) -> float:
    """Return the result of an ended battle for the player that saw it."""
    return {True: 1.0, False: -1.0, None: 0.0}[battle.won]
