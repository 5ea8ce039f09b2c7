"""Settings of battles on a Showdown server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from omegaconf import MISSING

from plywise.conf.schemas.addresses import check_address
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import LLMGroup
from plywise.conf.schemas.search import SearchGroup
from plywise.datasets.address_secrets import stays_private
from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import MOST_PROCESSES, Settings, setting
from plywise.games.showdown.names import name_fault

OFFICIAL_LOGIN = "https://play.pokemonshowdown.com/action.php"

MODES = ("local", "serve", "accept", "challenge", "ladder", "advise")
_SAYABLE = re.compile(r"(?![/!\s])[^\x00-\x1f\x7f-\x9f|]{1,300}")


@dataclass
class ServerConfig(Settings):
    """The Showdown server, and the account there."""

    PREFIX: ClassVar[str] = "server."

    url: str | None = setting(
        None, "ws://HOST:PORT/showdown/websocket; null: a local server for this run"
    )
    login_url: str | None = setting(
        None,
        "action.php of the login server, which signs names; null: names are not signed, and a "
        "password goes to the official one",
    )
    username: str | None = setting(None, "name of the account; null: a new name")
    password_env: str | None = setting(
        None, "environment variable that holds the account's password"
    )
    timer: bool = setting(False, "ask for the server's timer in every battle")
    port: int | None = setting(
        None, "port of a local server, on this machine only; null: any free one", low=1, high=65535
    )
    patience: float = setting(
        60.0, "seconds for which a lost server is waited for; 0: not at all", low=0
    )
    start_timeout: float = setting(120.0, "seconds that a local server may take to start", above=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_address(
            "server.url", self.url, ("ws", "wss"), "ws://127.0.0.1:8000/showdown/websocket"
        )
        check_address("server.login_url", self.login_url, ("http", "https"), OFFICIAL_LOGIN)
        if self.username is not None and (fault := name_fault(self.username)):
            raise ConfigError(f"server.username={self.username}: {fault}")
        if self.password_env is None:
            return
        if self.username is None:
            raise ConfigError("server.password_env: give server.username=NAME with it")
        for key, address, safe in (
            ("url", self.url, "wss"),
            ("login_url", self.login_url, "https"),
        ):
            if address is not None and not stays_private(address):
                raise ConfigError(
                    f"server.{key}={address}: a login with a password needs {safe}://, for others "
                    "on the way can read this"
                )

    @property
    def signed_by(self) -> str | None:
        """The login server that is asked; None: none, as for this run's own local server."""
        if self.url is None:
            return None
        if self.login_url is None and self.password_env is not None:
            return OFFICIAL_LOGIN
        return self.login_url


@dataclass
class ShowdownConfig(Settings):
    """Settings of ``plywise showdown``."""

    game: GameConfig = setting(MISSING, "the game", option="gen9randombattle")
    search: SearchGroup = setting(MISSING, "how agents search", option="simultaneous")
    agent: AgentConfig = setting(MISSING, "our player", option="llm_search")
    opponent: AgentConfig = setting(MISSING, "the other player", option="pokeenv_simple_heuristics")
    llm: LLMGroup = setting(MISSING, "the language model", option="embedded")
    mode: str = setting(
        "local",
        "local: two players of ours; serve: waits on a local server for challenges; accept, "
        "challenge, ladder: plays on the server at server.url; advise: advises a person there, on "
        "the same account",
        choices=MODES,
    )
    user: str | None = setting(None, "mode=challenge: name of the account to challenge")
    challengers: list[str] = setting(
        [], "names whose challenges are accepted (mode=serve, accept); []: anybody's"
    )
    battles: int | None = setting(3, "battles to play; 0 or null: until it is stopped", low=0)
    concurrency: int = setting(1, "battles at once", low=1, high=MOST_PROCESSES)
    workers: int = setting(
        1, "decisions of one player at once; each takes a core", low=1, high=MOST_PROCESSES
    )
    stall_seconds: float = setting(
        300.0,
        "seconds without a message after which the run ends with an error, where it is not for "
        "others to act (mode=local; mode=challenge before a battle)",
        above=0,
    )
    seed: int = setting(0, "seed of the agents' decisions")
    greeting: str | None = setting(
        None, "said in the chat when a battle begins; null: nothing is ever said"
    )
    server: ServerConfig = setting(ServerConfig, "the server and the account", option="local")

    def __post_init__(self) -> None:
        super().__post_init__()
        elsewhere = self.mode not in ("local", "serve")
        if elsewhere and self.server.url is None:
            raise ConfigError(
                f"mode={self.mode} is for a server that runs already: give its server.url "
                "(mode=serve starts one here and waits for challenges)"
            )
        if self.mode == "serve" and self.server.url is not None:
            raise ConfigError(
                "mode=serve starts a server on this machine: leave server.url out, or give "
                "mode=accept"
            )
        if self.mode == "advise":
            self._check_adviser()
        if (self.mode == "challenge") != (self.user is not None):
            raise ConfigError("mode=challenge and user=NAME go together: give both or neither")
        if self.greeting is not None and not _SAYABLE.fullmatch(self.greeting):
            raise ConfigError(
                "greeting must be one line of at most 300 characters that is no command (it begins "
                "with neither / nor !)"
            )

    def _check_adviser(self) -> None:
        if self.server.username is None or self.server.password_env is None:
            raise ConfigError(
                "mode=advise logs in beside you: give server.username=NAME and "
                "server.password_env=VARIABLE of your registered account (a server lets no other "
                "be shared)"
            )
        if self.server.timer or self.greeting is not None:
            raise ConfigError(
                "mode=advise sends nothing to a battle: leave server.timer and greeting out"
            )
