"""Files of puzzles: states, what the player is told, and the bounds that were proven."""

from __future__ import annotations

import json
import lzma
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.arena.bench.decisions import (
    COMMITTED,
    NPZ_FAULTS,
    columns_of_states,
    layout_of_states,
    names_digest,
    read_states,
    write_columns,
)
from plywise.arena.bench.puzzles.mechanics import KIND_WORDS
from plywise.arena.bench.puzzles.positions import FORMATS
from plywise.arena.bench.puzzles.solving import ROUGH, UNITS, PuzzleSolution
from plywise.datasets.errors import PlywiseError
from plywise.datasets.files import reading
from plywise.engine.battle.rules import RULES
from plywise.games.gen9.infostate import InfoState, from_json
from plywise.games.gen9.open_information import OpenStateView

PUZZLES_FOLDER = COMMITTED
"""Folder of the puzzles that every run measures on."""

NAME = "puzzles.npz"
_FORMAT = 1
_SLACK = 1e-9


class PuzzlesFileError(PlywiseError):
    """A file of puzzles that cannot be used."""


@dataclass(frozen=True)
class BattlePuzzle:
    """A decision of a player who knows everything, and its solution.

    Attributes:
        kind: one of ``mechanics.KIND_WORDS``.
        format: format of the battle that it is from.
        game: number of that battle; puzzles of one battle may share one.
        moment: number of the decision there.
        player: who decides, 0 or 1; the other decides at the same time.
        taken: how many Pokémon were taken out of the battle.
        state: pool of the one state.
        info: what the player is told.
        solution: what was proven.
    """

    kind: str
    format: str
    game: int
    moment: int
    player: int
    taken: int
    state: NDArray[Any]
    info: InfoState
    solution: PuzzleSolution

    @property
    def view(self) -> OpenStateView:
        """The decision as agents are shown it."""
        return OpenStateView(self.info, self.state)


@dataclass(frozen=True)
class PuzzleSet:
    """Puzzles, and how they were made.

    Attributes:
        made: how (``seed``, ``kinds``, ``battles`` so far and more, of ``making``).
    """

    puzzles: list[BattlePuzzle]
    made: dict[str, Any]


def save_puzzles(path: Path, found: PuzzleSet) -> None:
    """Write a file of puzzles, whole or not at all.

    Raises:
        RecordFileError: the disk refuses it.
    """
    puzzles = found.puzzles
    meta = {
        "format": _FORMAT,
        "names": names_digest(),
        "layout": layout_of_states(),
        "made": found.made,
    }
    states = [one.state for one in puzzles] or [np.zeros(0, RULES.dtype)]
    told = "\n".join(one.info.to_json() for one in puzzles)

    def whole(values: Sequence[int], kind: type[np.generic]) -> NDArray[Any]:
        return np.array(values, kind)

    def units(rows: list[NDArray[np.float64]]) -> NDArray[np.int16]:
        flat = [np.rint(row * UNITS).astype(np.int16).ravel() for row in rows]
        return np.concatenate([np.zeros(0, np.int16), *flat])

    solutions = [one.solution for one in puzzles]
    write_columns(
        path,
        {
            "meta": np.array(json.dumps(meta)),
            "kind": whole([list(KIND_WORDS).index(one.kind) for one in puzzles], np.int8),
            "battle_format": whole([FORMATS.index(one.format) for one in puzzles], np.int8),
            "game": whole([one.game for one in puzzles], np.int32),
            "moment": whole([one.moment for one in puzzles], np.int16),
            "player": whole([one.player for one in puzzles], np.int8),
            "taken": whole([one.taken for one in puzzles], np.int8),
            "actions": _table([one.actions for one in solutions]),
            "replies": _table([one.replies for one in solutions]),
            "low": units([one.low for one in solutions]),
            "width": units([one.high - one.low for one in solutions]),
            "states": columns_of_states(np.concatenate(states)),
            "told": np.frombuffer(lzma.compress(told.encode()), np.uint8),
        },
    )


def _table(rows: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
    found = np.zeros((len(rows), RULES.num_actions), np.bool_)
    for line, actions in zip(found, rows, strict=True):
        line[list(actions)] = True
    return found


def load_puzzles(path: Path) -> PuzzleSet:
    """Read a file of puzzles.

    Raises:
        PuzzlesFileError: it cannot be read, or this version of the engine cannot represent it.
    """
    faults = (*NPZ_FAULTS, lzma.LZMAError)
    with reading(path, PuzzlesFileError, "file of puzzles", faults):
        columns, meta, states = read_states(path, _FORMAT, PuzzlesFileError, "puzzles")
        text = lzma.decompress(columns["told"].tobytes()).decode()
        told = [from_json(line) for line in text.splitlines()]
        counts = {len(told), len(states), *(len(columns[name]) for name in _ROWS)}
        if len(counts) != 1 or not set(columns["player"].tolist()) <= {0, 1}:
            raise ValueError("its columns do not fit together")
        kinds, at = list(KIND_WORDS), 0
        puzzles: list[BattlePuzzle] = []
        for k, info in enumerate(told):
            actions, replies = (
                tuple(np.flatnonzero(columns[name][k]).tolist()) for name in ("actions", "replies")
            )
            size = len(actions) * len(replies)
            low, width = (
                columns[name][at : at + size].reshape(len(actions), len(replies)) / UNITS
                for name in ("low", "width")
            )
            at += size
            player = int(columns["player"][k])
            puzzle = BattlePuzzle(
                kinds[columns["kind"][k]],
                FORMATS[columns["battle_format"][k]],
                int(columns["game"][k]),
                int(columns["moment"][k]),
                player,
                int(columns["taken"][k]),
                states[k : k + 1].copy(),
                info,
                PuzzleSolution(actions, replies, low, low + width),
            )
            _check(k, puzzle)
            puzzles.append(puzzle)
        if at != len(columns["low"]):
            raise ValueError("there are more bounds than pairs of actions")
    return PuzzleSet(puzzles, dict(meta["made"]))


_ROWS = ("kind", "battle_format", "game", "moment", "player", "taken", "actions", "replies")


def _check(number: int, puzzle: BattlePuzzle) -> None:
    """Refuse a puzzle whose actions are not those of its state, or whose bounds are too wide."""
    here = tuple(RULES.legal_actions(puzzle.state, 0, puzzle.player))
    theirs = RULES.legal_actions(puzzle.state, 0, 1 - puzzle.player)
    solution = puzzle.solution
    if not here == solution.actions == puzzle.info.legal or puzzle.info.player != puzzle.player:
        raise ValueError(f"puzzle {number}: legal are {here}, not {solution.actions}")
    if not solution.replies or not set(solution.replies) <= set(theirs):
        raise ValueError(f"puzzle {number}: the opponent's actions are {theirs}")
    widths = solution.high - solution.low
    if (widths < 0).any() or (widths > ROUGH + _SLACK).any() or (np.abs(solution.low) > 1).any():
        raise ValueError(f"puzzle {number}: its bounds make no sense")
