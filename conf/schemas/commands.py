"""Settings of the commands ``selfplay``, ``fit``, ``solve``, ``models``, ``team``, ``data``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from omegaconf import MISSING

from plywise.conf.schemas.addresses import check_address
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import LLMGroup
from plywise.conf.schemas.search import SearchGroup
from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import MOST_PROCESSES, Settings, setting


@dataclass
class SelfplayConfig(Settings):
    """Settings of ``plywise selfplay`` (docs/SELFPLAY.md)."""

    game: GameConfig = setting(MISSING, "the game", option="connect_four")
    search: SearchGroup = setting(MISSING, "how the agent searches", option="alphabeta")
    agent: AgentConfig = setting(MISSING, "the agent that plays both sides", option="search")
    llm: LLMGroup = setting(MISSING, "the language model", option="none")
    games: int = setting(100, "games to play", low=1)
    seed: int = setting(0, "seed of the first game; the next ones count up", low=0)
    jobs: int = setting(1, "processes", low=1, high=MOST_PROCESSES)
    out: str | None = setting(None, ".npz file to write; null: one in the run's folder", path=True)
    openings: int = setting(
        2, "random actions at the start, so that games of a deterministic agent differ", low=0
    )


@dataclass
class FitConfig(Settings):
    """Settings of ``plywise fit``.

    ``evaluation`` and ``policy`` fit the weights of battle values and of the priors, ``branches``
    counts how often the engine's branches are taken; all by self-play.  ``opponent`` fits an
    opponent model to a table of decisions (docs/DATA.md).
    """

    what: str = setting(
        "evaluation", "what to fit", choices=("evaluation", "policy", "branches", "opponent")
    )
    table: str | None = setting(
        None, "opponent: folder of decisions, as plywise data replays writes it", path=True
    )
    worlds: int = setting(4, "opponent: sampled states of each decision", low=1, high=64)
    styles: int = setting(6, "opponent: styles of players", low=1, high=32)
    battles: int = setting(
        2000, "battles to play, a tenth of them tests a fit of weights; opponent: to read, at most",
        low=20,
    )  # fmt: skip
    iterations: int = setting(300, "iterations of the search, for each decision", low=1)
    seed: int = setting(0, "seed of the battles")
    jobs: int = setting(1, "processes (evaluation and policy)", low=1, high=MOST_PROCESSES)
    ridge: float = setting(
        50.0, "penalty on the squared weights (opponent: on what differs from the static policy)",
        low=0,
    )  # fmt: skip
    out: str | None = setting(None, "file of the weights; null: one in the run's folder", path=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.what == "opponent") != (self.table is not None):
            raise ConfigError(
                "which decisions? plywise fit opponent table=FOLDER"
                if self.table is None
                else f"table={self.table}: only 'fit opponent' reads decisions"
            )
        if self.what == "branches":
            for name in ("jobs", "ridge"):
                if getattr(self, name) != getattr(FitConfig, name):
                    raise ConfigError(
                        f"{name}={getattr(self, name)}: branches are counted in one process, and "
                        "have no weights"
                    )


@dataclass
class SolveConfig(Settings):
    """Settings of ``plywise solve``.

    A line of the file is a position, as the columns or squares played (1 … 9), and optionally its
    score; the last line printed is JSON.
    """

    what: str = setting("connect_four", "the game", choices=("connect_four", "tic_tac_toe"))
    file: str = setting(MISSING, "text file, one position a line", path=True)
    best: bool = setting(True, "find all moves that keep the score (their time is not counted)")
    rows: int = setting(6, "connect_four: rows of the board", low=1)
    columns: int = setting(7, "connect_four: columns of the board", low=4, high=9)
    table_bits: int = setting(
        23, "connect_four: logarithm to base 2 of the table's entries, 8 bytes each",
        low=12, high=30,
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.rows + 1) * self.columns > 64:
            raise ConfigError(
                f"rows={self.rows} columns={self.columns}: (rows + 1) * columns must not exceed 64"
            )


@dataclass
class ModelsConfig(Settings):
    """Settings of ``plywise models``.

    ``plywise models list`` prints the model files that ``llm=embedded`` knows by name, and where
    they are; ``plywise models fetch NAME`` downloads one, and resumes a download that was broken.
    """

    what: str = setting("list", "what to do", choices=("list", "fetch"))
    name: str | None = setting(None, "model to fetch")
    hub: str | None = setting(
        None, "address of the model hub; null: $HF_ENDPOINT, else the public one"
    )
    folder: str | None = setting(
        None, "folder of the files; null: one in the user's cache folder", path=True
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.what == "fetch" and self.name is None:
            raise ConfigError("which model? plywise models fetch NAME (plywise models lists them)")
        check_address("hub", self.hub, ("http", "https"), "https://hub.example")


@dataclass
class TeamConfig(Settings):
    """Settings of ``plywise team``.

    ``plywise team check FILE`` asks Showdown's own validator whether the teams of a file or folder
    are legal; ``plywise team make`` writes legal teams, drawn from the sets that people play.
    """

    what: str = setting("check", "what to do", choices=("check", "make"))
    file: str | None = setting(
        None, "check: file or folder of teams (export text, packed text, JSON)", path=True
    )
    format: str | None = setting(
        None, "format of the teams; null: the one that a checked file names, else gen9ou"
    )
    seed: int = setting(0, "make: seed of the teams", low=0)
    count: int = setting(1, "make: number of teams", low=1, high=100_000)
    out: str | None = setting(None, "make: file to write; null: standard output", path=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.what == "check" and self.file is None:
            raise ConfigError("which file? plywise team check FILE format=gen9ou")
        if self.what == "make" and self.file is not None:
            raise ConfigError(f"file={self.file}: teams that are made go to out=FILE")


_RELEASE = re.compile(r"latest|\d+\.\d+\.\d+([.-][0-9A-Za-z.-]{1,40})?")
_MOST_RECORDED = 10_000  # battles
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


@dataclass
class DataConfig(Settings):
    """Settings of ``plywise data`` (docs/DATA.md).

    ``plywise data usage`` fetches Smogon's usage statistics of a format into the user's data
    folder; ``plywise data usage FILE`` prints what is in a file of them.

    ``plywise data update`` makes tables of another release of Showdown, and says what has changed
    and what the battle engine has no code for; ``plywise data use VERSION`` plays with them from
    then on, ``plywise data use pinned`` with those of this package; ``plywise data list`` lists
    both.

    ``plywise data replays SRC… OUT`` reads logs of battles (log text, the replay site's JSON and
    pages, JSON Lines, Parquet; files and folders) and writes every decision of both players as a
    table (Parquet) into a folder; started again, it goes on.

    ``plywise data count DECISIONS OUT`` counts sets, teammates and leads in such tables, a file a
    format in the form of Smogon's statistics, which priors take.

    ``plywise data battles OUT`` plays battles between our own agents of six kinds and writes their
    logs into a folder, for ``plywise data replays``.
    """

    what: str = setting(
        "usage",
        "what to do",
        choices=("usage", "update", "use", "list", "replays", "count", "battles"),
    )
    file: str | None = setting(
        None,
        "usage: chaos file to check (.json or .json.gz), null: it is fetched; use: the version; "
        "replays: file or folder of logs; count: folder or file of decisions; battles: the folder "
        "to write",
        path=True,
    )
    more: list[str] = setting(
        [],
        "replays: more files and folders, the last one OUT where out=null; count: OUT",
        path=True,
    )
    format: str | None = setting(
        None,
        "usage: format of the statistics, null: the one that the file names, else gen9ou; count: "
        "the only format counted, null: all; battles: format to play, null: gen9randombattle",
    )
    month: str | None = setting(None, "usage: month to fetch, such as 2026-10; null: the latest")
    rating: int | None = setting(
        None,
        "usage: cutoff of the players' ratings to fetch; null: 1695 of gen9ou, else 1630; count: "
        "players of this rating or more; null: all",
        low=0,
        high=5000,
    )
    out: str | None = setting(
        None,
        "usage: file to fetch it into; null: one in the user's data folder; replays, count: "
        "the folder to write",
        path=True,
    )
    version: str | None = setting(
        None, "update: release of pokemon-showdown to fetch, such as 0.11.12; null: the latest"
    )
    package: str | None = setting(
        None,
        "update: folder of a pokemon-showdown package to take; null: one is fetched",
        path=True,
    )
    localsets: str | None = setting(
        None,
        "update: folder smogon_data of a newer package localsets; null: its sets that we have",
        path=True,
    )
    teams: int = setting(
        60_000, "update: random-battle teams that are drawn for their sets", low=200, high=1_000_000
    )
    battles: int = setting(
        10,
        "update: battles of each kind that are recorded to verify, 0: none; battles: how many",
        low=0,
        high=1_000_000,
    )
    seed: int = setting(0, "update and battles: seed of these battles", low=0, high=20_000)
    jobs: int = setting(1, "replays: processes", low=1, high=MOST_PROCESSES)

    @property
    def replay_sources(self) -> list[str]:
        """Files and folders of logs."""
        words = [] if self.file is None else [self.file, *self.more]
        return words if self.out is not None else words[:-1]

    @property
    def replay_folder(self) -> str:
        """The folder to write decisions into."""
        return self.out or (self.more[-1] if self.more else "")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.what == "replays" and not (self.replay_sources and self.replay_folder):
            raise ConfigError("which logs, and where to? plywise data replays SRC… OUT")
        if self.what == "count" and not (len(self.replay_sources) == 1 and self.replay_folder):
            raise ConfigError("which decisions, and where to? plywise data count DECISIONS OUT")
        if self.what not in ("replays", "count") and self.more:
            raise ConfigError(f"'{self.more[0]}': data {self.what} takes no more words")
        if self.month is not None and not _MONTH.fullmatch(self.month):
            raise ConfigError(f"month={self.month}: a month is written as 2026-10")
        if self.version is not None and not _RELEASE.fullmatch(self.version):
            raise ConfigError(f"version={self.version}: a release is written as 0.11.12")
        if self.what == "battles" and (self.file is None or not self.battles):
            raise ConfigError("where to, and how many? plywise data battles OUT battles=150")
        if self.what == "update" and self.battles > _MOST_RECORDED:
            raise ConfigError(f"battles={self.battles}: update records at most {_MOST_RECORDED:,}")
        if self.what == "use" and self.file is None:
            raise ConfigError("which tables? plywise data use VERSION (plywise data list)")
        if self.what in ("update", "list") and self.file is not None:
            raise ConfigError(f"file={self.file}: data {self.what} takes none (package=FOLDER)")
        if self.version is not None and self.package is not None:
            raise ConfigError(f"version={self.version}: package={self.package} has its own")
        if self.what == "usage" and self.file is not None:
            for name in ("month", "rating", "out"):
                if getattr(self, name) is not None:
                    raise ConfigError(
                        f"{name}={getattr(self, name)}: file={self.file} is read and not fetched"
                    )
