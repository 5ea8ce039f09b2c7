"""Tables of decisions as battles, and their split by player."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from plywise.datasets.errors import PlywiseError
from plywise.datasets.files import reading
from plywise.datasets.replays.schema import table_files
from plywise.datasets.replays.sources import import_parquet

_COLUMNS = (
    "battle_id source record format rating rating_band decision turn player player_key "
    "player_rating request state complete action unknown foe_action flags inferred"
).split()
# Not read: `result`, which is of the future, `legal`, which `state` has, `foe_rating`, `uploaded`.

TRAIN, TEST, NEITHER = "train", "test", "neither"


class DecisionTableError(PlywiseError):
    """A table of decisions that cannot be read."""


class TableRow(msgspec.Struct):
    """One row of a table of decisions; attributes as its columns (``datasets/replays/schema``)."""

    battle_id: str
    source: str
    record: int
    format: str
    rating: int | None
    rating_band: str
    decision: int
    turn: int
    player: int
    player_key: str
    player_rating: int | None
    request: str
    state: str
    complete: bool
    action: str
    unknown: str
    foe_action: str | None
    flags: list[str]
    inferred: str


def read_battles(folder: Path) -> Iterator[list[TableRow]]:
    """Yield the rows of each battle, in order.

    Raises:
        DecisionTableError: there is none, a file is damaged, or no table of decisions.
    """
    parquet = import_parquet()
    files = table_files(folder)
    if not files:
        raise DecisionTableError(
            f"{folder} holds no table of decisions: plywise data replays SRC… {folder}"
        )
    for path in files:
        with reading(path, DecisionTableError, "table of decisions", (LookupError, TypeError)):
            waiting: list[TableRow] = []
            with parquet.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=512, columns=_COLUMNS):
                    for raw in batch.to_pylist():
                        row = msgspec.convert(raw, TableRow)
                        if waiting and _battle(waiting[0]) != _battle(row):
                            yield waiting
                            waiting = []
                        waiting.append(row)
            if waiting:
                yield waiting


def _battle(row: TableRow) -> tuple[str, int, str]:
    return row.source, row.record, row.battle_id


def split_battles(
    battles: Iterable[tuple[str, tuple[str, str]]], test: float, seed: int
) -> dict[str, str]:
    """Return the part of each battle: ``train``, ``test`` or ``neither``.

    No player is in two parts.  Where players form groups that never play each other, whole groups
    are held out.  One large group is divided by player: its battles between both parts are left
    out.

    Args:
        battles: (number or id, keys of both players); one without a key is a player of its own.
        test: share to hold out: of battles, or of the players of a large group.
        seed: of the draw.
    """
    found = [(name, _keys(name, keys)) for name, keys in battles]
    group = _groups(found)
    sizes = Counter(group[keys[0]] for _, keys in found)
    large = {key for key, size in sizes.items() if size > len(found) / 4}

    def drawn(keys: Iterable[str]) -> list[str]:
        def digest(key: str) -> bytes:
            return hashlib.blake2s(f"{seed} {key}".encode(), digest_size=8).digest()

        return sorted(keys, key=digest)

    held_out: set[str] = set()
    wanted = test * sum(size for key, size in sizes.items() if key not in large)
    for key in drawn(sizes.keys() - large):
        if wanted > 0:
            held_out.update(player for player, of in group.items() if of == key)
            wanted -= sizes[key]
    for key in sorted(large):
        players = drawn(player for player, of in group.items() if of == key)
        held_out.update(players[: round(test * len(players))])
    parts: dict[str, str] = {}
    for name, keys in found:
        sides = [key in held_out for key in keys]
        parts[name] = TEST if all(sides) else NEITHER if any(sides) else TRAIN
    return parts


def _keys(name: str, keys: tuple[str, str]) -> tuple[str, str]:
    return keys[0] or f"{name} 0", keys[1] or f"{name} 1"


def _groups(battles: Iterable[tuple[str, tuple[str, str]]]) -> dict[str, str]:
    """Return for each player the least key of those that it is connected with by battles."""
    met: dict[str, set[str]] = defaultdict(set)
    for _, (one, two) in battles:
        met[one].add(two)
        met[two].add(one)
    group: dict[str, str] = {}
    for key in sorted(met):
        if key in group:
            continue
        waiting = [key]
        while waiting:
            here = waiting.pop()
            if here not in group:
                group[here] = key
                waiting += sorted(met[here])
    return group


def band_of_rating(row: TableRow) -> str:
    """Return the band of 200 points of a player's rating; ``unrated`` without one."""
    rating = row.player_rating if row.player_rating is not None else row.rating
    if rating is None:
        return row.rating_band or "unrated"
    low = rating // 200 * 200
    return f"{low}-{low + 199}"


def band_of_turn(turn: int) -> str:
    """Return the band of a turn."""
    if turn == 0:
        return "preview"
    for last in (5, 10, 20):
        if turn <= last:
            return f"turns to {last}"
    return "turns after 20"


def public_keys(rows: list[TableRow]) -> tuple[str, str]:
    """Return the keys of both players of a battle; "" not told."""
    found: dict[int, Any] = {row.player: row.player_key for row in rows}
    return found.get(0, ""), found.get(1, "")
