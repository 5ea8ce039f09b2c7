"""Self-play as training data: one row for each decision, in columns of an ``.npz`` file.

``docs/SELFPLAY.md`` describes the columns.  The file holds settings, seeds and version, so that its
origin is known; NumPy alone reads it (``allow_pickle=False``).
"""

from __future__ import annotations

import ast
import json
import struct
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from plywise.arena.agents.catalog import CATALOG
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.guidance.language_model import one_process
from plywise.arena.output.files import keep, plain, writing
from plywise.arena.output.provenance import code_digest
from plywise.arena.output.screen import TextConsole, near
from plywise.arena.play.match import play_game
from plywise.arena.play.replay import states_of
from plywise.arena.settings import check_team_files
from plywise.conf.schemas.commands import SelfplayConfig
from plywise.datasets.errors import ConfigError, PlywiseError
from plywise.datasets.files import reading
from plywise.datasets.processes.pool import in_processes
from plywise.datasets.processes.signals import uninterrupted
from plywise.datasets.processes.temporary import replacing
from plywise.games.base import Game
from plywise.search.decision import Decision

FORMAT = 1
_LINES = 20  # of progress
_OF_ROWS: dict[str, type[np.generic]] = {
    **{"game": np.int32, "ply": np.int32, "player": np.int8, "state": np.uint8, "legal": np.bool_},
    **{"strategy": np.float32, "value": np.float32, "action": np.int16, "result": np.float32},
}
_OF_GAMES: dict[str, type[np.generic]] = {
    "game_seed": np.int64,
    "game_result": np.float32,
    "game_plies": np.int32,
}
# What zipfile, NumPy and Python's own parser raise where a file is damaged, besides DAMAGE.
_WRONG = (KeyError, TypeError, AttributeError, RuntimeError, struct.error, SyntaxError, TokenError)


class SelfplayFileError(PlywiseError):
    """A file that is not of this format."""


@dataclass(frozen=True)
class Selfplay:
    """A file of self-play.

    Attributes:
        columns: name -> array, rows first (see ``docs/SELFPLAY.md``).
        meta: settings, seeds and version.
        states: (rows,) the positions as records of the game's kernels.
    """

    columns: dict[str, NDArray[Any]]
    meta: dict[str, Any]
    states: NDArray[Any]


@dataclass(frozen=True)
class _Game:
    """One game as arrays, ready to travel from a worker."""

    seed: int
    returns: tuple[float, float]
    actions: NDArray[np.int16]
    rows: list[tuple[int, int, bytes, list[int], dict[int, float], float, int]]


class _DecisionRecorder:
    """Records decisions, with their players, by ply."""

    def __init__(self) -> None:
        self.decisions: dict[int, list[tuple[int, Decision]]] = defaultdict(list)

    def thinking(self, ply: int, player: int) -> None:
        """Do nothing."""

    def decided(self, ply: int, player: int, decision: Decision) -> None:
        """Record a decision."""
        self.decisions[ply].append((player, decision))


class SelfplayFailedError(PlywiseError):
    """A game of self-play was aborted."""


def play_selfplay(factory: AgentFactory, config: SelfplayConfig, seed: int) -> _Game:
    """Play one game of the agent against itself.

    Raises:
        SelfplayFailedError: the agent failed.
    """
    game = factory.game
    agent, notes = factory.build(config.agent), _DecisionRecorder()
    record = play_game(game, (agent, agent), seed, watcher=notes, openings=config.openings)
    if record.returns is None:
        raise SelfplayFailedError(f"the game with seed {seed} was aborted: {record.error}")
    rows = []
    for ply, state in enumerate(states_of(game, seed, record.actions)):
        for player, decision in notes.decisions[ply]:
            value = decision.value if decision.values else float("nan")
            legal = state.legal_actions(player)
            flat, strategy = state.flat().tobytes(), dict(decision.strategy)
            rows.append((ply, player, flat, legal, strategy, value, decision.action))
    actions = np.asarray(record.actions, np.int16).reshape(-1, 2)
    return _Game(seed, record.returns, actions, rows)


_worker: AgentFactory | None = None


def _play_in_worker(config: SelfplayConfig, seed: int) -> _Game:
    global _worker
    if _worker is None:
        share = replace(config.llm, budget=config.llm.budget.share(config.jobs))
        _worker = AgentFactory(config.game, config.search, share)
    return play_selfplay(_worker, config, seed)


@contextmanager
def _games(factory: AgentFactory, config: SelfplayConfig) -> Iterator[Iterator[_Game]]:
    """Yield an iterator over the games by seed."""
    seeds = range(config.seed, config.seed + config.games)
    if config.jobs == 1:
        yield (play_selfplay(factory, config, seed) for seed in seeds)
        return
    with in_processes(_play_in_worker, [(config, s) for s in seeds], config.jobs) as games:
        yield games


def run_selfplay(config: SelfplayConfig, folder: Path, console: Console | None = None) -> int:
    """Play and write the file; the same settings write the same columns for any ``jobs``.

    Where it is interrupted, the games that had ended are written into ``folder``, never to
    ``config.out``.

    Raises:
        ConfigError: the agent does not fit the game, or the game has no compiled rules.
        RecordFileError: the disk refuses the file.
    """
    console = console or TextConsole()
    factory = AgentFactory(config.game, config.search, config.llm, progress=console.print)
    try:
        if config.out is not None:
            with writing(Path(config.out)):
                pass  # refused now, not after an hour
        check_team_files(config.game)
        factory.check(config.agent)
        why = one_process(config.llm) if CATALOG[config.agent.name].llm else ""
        if config.jobs > 1 and why:
            raise ConfigError(f"jobs={config.jobs}: it must be 1 with {why}")
        kernels = factory.game.kernels()
        if kernels is None:
            raise ConfigError(f"{factory.game.info.name} has no compiled rules to take states from")
        factory.build(config.agent)  # compiles; workers then find it in the cache
        games: list[_Game] = []
        path = folder / "selfplay.npz"
        try:
            with _games(factory, config) as played:
                for game in played:
                    games.append(game)
                    if len(games) % max(1, config.games // _LINES) == 0:
                        console.print(f"{len(games)} of {config.games} games")
            path = Path(config.out) if config.out is not None else path
        finally:
            if games:
                with uninterrupted():
                    _write(path, games, factory.game, config, console)
    finally:
        factory.close()
    return 0


def _write(
    path: Path, games: list[_Game], game: Game, config: SelfplayConfig, console: Console
) -> None:
    kernels = game.kernels()
    assert kernels is not None
    columns = _columns(games, game, kernels.dtype.itemsize)
    meta = {
        "format": FORMAT,
        "plywise": metadata.version("plywise"),
        "code": code_digest(),
        "state_dtype": repr(np.lib.format.dtype_to_descr(np.dtype(kernels.dtype))),
        "action_names": _names(game),
        "config": plain(replace(config, jobs=1, out=None)),
    }
    keep(lambda file: save_selfplay(file, columns, meta), path)
    console.print(f"{len(games)} games, {len(columns['ply'])} decisions: {near(path.absolute())}")


def _names(game: Game) -> list[str]:
    """Return the actions' names where they do not depend on the position; else []."""
    state = game.new_initial_state()
    legal = state.legal_actions(0)
    fixed = not game.info.hidden_information and len(legal) == game.num_distinct_actions()
    return [state.action_to_string(0, a) for a in legal] if fixed else []


def _columns(games: list[_Game], game: Game, size: int) -> dict[str, NDArray[Any]]:
    rows = [(index, one, row) for index, one in enumerate(games) for row in one.rows]
    n, actions = len(rows), game.num_distinct_actions()
    columns: dict[str, NDArray[Any]] = {
        "game": np.array([index for index, _, _ in rows], np.int32),
        "ply": np.array([row[0] for _, _, row in rows], np.int32),
        "player": np.array([row[1] for _, _, row in rows], np.int8),
        "state": np.frombuffer(b"".join(row[2] for _, _, row in rows), np.uint8).reshape(n, size),
        "legal": np.zeros((n, actions), np.bool_),
        "strategy": np.zeros((n, actions), np.float32),
        "value": np.array([row[5] for _, _, row in rows], np.float32),
        "action": np.array([row[6] for _, _, row in rows], np.int16),
        "result": np.array([one.returns[row[1]] for _, one, row in rows], np.float32),
        "game_seed": np.array([one.seed for one in games], np.int64),
        "game_result": np.array([one.returns[0] for one in games], np.float32),
        "game_plies": np.array([len(one.actions) for one in games], np.int32),
        "game_actions": np.concatenate([one.actions for one in games]),
    }
    for k, (_, _, row) in enumerate(rows):
        columns["legal"][k, row[3]] = True
        columns["strategy"][k, list(row[4])] = list(row[4].values())
    return columns


def save_selfplay(path: Path, columns: dict[str, NDArray[Any]], meta: dict[str, Any]) -> None:
    """Write the file, whole or not at all.

    Raises:
        RecordFileError: the disk refuses it.
    """
    with writing(path) as there, replacing(there) as part, part.open("wb") as file:
        np.savez_compressed(file, meta=np.array(json.dumps(meta)), **columns)  # type: ignore[arg-type]


def load_selfplay(path: Path) -> Selfplay:
    """Read a file.

    Raises:
        SelfplayFileError: it cannot be read, or is of another format.
    """
    with reading(path, SelfplayFileError, "file of self-play", _WRONG), path.open("rb") as opened:
        file = np.load(opened, allow_pickle=False)
        columns = {name: np.asarray(file[name]) for name in file.files if name != "meta"}
        meta = json.loads(str(file["meta"]))
        if meta["format"] != FORMAT:
            raise SelfplayFileError(
                f"{path} has format {meta['format']}, this version reads {FORMAT}"
            )
        counts = len(columns["ply"]), len(columns["game_seed"])
        for kinds, count in zip((_OF_ROWS, _OF_GAMES), counts, strict=True):
            for name, kind in kinds.items():
                if columns[name].dtype != kind or columns[name].shape[:1] != (count,):
                    raise ValueError(f"{name} is not {count} rows of {np.dtype(kind)}")
        dtype = np.lib.format.descr_to_dtype(ast.literal_eval(meta["state_dtype"]))
        states = np.ascontiguousarray(columns["state"]).reshape(-1).view(dtype)
        if len(states) != counts[0]:
            raise ValueError(f"{len(states)} states in {counts[0]} rows")
    return Selfplay(columns, meta, states)
