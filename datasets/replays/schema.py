"""The table of decisions: its columns, and a writer that holds a bounded part of it in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from plywise.datasets.replays.sources import import_parquet

SCHEMA_VERSION = 1
"""Changes with the columns or their meaning."""
COLUMNS: Mapping[str, tuple[str, str]] = {
    "battle_id": ("string", "of the battle, as its source names it"),
    "source": ("string", "file"),
    "record": ("int32", "line or row in a file of many, from 1; 0: the file is one battle"),
    "format": ("string", "id of the format"),
    "rating": ("int32", "of the battle, as its source has it; null: not told"),
    "rating_band": ("string", "such as 1600-1799, where the source has no number; empty: none"),
    "uploaded": ("int64", "seconds since 1970; null: not told"),
    "decision": ("int16", "number of the moment in the battle, from 0"),
    "turn": ("int16", "0 before the first"),
    "player": ("int8", "0 or 1"),
    "player_key": ("string", "digest of the player's name, for splits by player; empty: no name"),
    "player_rating": ("int32", "of the player before the battle; null: not told"),
    "foe_rating": ("int32", "of the opponent before the battle; null: not told"),
    "request": ("string", "preview, move or switch"),
    "state": ("string", "JSON of the information state (games.gen9.infostate.from_json)"),
    "legal": ("list", "names of the legal actions that are known"),
    "complete": ("bool", "the active Pokémon's four moves and the whole team are known"),
    "action": ("string", "name of the action; empty: not known"),
    "action_index": ("int8", "its number, as in state.legal; null: not known, or of no set"),
    "unknown": ("string", "why it is not known; empty: it is"),
    "foe_action": ("string", "of the opponent then, as it looked; empty: not known; null: none"),
    "foe_unknown": ("string", "why that is not known; empty: it is, or there is none"),
    "result": ("float", "1 won, 0.5 tied, 0 lost"),
    "flags": ("list", "forced, tera, disguised, unsure, unlisted"),
    "inferred": ("string", "JSON: what the log tells of the player's sets, and since which turn"),
}
"""Name -> type and meaning."""
_REPEATED = [name for name in COLUMNS if name not in ("state", "legal", "flags", "decision")]


def arrow_schema() -> Any:
    """Return the columns as a schema of pyarrow, their meanings as metadata.

    Raises:
        ReplaySourceError: pyarrow is not installed.
    """
    import_parquet()
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "int8": pa.int8(),
        "int16": pa.int16(),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "float": pa.float32(),
        "bool": pa.bool_(),
        "list": pa.list_(pa.string()),
    }
    return pa.schema(
        [
            pa.field(name, types[kind], metadata={"about": words})
            for name, (kind, words) in COLUMNS.items()
        ],
        metadata={"plywise.schema": str(SCHEMA_VERSION)},
    )


def table_files(source: Path) -> list[Path]:
    """Return the files of a table: of a run of ``plywise data replays``, a folder, or the one."""
    if source.is_file():
        return [source]
    inner = source / "decisions"
    return sorted((inner if inner.is_dir() else source).glob("*.parquet"))


class DecisionWriter:
    """Writes rows to a Parquet file; a few thousand wait in memory.

    Args:
        path: the file.

    Attributes:
        rows: number of rows given.

    Raises:
        ReplaySourceError: pyarrow is not installed.
        OSError: the file cannot be written.
    """

    MOST_WAITING = 2000

    def __init__(self, path: Path) -> None:
        self._schema = arrow_schema()
        self._file = import_parquet().ParquetWriter(
            path,
            self._schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=_REPEATED,
            write_statistics=False,
        )
        self._waiting: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        self.rows = 0

    def write(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Add rows, given by column."""
        for name, waiting in self._waiting.items():
            waiting.extend(columns[name])
        self.rows += len(columns["turn"])
        if len(self._waiting["turn"]) >= self.MOST_WAITING:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        self._file.write_table(pa.table(self._waiting, schema=self._schema))
        for waiting in self._waiting.values():
            waiting.clear()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Write what waits, and close the file."""
        if kind is None and self._waiting["turn"]:
            self._flush()
        self._file.close()
