"""Connections of poke-env players to a Showdown server: options, login, and the way out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from poke_env import AccountConfiguration, ServerConfiguration
from poke_env.battle import AbstractBattle
from poke_env.player import Player
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from plywise.datasets.address_secrets import mask, reveal
from plywise.datasets.errors import PlywiseError
from plywise.games.showdown.login import Account
from plywise.games.showdown.messages import CheckedPlayer
from plywise.games.showdown.names import user_id
from plywise.games.showdown.player import PlywisePlayer
from plywise.games.showdown.session.reconnect import StandingConnection

log = logging.getLogger(__name__)

LOGIN_SECONDS = 60.0
_LEAVE_SECONDS = 2.0
GREETING_SECONDS = 15.0  # from the connection to the first words of a server


class ServerUnreachableError(PlywiseError):
    """Nothing answers at ``server.url``, or it is no Showdown server."""


class BattleServerLostError(PlywiseError):
    """The Showdown server died, or the connection to it broke, while battles ran."""


class LoginError(PlywiseError):
    """The server did not let a player in."""


def probe(url: str) -> None:
    """Make sure that a Showdown server answers at ``url``.

    Raises:
        ServerUnreachableError: with the reason in words.
    """
    try:
        with connect(reveal(url, "server.url"), open_timeout=10, close_timeout=2) as client:
            client.recv(timeout=GREETING_SECONDS)
    except (TimeoutError, OSError, WebSocketException) as error:
        why = mask(str(error)) or "no answer in time"
        raise ServerUnreachableError(
            f"no Showdown server answers at {url} ({why}); check server.url, or leave it out for "
            "a local server"
        ) from error


def player_options(url: str, who: Account, battle_format: str) -> dict[str, Any]:
    """Return the options that all our poke-env players have in common.

    The login is ours (``games/showdown/login.py``): poke-env gets no password and no login server.
    """
    return {
        "account": who,
        "account_configuration": AccountConfiguration(who.name, None),
        "battle_format": battle_format,
        "server_configuration": ServerConfiguration(reveal(url, "server.url"), ""),
        "log_level": logging.WARNING,
        "start_listening": False,
    }


def silence(player: Player) -> None:
    """Remove the handler that writes on the terminal, which poke-env gives each player."""
    for handler in list(player.logger.handlers):
        player.logger.removeHandler(handler)


class Connection(StandingConnection):
    """A player's connection to the server, opened when this is made; the login follows by itself.

    Attributes:
        player: poke-env player.
    """

    def __init__(
        self,
        player: CheckedPlayer,
        *,
        patience: float = 0.0,
        report: Callable[[str], None] = log.warning,
    ) -> None:
        super().__init__(player, patience=patience, report=report)
        self.player = player

    def close(self, seconds: float = _LEAVE_SECONDS) -> None:
        """Close the connection and end the player's threads."""
        super().close(seconds)
        if isinstance(self.player, PlywisePlayer):
            self.player.close()


def log_in(connections: Sequence[Connection], died: Sequence[str]) -> None:
    """Wait until all players are logged in; ``died`` receives the reason if the server dies.

    Raises:
        BattleServerLostError: the server has died.
        ServerUnreachableError: it closed a connection.
        LoginError: it does not let a player in.
    """
    deadline = time.monotonic() + LOGIN_SECONDS
    for connection in connections:
        player = connection.player
        while not player.ps_client.logged_in.is_set():
            if died:
                raise BattleServerLostError(died[0])
            refused = next((c.player.refused for c in connections if c.player.refused), "")
            if refused:
                raise LoginError(refused)
            if not connection.open:
                raise ServerUnreachableError(
                    "the Showdown server closed the connection before the login"
                    f"{said_by(connections) or '; see the log'}"
                )
            if time.monotonic() > deadline:
                raise LoginError(
                    f"'{player.username}' could not log in within {LOGIN_SECONDS:.0f} s: is it a "
                    f"Showdown server (server.url)?{said_by(connections)}"
                )
            time.sleep(0.02)


def result_of(battle: AbstractBattle, player: Player) -> float | None:
    """Return the result of an ended battle for the player that saw it; None: nobody's victory."""
    if isinstance(player, CheckedPlayer) and battle.battle_tag in player.without_result:
        return None
    return {True: 1.0, False: -1.0, None: 0.0}[battle.won]


def out_of_time(battle: AbstractBattle, username: str) -> str:
    """Return who lost a battle on the server's timer: "we were", "the opponent was" or ""."""
    for event in battle._replay_data:
        text = event[2] if len(event) > 2 and event[1] == "-message" else ""
        name, lost, _ = text.partition(" lost due to inactivity.")
        if lost:
            return "we were" if user_id(name) == user_id(username) else "the opponent was"
    return ""


def said_by(connections: Sequence[Connection]) -> str:
    """Return the server's last words to the players, for the end of a message; "" none."""
    words = next((c.player.said for c in connections if c.player.said), "")
    return f" (the server said: {words})" if words else ""
