"""Settings of tournaments and of their reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from omegaconf import MISSING

from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import LLMGroup
from plywise.conf.schemas.ratings import RatingPrior
from plywise.conf.schemas.search import SearchGroup
from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import MOST_PROCESSES, Settings, setting


@dataclass
class SPRTGroup(Settings):
    """Sequential test of two agents, which stops a match early (``arena/ratings/sprt.py``)."""

    PREFIX: ClassVar[str] = "tournament.sprt."

    elo0: float = setting(0.0, "H0: the first agent's Elo above the second's")
    elo1: float | None = setting(None, "H1: the same; null: no test, all pairs are played")
    alpha: float = setting(0.05, "rate of accepting H1 if H0 is true, below 0.5")
    beta: float = setting(0.05, "rate of accepting H0 if H1 is true, below 0.5")
    model: str = setting("normalized", "scale of Elo there", choices=("normalized", "logistic"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.elo1 is not None and self.elo1 <= self.elo0:
            raise ConfigError(
                f"tournament.sprt.elo1={self.elo1:g}: must be greater than elo0={self.elo0:g}"
            )
        for key, value in (("alpha", self.alpha), ("beta", self.beta)):
            if not 0 < value < 0.5:
                raise ConfigError(f"tournament.sprt.{key}={value:g}: must lie between 0 and 0.5")


@dataclass
class TournamentServer(Settings):
    """The local server of ``tournament.executor=showdown``, where accounts of others may log in."""

    PREFIX: ClassVar[str] = "tournament.server."

    port: int | None = setting(
        None, "its port, on this machine only; null: any free one", low=1, high=65535
    )
    timer: bool = setting(True, "the server's timer runs in battles of external entrants")
    seconds: int | None = setting(
        None,
        "time of each player there, and to reconnect; null: Showdown's own in challenges, 300 s",
        low=10,
        high=86400,
    )


@dataclass
class TournamentGroup(RatingPrior):
    """Pairings, and where their games are played."""

    PREFIX: ClassVar[str] = "tournament."

    pairing: str = setting(
        "round_robin",
        "each against each; gauntlet: the first agent against each other one; ladder: neighbours "
        "in the standings, after every round",
        choices=("round_robin", "gauntlet", "ladder"),
    )
    pairs: int = setting(
        20, "pairs of games of every pairing, with the same seed and sides swapped; ladder: rounds",
        low=1,
    )  # fmt: skip
    seed: int = setting(0, "seed of the first pair; the next pairs count up")
    openings: int = setting(
        0, "random actions at the start of each game, the same in both games of a pair", low=0
    )
    executor: str = setting(
        "local",
        "where games are played: worker processes (local), this process (inline), a Ray cluster, "
        "or workers with a Showdown server each",
        choices=("local", "inline", "ray", "showdown"),
    )
    jobs: int | None = setting(
        None,
        "games at once; null: one for each core (with the embedded model: 1)",
        low=1,
        high=MOST_PROCESSES,
    )
    ray_address: str | None = setting(
        None, "address of a Ray cluster; null: one started on this machine"
    )
    timeout: float | None = setting(None, "seconds that one game may take; null: any", above=0)
    retries: int = setting(2, "retries of an aborted game", low=0)
    faults_lose: bool = setting(
        False, "a game aborted every time is lost by the agent at fault; else it has no result"
    )
    record: str | None = setting(
        None,
        "SQLite file of all games; null: one in outputs/records that belongs to these settings, so "
        "that the same command continues",
        path=True,
    )
    trace: bool = setting(True, "keep each decision's values and advice for the report")
    replays: int = setting(200, "games with values and advice in the report, spread evenly", low=0)
    sprt: SPRTGroup = field(default_factory=SPRTGroup)
    server: TournamentServer = field(default_factory=TournamentServer)
    anchor: str | None = setting(
        None, "agent whose rating is fixed; null: random if it plays, else the mean is"
    )
    anchor_rating: float = setting(0.0, "the fixed rating, in Elo")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.openings and self.executor == "showdown":
            raise ConfigError(
                f"tournament.openings={self.openings}: none with tournament.executor=showdown "
                "(battles differ by their seeds)"
            )
        if self.executor != "showdown" and self.server != TournamentServer():
            raise ConfigError("tournament.server: its settings need tournament.executor=showdown")

    def sequential_test(self) -> SPRTGroup | None:
        """Return ``sprt`` where it is asked for."""
        return None if self.sprt.elo1 is None else self.sprt


@dataclass
class ReportConfig(Settings):
    """Settings of ``plywise report``."""

    record: str = setting(MISSING, "SQLite file of a tournament", path=True)
    trusted_game: str | None = setting(
        None, "given as game=path:FILE.py: the file of the record's game, which runs only if named"
    )
    out: str | None = setting(
        None, "page to write; null: beside the record, with .html at its end", path=True
    )
    replays: int | None = setting(
        None, "games with values and advice in the page; null: as in the tournament", low=0
    )


@dataclass
class LuckConfig(Settings):
    """Settings of ``plywise luck``."""

    record: str = setting(MISSING, "SQLite file of a tournament", path=True)
    trusted_game: str | None = setting(
        None, "given as game=path:FILE.py: the file of the record's game, which runs only if named"
    )
    iterations: int = setting(
        100,
        "iterations of the search whose value judges a state, all cards open; 0: the rules' static "
        "evaluation, much faster",
        low=0, high=1_000_000,
    )  # fmt: skip
    samples: int = setting(16, "samples of what each step might have led to", low=1, high=100_000)
    seed: int = setting(1, "seed of the samples", low=0)
    jobs: int = setting(1, "processes", low=1, high=MOST_PROCESSES)


@dataclass
class TournamentConfig(Settings):
    """Settings of ``plywise tournament``."""

    game: GameConfig = setting(MISSING, "the game", option="connect_four")
    search: SearchGroup = setting(MISSING, "how agents search", option="alphabeta")
    llm: LLMGroup = setting(MISSING, "the language model", option="none")
    tournament: TournamentGroup = setting(
        MISSING, "pairings, and where games are played", option="standard"
    )
    agents: list[Any] = setting(
        ["random", "search"],
        "names, or mappings such as {name: search, seconds: 0.1, label: quick, search: "
        "{table_bits: 16}}",
    )
