"""Decisions of battles between our own searches, each with the worlds that were sampled for it.

``plywise bench regret`` measures searches on them.  A file holds the worlds as flat states with the
layout of their records, so that it is read after the layout has changed; what such a file cannot
survive (other names in the tables, a fact without a place, other legal actions) is refused.
"""

from __future__ import annotations

import ast
import hashlib
import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plywise.arena.agents.battle_search import PREVIEW_EVEN_SHARE
from plywise.arena.output.files import writing
from plywise.arena.settings import make_search
from plywise.datasets.errors import PlywiseError
from plywise.datasets.files import reading
from plywise.datasets.processes.temporary import replacing
from plywise.engine.battle import constants as c
from plywise.engine.battle import names
from plywise.engine.battle.rules import RULES
from plywise.engine.battle.state import BATTLE
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS
from plywise.games.gen9.game import Gen9Battle

if TYPE_CHECKING:
    from plywise.conf.schemas.search import SimultaneousGroup
    from plywise.search.simultaneous.averaging import AveragedSearch
    from plywise.search.simultaneous.search import SimultaneousSearch

COMMITTED = Path(__file__).parents[2] / "datasets" / "decisions"
"""Folder of the decisions that every run measures on, and of their reference."""

KINDS = {"random": "gen9randombattle", "ou": "gen9ou", "preview": "gen9ou"}
"""Kinds of decisions and their formats; ``preview``: the lead at Team Preview."""

PLAY_ITERATIONS = 1_500
"""Iterations of each decision of the battles that decisions are taken from."""

FROM_A_GAME = 2  # decisions
_FORMAT = 1
NPZ_FAULTS = (LookupError, TypeError, AttributeError, RuntimeError, SyntaxError, struct.error)
"""What readers of damaged ``.npz`` files raise, besides ``DAMAGE``."""


class DecisionsFileError(PlywiseError):
    """A file of decisions, or of their reference, that cannot be used."""


@dataclass(frozen=True)
class SampledDecision:
    """One decision of a battle.

    Attributes:
        kind: one of ``KINDS``.
        game: number of the battle within its kind; at most two decisions share one.
        turn: the battle's turn, 0 at Team Preview.
        player: who decides, 0 or 1.
        worlds: pool of the sampled worlds, of equal weight.
    """

    kind: str
    game: int
    turn: int
    player: int
    worlds: NDArray[Any]

    @property
    def legal(self) -> list[int]:
        """The player's legal actions, the same in all worlds."""
        return RULES.legal_actions(self.worlds, 0, self.player)

    @property
    def even_share(self) -> float:
        """Share of the visits that play divides evenly among the actions here."""
        return PREVIEW_EVEN_SHARE if self.kind == "preview" else 0.0


def play_decisions(
    config: SimultaneousGroup, each: int, previews: int, seed: int
) -> Iterator[SampledDecision]:
    """Play battles of the search against itself, hidden information on both sides.

    Args:
        config: the search of both sides, with ``PLAY_ITERATIONS`` a decision; its ``worlds`` are
            sampled for each decision.
        each: decisions of random battles, and of gen9ou between our own teams.
        previews: decisions at Team Preview, each of a battle of its own.
        seed: seed of teams, dice, searches and of the choice of decisions.

    Yields:
        decisions with two legal actions or more, two of each battle, drawn from all of both
        players'.
    """
    search = make_search(RULES, replace(config, seconds=None, iterations=PLAY_ITERATIONS))
    for kind in KINDS:
        wanted = previews if kind == "preview" else each
        found = 0
        for number in count():
            if found >= wanted:
                break
            rng = Random(f"{seed} decisions {kind} {number}")
            if kind == "preview":
                taken = [_team_preview(number, config, rng)]
            else:
                made = list(_played(kind, number, search, config, rng))
                taken = rng.sample(made, min(FROM_A_GAME, len(made), wanted - found))
            found += len(taken)
            yield from taken


def _team_preview(number: int, config: SimultaneousGroup, rng: Random) -> SampledDecision:
    state = Gen9Battle(KINDS["preview"]).new_initial_state(rng.getrandbits(31))
    player = rng.randrange(2)
    worlds = state.view(player).worlds(player, config.worlds, rng.getrandbits(31), None, config)
    return SampledDecision("preview", number, 0, player, worlds)


def _played(
    kind: str,
    number: int,
    search: SimultaneousSearch | AveragedSearch,
    config: SimultaneousGroup,
    rng: Random,
) -> Iterator[SampledDecision]:
    """Play a battle and yield its decisions after Team Preview that had a choice."""
    state = Gen9Battle(KINDS[kind]).new_initial_state(rng.getrandbits(31))
    while not state.is_terminal():
        chosen = [NO_ACTION, NO_ACTION]
        who = state.current_player()
        for player in (0, 1) if who == SIMULTANEOUS else (who,):
            legal = state.legal_actions(player)
            if len(legal) < 2:
                chosen[player] = legal[0] if legal else NO_ACTION
                continue
            worlds = state.view(player).worlds(
                player, config.worlds, rng.getrandbits(31), None, config
            )
            previewing = state.battle.previewing
            share = PREVIEW_EVEN_SHARE if previewing else 0.0
            decision = search.decide(worlds, None, player, rng.getrandbits(62), None, None, share)
            chosen[player] = decision.action
            if not previewing:
                yield SampledDecision(kind, number, state.battle.turn, player, worlds)
        state.apply_actions(chosen)


def names_digest() -> str:
    """Return 12 hex digits over the names that numbers in states stand for."""
    tables = (
        names.SPECIES_NAMES, names.MOVE_NAMES, names.ABILITY_NAMES, names.ITEM_NAMES,
        names.TYPE_NAMES, names.STATUS_NAMES, c.VOLATILE_NAMES, c.SIDE_CONDITION_NAMES,
    )  # fmt: skip
    return hashlib.sha256(json.dumps([list(t) for t in tables]).encode()).hexdigest()[:12]


def digest_of_decisions(decisions: Sequence[SampledDecision]) -> str:
    """Return 12 hex digits over the decisions, by which a reference knows that it is theirs."""
    h = hashlib.sha256()
    for one in decisions:
        h.update(repr((one.kind, one.game, one.turn, one.player, one.legal)).encode())
        for name in ("turn", "request", "weather", "terrain"):
            h.update(one.worlds[name].astype(np.int64).tobytes())
        for name in ("species", "hp", "moves", "held_item", "ability", "stats", "status"):
            h.update(one.worlds["sides"]["mons"][name].astype(np.int64).tobytes())
    return h.hexdigest()[:12]


def legal_table(decisions: Sequence[SampledDecision]) -> NDArray[np.bool_]:
    """Return whether each action is legal ``(decisions, actions)``."""
    legal = np.zeros((len(decisions), RULES.num_actions), np.bool_)
    for row, one in zip(legal, decisions, strict=True):
        row[one.legal] = True
    return legal


def save_decisions(path: Path, decisions: Sequence[SampledDecision], made: dict[str, Any]) -> None:
    """Write a file of decisions; ``made``: how they were made.

    Raises:
        RecordFileError: the disk refuses it.
    """
    states = np.concatenate([one.worlds for one in decisions])
    meta = {
        "format": _FORMAT,
        "names": names_digest(),
        "layout": layout_of_states(),
        "made": made,
    }
    columns: dict[str, NDArray[Any]] = {
        "meta": np.array(json.dumps(meta)),
        "kind": np.array([list(KINDS).index(one.kind) for one in decisions], np.int8),
        "game": np.array([one.game for one in decisions], np.int32),
        "turn": np.array([one.turn for one in decisions], np.int32),
        "player": np.array([one.player for one in decisions], np.int8),
        "worlds": np.array([len(one.worlds) for one in decisions], np.int32),
        "legal": legal_table(decisions),
        "states": columns_of_states(states),
    }
    write_columns(path, columns)


def columns_of_states(states: NDArray[Any]) -> NDArray[np.uint8]:
    """Return states byte by byte ``(bytes, states)``: equal bytes stand together, and pack well."""
    return states.view(np.uint8).reshape(len(states), states.dtype.itemsize).T.copy()


def layout_of_states() -> str:
    """Return the layout of states as text, for :func:`states_of_columns`."""
    return repr(np.lib.format.dtype_to_descr(np.dtype(BATTLE.descr)))


def states_of_columns(columns: NDArray[Any], layout: str) -> NDArray[Any]:
    """Return states from their bytes, in this version's layout.

    Raises:
        ValueError: they do not fit there.
    """
    written = np.lib.format.descr_to_dtype(ast.literal_eval(layout))
    return in_layout(np.ascontiguousarray(columns.T).view(written)[:, 0], BATTLE)


def write_columns(path: Path, columns: dict[str, NDArray[Any]]) -> None:
    """Write arrays as an ``.npz`` file, whole or not at all.

    Raises:
        RecordFileError: the disk refuses it.
    """
    with writing(path) as there, replacing(there) as part, part.open("wb") as file:
        np.savez_compressed(file, **columns)  # type: ignore[arg-type]


def read_columns(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays of an ``.npz`` file and what its ``meta`` says.

    Raises:
        OSError, ValueError, KeyError: it cannot be read; call it inside ``reading``.
    """
    with path.open("rb") as opened:
        file = np.load(opened, allow_pickle=False)
        columns = {name: np.asarray(file[name]) for name in file.files if name != "meta"}
        return columns, json.loads(str(file["meta"]))


def read_states(
    path: Path, format: int, error: type[PlywiseError], anew: str
) -> tuple[dict[str, NDArray[Any]], dict[str, Any], NDArray[Any]]:
    """Return what :func:`read_columns` does, and the column ``states`` in this version's layout.

    Args:
        path: of the file.
        format: number of the only format that is read.
        error: raised where names stand for other numbers; ``anew``: what makes such a file.

    Raises:
        OSError, ValueError, KeyError: as ``read_columns``, or it is of another format.
    """
    columns, meta = read_columns(path)
    if meta["format"] != format:
        raise ValueError(f"format {meta['format']}, this version reads {format}")
    if meta["names"] != names_digest():
        raise error(
            f"{path} was made with tables of other names than those in use; anew={anew} makes "
            "others"
        )
    return columns, meta, states_of_columns(columns["states"], meta["layout"])


def load_decisions(folder: Path) -> list[SampledDecision]:
    """Read ``decisions.npz`` of a folder.

    Raises:
        DecisionsFileError: it cannot be read, or this version of the engine cannot represent it.
    """
    path = folder / "decisions.npz"
    with reading(path, DecisionsFileError, "file of decisions", NPZ_FAULTS):
        columns, _, states = read_states(path, _FORMAT, DecisionsFileError, "decisions")
        ends = np.cumsum(columns["worlds"])
        if ends[-1] != len(states) or not set(columns["player"].tolist()) <= {0, 1}:
            raise ValueError("its columns do not fit together")
        kinds = list(KINDS)
        found = [
            SampledDecision(kinds[kind], int(game), int(turn), int(player), worlds.copy())
            for kind, game, turn, player, worlds in zip(
                columns["kind"], columns["game"], columns["turn"], columns["player"],
                np.split(states, ends[:-1]), strict=True,
            )
        ]  # fmt: skip
        _check_legal(found, columns["legal"])
    return found


def _check_legal(decisions: Sequence[SampledDecision], legal: NDArray[np.bool_]) -> None:
    """Refuse worlds whose legal actions are no longer those that were written."""
    for number, (one, row) in enumerate(zip(decisions, legal, strict=True)):
        expected = np.flatnonzero(row).tolist()
        for world in range(len(one.worlds)):
            if (here := RULES.legal_actions(one.worlds, world, one.player)) != expected:
                raise ValueError(
                    f"decision {number}, world {world}: legal are {here}, not {expected}"
                )


def in_layout(states: NDArray[Any], layout: np.dtype[Any]) -> NDArray[Any]:
    """Return records in another layout, field by field by name; a field without a value is zero.

    Raises:
        ValueError: a field that holds something has no place there, or its values do not fit.
    """
    found = np.zeros(states.shape, layout)
    for name in states.dtype.names or ():
        held = states[name]
        if name not in (layout.names or ()):
            if np.ascontiguousarray(held).view(np.uint8).any():
                raise ValueError(f"this version's states have no field '{name}'")
            continue
        inner = layout[name].base
        if found[name].shape != held.shape or (inner.names is None) != (held.dtype.names is None):
            raise ValueError(f"this version's states have another field '{name}'")
        if inner.names is not None:
            found[name] = in_layout(held, inner)
            continue
        found[name] = held
        if (found[name] != held).any():
            raise ValueError(f"field '{name}' of this version's states is too small")
    return found
