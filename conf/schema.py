"""The structured configuration: one dataclass per group, one per command.

Hydra checks keys and types when it composes; each class checks the rest (ranges, combinations) in
``__post_init__``, which runs when :func:`typed` turns the composed tree into these objects.  Every
failure is a :class:`~plywise.datasets.errors.ConfigError` that names the key, the value and what is
allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue

from plywise.conf.bench_schema import BenchConfig as BenchConfig
from plywise.conf.checks import above as _above
from plywise.conf.checks import at_least as _at_least
from plywise.conf.checks import between as _between
from plywise.conf.checks import one_of as _one_of
from plywise.conf.fit_schema import FitConfig
from plywise.conf.game_schema import BattleshipConfig, ConnectFourConfig, GomokuConfig
from plywise.conf.game_schema import GameConfig as GameConfig
from plywise.conf.game_schema import GoofspielConfig as GoofspielConfig
from plywise.conf.game_schema import PluginConfig as PluginConfig
from plywise.conf.llm_calibrate_schema import LLMCommandConfig
from plywise.conf.llm_schema import LLMGroup as LLMGroup
from plywise.conf.models_schema import ModelsConfig
from plywise.conf.rating_schema import CalibrateConfig, RatingsConfig
from plywise.conf.tournament_schema import ReportConfig, TournamentGroup
from plywise.datasets.errors import ConfigError

T = TypeVar("T")

# --- search --------------------------------------------------------------------------------------


@dataclass
class SearchConfig:
    """What every search has: a clock, or a fixed amount of work.

    Attributes:
        seconds: wall time for one decision; null: no clock (then ``iterations`` or ``max_depth``
            decides, and the same seed gives the same move).
        iterations: at most so many iterations (nodes, for alphabeta); null: no limit.
        max_depth: at most so many plies.
    """

    name: str = MISSING
    seconds: float | None = 1.0
    iterations: int | None = None
    max_depth: int = 64

    def __post_init__(self) -> None:
        """Check the ranges."""
        _above("search.seconds", self.seconds, 0)
        _at_least("search.iterations", self.iterations, 1)
        _at_least("search.max_depth", self.max_depth, 1)


@dataclass
class AlphaBetaConfig(SearchConfig):
    """Alpha-beta with a transposition table of ``2 ** table_bits`` entries (turn-based games).

    Attributes:
        advice_plies: plies of search for which a guide's fully trusted value counts.
    """

    name: str = "alphabeta"
    table_bits: int = 20
    advice_plies: float = 4.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        super().__post_init__()
        _between("search.table_bits", self.table_bits, 10, 28)
        _between("search.advice_plies", self.advice_plies, 0, 1000)


@dataclass
class SimultaneousConfig(SearchConfig):
    """Simultaneous-move tree search over sampled states (battles).

    Attributes:
        worlds: how many states are sampled.
        algorithm: uct (decoupled UCT) or regret (regret matching).
        exploration: factor of UCT's confidence bound.
        rollout: random decisions to play on from a leaf before it is valued.
        final: proportional (a mixed strategy) or most_visited.
        prior_trust: how far the game's own priors shape what is explored, 0 … 1.
        habit: how often the opponent, in the search, plays as the priors say instead of what is
            best for it, 0 … 1.
        sharing: shared (one strategy over all worlds) or averaged (a search of each world, to be
            measured against).
        renewal: for which share of its visits a turn that was seen is played anew at least; else
            the search goes on in a state that was reached there before, 0 … 1 (always anew).
        threads: cores that share the work on one decision.
        battle_seconds: wall time for all decisions of one battle; null: no limit.
    """

    name: str = "simultaneous"
    worlds: int = 16
    sharing: str = "shared"
    algorithm: str = "uct"
    exploration: float = 0.2
    rollout: int = 0
    final: str = "proportional"
    prior_trust: float = 0.9
    habit: float = 0.5
    threads: int = 1
    renewal: float = 0.125
    battle_seconds: float | None = None

    def __post_init__(self) -> None:
        """Check the ranges; without a clock there must be a number of iterations."""
        super().__post_init__()
        _between("search.worlds", self.worlds, 1, 251)
        _one_of("search.algorithm", self.algorithm, ("uct", "regret"))
        _at_least("search.exploration", self.exploration, 0)
        _at_least("search.rollout", self.rollout, 0)
        _one_of("search.final", self.final, ("proportional", "most_visited"))
        _between("search.prior_trust", self.prior_trust, 0, 1)
        _between("search.habit", self.habit, 0, 1)
        _one_of("search.sharing", self.sharing, ("shared", "averaged"))
        _between("search.threads", self.threads, 1, 64)
        _above("search.battle_seconds", self.battle_seconds, 0)
        if self.threads > 1 and self.sharing == "averaged":
            raise ConfigError(
                f"search.threads={self.threads}: search.sharing=averaged has one thread"
            )
        if self.seconds is None and self.iterations is None and self.battle_seconds is None:
            raise ConfigError(
                "search.seconds=null needs a number of search.iterations or search.battle_seconds"
            )


@dataclass
class MCTSConfig(SearchConfig):
    """Monte-Carlo tree search in plain Python, for any game.

    Attributes:
        max_depth: a game is played on for so many decisions, then it counts as drawn.
        exploration: factor of UCT's confidence bound.
    """

    name: str = "mcts"
    max_depth: int = 1000
    exploration: float = 1.0

    def __post_init__(self) -> None:
        """Check the ranges; without a clock there must be a number of iterations."""
        super().__post_init__()
        _at_least("search.exploration", self.exploration, 0)
        if self.seconds is None and self.iterations is None:
            raise ConfigError("search.seconds=null needs a number of search.iterations")


# --- agents --------------------------------------------------------------------------------------

_NUMBERS = (
    *("seconds", "iterations", "max_depth"),
    *("samples", "thought", "temperature", "actions", "worlds"),
)
"""What is a number in an agent's configuration."""

LLM_METHODS = ("scoring", "io", "cot", "sc", "tot", "pokellmon")
"""How a language model may play by itself (``llm_modules/players/methods.py``)."""

OWN_KEYS = {
    "llm": ("method", "samples", "thought", "temperature"),
    "pokechamp": ("actions", "worlds"),
}
"""What only the agent of this name can be told."""

AGENT_LLM_KEYS = (
    *("guides", "trust", "max_calls", "skill", "delay"),
    *("asking", "thought", "chances", "examples"),
    *("ask", "unsure_gap", "unsure_entropy", "unsure_worlds"),
)
"""What an agent may set for itself of the ``llm`` group; the model itself is shared by all."""


@dataclass
class AgentConfig:
    """An agent by its name in ``plywise agents``; null means: as the ``search`` group says.

    With these an opponent can get its own budget: ``opponent=search opponent.seconds=0.1``.

    Attributes:
        method: of ``llm``: scoring, io, cot, sc, tot or pokellmon (docs/LLM.md); null: scoring.
        samples: of ``llm``: answers that vote (sc, pokellmon), candidates that are rated (tot).
        thought: of ``llm``: most characters of a thought (cot, sc, tot).
        temperature: of ``llm``: of answers that vote.
        actions: of ``pokechamp``: that the model samples for each player at a node.
        worlds: of ``pokechamp``: states drawn from what it knows, each with a tree of its own.
        label: what it is called in tables and records; null: the name and what was set here.
        search: any further keys of the ``search`` group, for example ``{worlds: 32}``.
        llm: keys of the ``llm`` group: see :data:`AGENT_LLM_KEYS`.
    """

    name: str = MISSING
    seconds: float | None = None
    iterations: int | None = None
    max_depth: int | None = None
    method: str | None = None
    samples: int | None = None
    thought: int | None = None
    temperature: float | None = None
    actions: int | None = None
    worlds: int | None = None
    label: str | None = None
    search: dict[str, Any] = field(default_factory=dict)
    llm: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the ranges."""
        _above("agent.seconds", self.seconds, 0)
        _at_least("agent.iterations", self.iterations, 1)
        _at_least("agent.max_depth", self.max_depth, 1)
        if self.method is not None:
            _one_of("agent.method", self.method, LLM_METHODS)
        _at_least("agent.samples", self.samples, 1)
        _at_least("agent.thought", self.thought, 1)
        _at_least("agent.temperature", self.temperature, 0)
        _between("agent.actions", self.actions, 1, 20)
        _between("agent.worlds", self.worlds, 1, 20)
        for key in self.llm:
            _one_of("agent.llm: a key", str(key), AGENT_LLM_KEYS)

    @property
    def foreign_key(self) -> str | None:
        """A key that was set here and that this agent has not; None where there is none."""
        others = {key for name, keys in OWN_KEYS.items() if name != self.name for key in keys}
        return next((key for key in sorted(others) if getattr(self, key) is not None), None)

    @property
    def title(self) -> str:
        """The label; without one the name with whatever was set, to tell two agents apart."""
        if self.label:
            return self.label
        own = [(key, value) for key in _NUMBERS if (value := getattr(self, key)) is not None]
        if self.method is not None:
            own.insert(0, ("method", self.method))
        extras = [
            f"{key}={_short(value)}"
            for key, value in (*own, *self.search.items(), *self.llm.items())
        ]
        return f"{self.name}({', '.join(extras)})" if extras else self.name


def _short(value: object) -> str:
    if isinstance(value, list | tuple):
        return "+".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


# --- commands ------------------------------------------------------------------------------------


@dataclass
class PlayConfig:
    """``plywise play``: a person against an agent in the terminal.

    Attributes:
        side: which player the person is: first, second, or both for two people or none to watch
            the agent play itself.
        explain: print after each move of an agent why it was chosen, and keep that in the game's
            file; an advised search decides once more without advice, to see what that changed.
    """

    game: GameConfig = MISSING
    agent: AgentConfig = MISSING
    search: SearchConfig = MISSING
    llm: LLMGroup = MISSING
    side: str = "first"
    seed: int = 0
    color: bool = True
    explain: bool = False

    def __post_init__(self) -> None:
        """Check the side."""
        _one_of("side", self.side, ("first", "second", "both", "none"))


@dataclass
class ReplayConfig:
    """``plywise replay FILE``: a game that ``plywise play`` saved, move by move.

    Attributes:
        file: the JSON file.
        side: whose view is shown: first, second, or both where they differ.
        explain: print also why moves were chosen, where that was kept.
    """

    file: str = MISSING
    side: str = "both"
    color: bool = True
    explain: bool = False

    def __post_init__(self) -> None:
        """Check the side."""
        _one_of("side", self.side, ("first", "second", "both"))


@dataclass
class ExplainConfig:
    """``plywise explain FILE``: why the decisions of a Showdown match fell.

    Attributes:
        file: its ``decisions.jsonl``.
        battle: only the battle whose tag holds this text; null: all.
        turn: only this turn; null: all.
        prompts: print also what the model was asked, word for word.
    """

    file: str = MISSING
    battle: str | None = None
    turn: int | None = None
    prompts: bool = False
    color: bool = True


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


@dataclass
class TournamentConfig:
    """``plywise tournament``: agents against each other over one game.

    Attributes:
        agents: names, or ``{name: search, seconds: 0.1}`` for an agent with settings of its own.
    """

    game: GameConfig = MISSING
    search: SearchConfig = MISSING
    llm: LLMGroup = MISSING
    tournament: TournamentGroup = MISSING
    agents: list[Any] = field(default_factory=lambda: ["random", "search"])

    def entrants(self) -> list[AgentConfig]:
        """Return the agents as configurations.

        Raises:
            ConfigError: an entry is neither a name nor a mapping with known keys, or two are equal.
        """
        return parse_agents(self.agents)


def parse_agents(entries: list[Any]) -> list[AgentConfig]:
    """Return the agents of a tournament as configurations.

    Raises:
        ConfigError: as :meth:`TournamentConfig.entrants` says.
    """
    allowed = ("name", *_NUMBERS, "method", "label", "search", "llm")
    found: list[AgentConfig] = []
    for entry in entries:
        given = {"name": entry} if isinstance(entry, str) else entry
        if not isinstance(given, dict) or not isinstance(given.get("name"), str):
            raise ConfigError(
                f"agents: {entry!r} is neither a name nor a mapping like "
                "{name:search,seconds:0.1}"
            )
        for key, value in given.items():
            where = f"agents: {given['name']}.{key}={value}"
            _one_of(f"agents: a key of {given['name']}", str(key), allowed)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if key in _NUMBERS and value is not None and not number:
                raise ConfigError(f"{where}: must be a number")
            if key in ("label", "method") and not (isinstance(value, str) and value.strip()):
                raise ConfigError(f"{where}: must be a text")
            if key in ("search", "llm") and not isinstance(value, dict):
                raise ConfigError(f"{where}: must be a mapping like {{key:value}}")
        found.append(AgentConfig(**given))
    titles = [agent.title for agent in found]
    if len(found) < 2:
        raise ConfigError(f"agents={titles}: a tournament needs at least two agents")
    for title in titles:
        if titles.count(title) > 1:
            raise ConfigError(
                f"agents: {title} stands there twice; give one another setting or a label"
            )
    return found


@dataclass
class SelfplayConfig:
    """``plywise selfplay``: positions of self-play with their values, for whoever trains something.

    Attributes:
        agent: who plays both sides.
        games: how many, with the seeds ``seed``, ``seed + 1``, …
        jobs: processes.
        out: the ``.npz`` file to write; null: one in the run's folder.
        openings: random actions at the start of each game, so that games differ where the agent is
            deterministic.
    """

    game: GameConfig = MISSING
    agent: AgentConfig = MISSING
    search: SearchConfig = MISSING
    llm: LLMGroup = MISSING
    games: int = 100
    seed: int = 0
    jobs: int = 1
    out: str | None = None
    openings: int = 2

    def __post_init__(self) -> None:
        """Check the ranges."""
        _at_least("games", self.games, 1)
        _at_least("seed", self.seed, 0)
        _at_least("jobs", self.jobs, 1)
        _at_least("openings", self.openings, 0)


@dataclass
class VerifyConfig:
    """``plywise verify engine|seed|log|coverage CORPUS``: replay a corpus of the real simulator.

    Attributes:
        what: engine: every step with its recorded draws; seed: whole battles from seed, teams and
            choices alone; log: our protocol lines of every step; coverage: how often each move,
            ability and item was in an exact step.
        corpus: a ``.jsonl`` or ``.jsonl.gz`` file; coverage: also a folder of them.
        page: coverage: the page of Markdown to write; null: none.
        limit: steps to replay (seed, log: battles); null: all.
        causes: how many causes of mismatch to print.
        jobs: processes to share the battles among.
        battle, step: show only this battle, or this step of it in full (engine).
        require: the command fails when a smaller share of the steps (seed: battles) is exact.
    """

    what: str = "engine"
    corpus: str = MISSING
    page: str | None = None
    limit: int | None = None
    causes: int = 20
    jobs: int = 1
    battle: int | None = None
    step: int | None = None
    require: float = 0.0

    def __post_init__(self) -> None:
        """Check the values."""
        _one_of("what", self.what, ("engine", "seed", "log", "coverage"))
        _at_least("limit", self.limit, 1)
        if self.what == "seed" and self.step is not None:
            raise ConfigError(f"step={self.step}: a battle is played from its seed as a whole")
        if self.what == "log" and self.step is not None:
            raise ConfigError(f"step={self.step}: a log is compared battle by battle")
        _at_least("causes", self.causes, 0)
        _at_least("jobs", self.jobs, 1)
        _between("require", self.require, 0, 1)


@dataclass
class RecordConfig:
    """``plywise record engine OUT``: battles of random choices in the real simulator, as a corpus.

    Attributes:
        what: for which part to record.
        out: the corpus to write, a ``.jsonl.gz`` file.
        battles: how many.
        seed: of teams, choices and dice; the same settings write the same corpus.
        format: whose teams.
        fuzz: teams that mix every species, move, ability and item instead.
        keepties: speed ties keep their order and draw nothing; ``plywise verify seed`` needs
            ``keepties=false``: ties drawn as in every real battle.
        stall: players prefer moves that do no damage, so battles get long.
    """

    what: str = "engine"
    out: str = MISSING
    battles: int = 20
    seed: int = 0
    format: str = "gen9randombattle"
    fuzz: bool = False
    keepties: bool = True
    stall: bool = False

    def __post_init__(self) -> None:
        """Check the values."""
        _one_of("what", self.what, ("engine",))
        _at_least("battles", self.battles, 1)
        _at_least("seed", self.seed, 0)


@dataclass
class SolveConfig:
    """``plywise solve connect_four|tic_tac_toe FILE``: exact scores of positions.

    Attributes:
        what: the game.
        file: a text file, one position a line.
        best: find all moves that keep the score as well.
        rows, columns: Connect Four's board.
        table_bits: Connect Four's table has ``2 ** table_bits`` entries of 8 bytes.
    """

    what: str = "connect_four"
    file: str = MISSING
    best: bool = True
    rows: int = 6
    columns: int = 7
    table_bits: int = 23

    def __post_init__(self) -> None:
        """Check the values."""
        _one_of("what", self.what, ("connect_four", "tic_tac_toe"))
        _at_least("rows", self.rows, 1)
        _between("columns", self.columns, 4, 9)
        _between("table_bits", self.table_bits, 12, 30)
        if (self.rows + 1) * self.columns > 64:
            raise ConfigError(
                f"rows={self.rows} columns={self.columns}: (rows + 1) * columns must not exceed 64"
            )


def register() -> None:
    """Put the schemas into Hydra's store, where the YAML files name them as ``…_schema``."""
    store = ConfigStore.instance()
    for command, schema in COMMAND_SCHEMAS.items():
        # "llm_schema" is that of the group.
        name = "llm_calibrate" if command == "llm" else command
        store.store(name=f"{name}_schema", node=schema)
    for group, name, node in (
        ("game", "game_schema", GameConfig),
        ("game", "connect_four_schema", ConnectFourConfig),
        ("game", "gomoku_schema", GomokuConfig),
        ("game", "goofspiel_schema", GoofspielConfig),
        ("game", "battleship_schema", BattleshipConfig),
        ("game", "plugin_schema", PluginConfig),
        ("search", "alphabeta_schema", AlphaBetaConfig),
        ("search", "simultaneous_schema", SimultaneousConfig),
        ("search", "mcts_schema", MCTSConfig),
        ("llm", "llm_schema", LLMGroup),
        ("agent", "agent_schema", AgentConfig),
        ("tournament", "tournament_schema", TournamentGroup),
    ):
        store.store(group=group, name=name, node=node)


COMMAND_SCHEMAS: dict[str, Any] = {
    "play": PlayConfig,
    "replay": ReplayConfig,
    "explain": ExplainConfig,
    "showdown": ShowdownConfig,
    "tournament": TournamentConfig,
    "ratings": RatingsConfig,
    "calibrate": CalibrateConfig,
    "report": ReportConfig,
    "selfplay": SelfplayConfig,
    "verify": VerifyConfig,
    "record": RecordConfig,
    "bench": BenchConfig,
    "solve": SolveConfig,
    "fit": FitConfig,
    "models": ModelsConfig,
    "llm": LLMCommandConfig,
}


def typed(config: DictConfig, schema: type[T]) -> T:
    """Return a composed configuration as an object of its schema, with all values checked.

    Raises:
        ConfigError: a value is missing, out of range or impossible together with another.
    """
    _refuse_strangers(config, schema)
    try:
        built = OmegaConf.to_object(config)
    except MissingMandatoryValue as error:
        key = str(getattr(error, "full_key", "") or "a value")
        raise ConfigError(f"{key} is missing: give {key}=VALUE") from None
    if not isinstance(built, schema):
        raise TypeError(f"a {schema.__name__} was expected, got {type(built).__name__}")
    return built


def _refuse_strangers(config: DictConfig, schema: type[Any]) -> None:
    """Hydra lets ``+key=value`` add what no code reads; that is a mistake, not a setting.

    Raises:
        ConfigError: naming the key.
    """
    nodes: list[tuple[str, DictConfig, type[Any]]] = [("", config, schema)]
    while nodes:
        prefix, node, kind = nodes.pop()
        known = {f.name for f in fields(kind)}
        for key in map(str, node):
            if key not in known:
                raise ConfigError(
                    f"no setting '{prefix}{key}'; there are: {', '.join(sorted(known))}"
                )
            if OmegaConf.is_missing(node, key) or not isinstance(node[key], DictConfig):
                continue
            child = OmegaConf.get_type(node, key)
            if child is not None and is_dataclass(child):
                nodes.append((f"{prefix}{key}.", node[key], child))
