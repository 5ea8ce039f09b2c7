"""Settings of battles on a Showdown server."""

from __future__ import annotations

from dataclasses import dataclass, field

from omegaconf import MISSING

from plywise.conf.checks import above as _above
from plywise.conf.checks import at_least as _at_least
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import LLMGroup
from plywise.conf.schemas.search import SearchConfig
from plywise.datasets.errors import ConfigError


@dataclass
class ServerConfig:
    """Which Showdown server: null ``url``: a local one of our own, ended with the command.

    Attributes:
        url: websocket address, for example ``ws://127.0.0.1:8000/showdown/websocket``.
        username: our account there; null: a fresh name, as a local server allows.
        password_env: name of the environment variable with that account's password.
        timer: ask for the server's timer in every battle.
        start_timeout: seconds that a local server may take to come up.
    """

    url: str | None = None
    username: str | None = None
    password_env: str | None = None
    timer: bool = False
    start_timeout: float = 120.0

    def __post_init__(self) -> None:
        """Check the address and the account."""
        if self.password_env is not None and self.username is None:
            raise ConfigError(
                f"server.password_env={self.password_env}: give server.username=NAME with it"
            )
        _above("server.start_timeout", self.start_timeout, 0)
        if self.url is not None and not self.url.startswith(("ws://", "wss://")):
            raise ConfigError(
                f"server.url={self.url}: must start with ws:// or wss:// "
                "(for example ws://127.0.0.1:8000/showdown/websocket)"
            )


@dataclass
class ShowdownConfig:
    """``plywise showdown``: battles on a Pokémon Showdown server.

    Attributes:
        battles: how many.
        concurrency: how many at once.
        workers: decisions of one player that may run at once (each takes a core).
        stall_seconds: without any sign of life for so long the run ends with an error.
    """

    game: GameConfig = MISSING
    agent: AgentConfig = MISSING
    opponent: AgentConfig = MISSING
    search: SearchConfig = MISSING
    llm: LLMGroup = MISSING
    server: ServerConfig = field(default_factory=ServerConfig)
    battles: int = 3
    concurrency: int = 1
    workers: int = 1
    stall_seconds: float = 300.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        _at_least("battles", self.battles, 1)
        _at_least("concurrency", self.concurrency, 1)
        _at_least("workers", self.workers, 1)
        _above("stall_seconds", self.stall_seconds, 0)
