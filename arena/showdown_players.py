"""Makes the two poke-env players of a match: our agents, or poke-env's own baselines."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plywise.conf.schema import AgentConfig, ServerConfig, ShowdownConfig
from plywise.datasets.errors import ConfigError, PlywiseError

if TYPE_CHECKING:
    from poke_env import AccountConfiguration, ServerConfiguration
    from poke_env.player import Player

    from plywise.arena.agents import Agent
    from plywise.games.showdown.player import DecisionRecord

LOGIN_SERVER = "https://play.pokemonshowdown.com/action.php?"


class ServerUnreachableError(PlywiseError):
    """Nothing answers at ``server.url``, or it is no Showdown server."""


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
    from poke_env import ServerConfiguration

    connection: ServerConfiguration = ServerConfiguration(url, LOGIN_SERVER)
    options: dict[str, Any] = {
        "account_configuration": account(config.server, ours=ours),
        "battle_format": config.game.name,
        "server_configuration": connection,
        "max_concurrent_battles": config.concurrency,
        "save_replays": str(replays) if replays is not None else False,
        "log_level": logging.WARNING,
        "start_listening": False,
    }
    player: Player
    if agent is None:
        player = _baseline(who.name)(**options)
    else:
        from plywise.games.showdown.player import PlywisePlayer

        player = PlywisePlayer(
            agent=agent,
            seed=config.seed + (0 if ours else 1),
            on_decision=on_decision,
            workers=config.workers,
            **options,
        )
    # poke-env gives each player a handler that writes on the terminal; our log file is enough.
    for handler in list(player.logger.handlers):
        player.logger.removeHandler(handler)
    player.logger.addHandler(ErrorCounter(on_error))
    return player


def _baseline(name: str) -> Callable[..., Player]:
    from poke_env.player import MaxBasePowerPlayer, RandomPlayer, SimpleHeuristicsPlayer

    return {
        "pokeenv_random": RandomPlayer,
        "pokeenv_max_base_power": MaxBasePowerPlayer,
        "pokeenv_simple_heuristics": SimpleHeuristicsPlayer,
    }[name]


def listen(player: Player) -> Future[None]:
    """Connect the player, which logs in by itself; the future ends with the connection."""
    from poke_env.concurrency import POKE_LOOP

    client: Any = player.ps_client  # its coroutines are not typed
    return asyncio.run_coroutine_threadsafe(client.listen(), POKE_LOOP)
