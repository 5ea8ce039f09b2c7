"""Settings of battles on a Showdown server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from omegaconf import MISSING

from plywise.conf.schemas.addresses import check_address
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import LLMGroup
from plywise.conf.schemas.search import SearchGroup
from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import MOST_PROCESSES, Settings, setting


@dataclass
class ServerConfig(Settings):
    """The Showdown server, and the account there."""

    PREFIX: ClassVar[str] = "server."

    url: str | None = setting(
        None, "ws://HOST:PORT/showdown/websocket; null: a local server for this run"
    )
    username: str | None = setting(None, "name of the account; null: a new name")
    password_env: str | None = setting(
        None, "environment variable that holds the account's password"
    )
    timer: bool = setting(False, "ask for the server's timer in every battle")
    start_timeout: float = setting(120.0, "seconds that a local server may take to start", above=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.password_env is not None and self.username is None:
            raise ConfigError(
                f"server.password_env={self.password_env}: give server.username=NAME with it"
            )
        example = "ws://127.0.0.1:8000/showdown/websocket"
        check_address("server.url", self.url, ("ws", "wss"), example)


@dataclass
class ShowdownConfig(Settings):
    """Settings of ``plywise showdown``."""

    game: GameConfig = setting(MISSING, "the game", option="gen9randombattle")
    search: SearchGroup = setting(MISSING, "how agents search", option="simultaneous")
    agent: AgentConfig = setting(MISSING, "our player", option="llm_search")
    opponent: AgentConfig = setting(MISSING, "the other player", option="pokeenv_simple_heuristics")
    llm: LLMGroup = setting(MISSING, "the language model", option="embedded")
    battles: int = setting(3, "battles to play", low=1)
    concurrency: int = setting(1, "battles at once", low=1, high=MOST_PROCESSES)
    workers: int = setting(
        1, "decisions of one player at once; each takes a core", low=1, high=MOST_PROCESSES
    )
    stall_seconds: float = setting(
        300.0, "seconds without a message after which the run ends with an error", above=0
    )
    seed: int = setting(0, "seed of the agents' decisions")
    server: ServerConfig = field(default_factory=ServerConfig)
