"""Accounts that programs of others play on our local server: whether they are there, and the wait.

Such an account logs in at the local server's address and accepts challenges; it is asked for
nothing else, and knows nothing of us.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from plywise.arena.agents.kinds.external import ExternalSettings
from plywise.arena.showdown.connections import ServerUnreachableError
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.showdown import ShowdownConfig
from plywise.datasets.errors import ConfigError, PlywiseError
from plywise.games.showdown.messages import CheckedPlayer

_ANSWER_SECONDS = 10.0
_QUIET_SECONDS = 2.0  # of a wait, before a line is said: between battles there is always one


class AccountAbsentError(PlywiseError):
    """An external account has not come, or accepts no challenge, for longer than its patience."""


def external(entrant: AgentConfig) -> ExternalSettings | None:
    """Return the settings of an entrant that a program of others plays; None: it is ours."""
    return entrant if isinstance(entrant, ExternalSettings) else None


def external_opponent(config: ShowdownConfig) -> ExternalSettings | None:
    """Return the account that ``plywise showdown`` meets on its local server; None: there is none.

    Raises:
        ConfigError: an external account where none can play.
    """
    if external(config.agent) is not None:
        raise ConfigError("agent=external: such an account is an opponent; choose an agent of ours")
    account = external(config.opponent)
    if account is None:
        return None
    if config.mode != "local":
        raise ConfigError(
            f"opponent=external needs mode=local, not mode={config.mode}: there, user=NAME or "
            "challengers=[NAME] say whom we meet"
        )
    if config.server.url is not None:
        raise ConfigError(
            "opponent=external meets the account on a local server of this run: leave server.url "
            "out, or give mode=challenge user=NAME"
        )
    return account


def is_there(url: str, account: ExternalSettings) -> bool:
    """Return whether the account is logged in at our local server (``server_seeds.js``).

    Raises:
        ServerUnreachableError: the server does not answer.
    """
    answer = f"|plywisethere|{account.id}|"
    deadline = time.monotonic() + _ANSWER_SECONDS
    try:
        with connect(url, open_timeout=_ANSWER_SECONDS, close_timeout=1, proxy=None) as client:
            client.send(f"|/plywisethere {account.id}")
            while True:
                said = str(client.recv(timeout=max(0.0, deadline - time.monotonic())))
                found = next((x for x in said.split("\n") if x.startswith(answer)), None)
                if found is not None:
                    return found == f"{answer}1"
    except (TimeoutError, OSError, WebSocketException) as error:
        why = str(error) or "no answer in time"
        raise ServerUnreachableError(f"the server at {url} does not answer: {why}") from error


class Waiting:
    """The wait for one account: says once where it is to log in, and knows when to give it up.

    Args:
        account: the account.
        url: websocket address of the server.
        battle_format: format of the challenges.
        say: takes lines for people.
    """

    def __init__(
        self, account: ExternalSettings, url: str, battle_format: str, say: Callable[[str], None]
    ) -> None:
        self.account = account
        self._url = url
        self._format = battle_format
        self._say = say
        self._since: float | None = None
        self._said = False
        self._why = ""

    def goes_on(self, why: str, since: float | None = None) -> None:
        """Note that the account cannot be played with now.

        Args:
            why: the reason, which follows the account's name: "has not been logged in".
            since: monotonic time of the beginning; None: now, unless the wait goes on already.
        """
        if self._since is None:
            self._since = time.monotonic() if since is None else since
        if not self._said and time.monotonic() - self._since >= _QUIET_SECONDS:
            self._said = True
            self._say(
                f"Waiting for '{self.account.user}', {self.account.patience:g} s at most: it is to "
                f"log in at {self._url} (from this machine) and to accept challenges in "
                f"{self._format}"
            )
        self._why = why

    def ends(self) -> None:
        """Note that the account plays."""
        if self._said:
            self._say(f"'{self.account.user}' is there")
        self._since, self._said = None, False

    def look(self, own: CheckedPlayer, kept: str) -> None:
        """Note whether the account plays with our player, who challenges it.

        Raises:
            AccountAbsentError: its patience is over.
        """
        if own.running:
            self.ends()
            return
        there = self.account.id in own.challenging
        self.goes_on("has accepted no challenge" if there else "has not been logged in")
        if self.too_long:
            raise self.error(kept)

    @property
    def too_long(self) -> bool:
        """Whether its patience is over."""
        since = self._since
        return since is not None and time.monotonic() - since > self.account.patience

    def error(self, kept: str) -> AccountAbsentError:
        """Return what ends the run; ``kept`` says what becomes of the results."""
        return AccountAbsentError(
            f"'{self.account.user}' {self._why} for {self.account.patience:g} s at {self._url} "
            f"({kept})"
        )
