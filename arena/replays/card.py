"""The dataset card of a folder of decisions, in the form that Hugging Face reads.

It is made anew at the end of each run that adds something, as long as its mark is in it: without
the mark it is somebody's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from plywise.arena.output.files import write_whole
from plywise.arena.output.text import single_line
from plywise.datasets.replays.schema import COLUMNS, SCHEMA_VERSION
from plywise.datasets.replays.sources import import_parquet

CARD = "README.md"
MARK = "<!-- made by `plywise data replays`; without this line it is not made anew -->"
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**6, "100K<n<1M"),
          (10**7, "1M<n<10M"), (10**8, "10M<n<100M"), (10**9, "100M<n<1B"))  # fmt: skip
_MOST_SOURCES = 40  # named

_TEXT = """---
pretty_name: Decisions of Pokémon Showdown battles
license: other
license_name: terms-of-the-sources
language: [en]
task_categories: [reinforcement-learning, tabular-classification]
tags: [pokemon, pokemon-showdown, games, imperfect-information]
size_categories: [{size}]
configs:
- config_name: default
  data_files: decisions/*.parquet
---
{mark}
# Decisions of Pokémon Showdown battles

One row a decision of each player: what the player knew then, what could be chosen, what both chose,
how it ended. Made from logs of battles (schema {schema}). The opponent's part of a state holds what
had been shown by then and nothing later; the player's own sets are inferred from the whole log, and
`inferred` says since when each part was public.

## Counts
| what | number |
|---|---|
| battles | {battles:,} |
| decisions | {rows:,} |
| decisions whose action no line tells | {unknown:,} |
| battles rejected (`rejects.jsonl`) | {rejected:,} |

| format | battles |
|---|---|
{formats}

## Sources
{sources}

## Columns
| column | type | meaning |
|---|---|---|
{columns}

## Loading
```python
from datasets import load_dataset

rows = load_dataset("parquet", data_files="decisions/*.parquet", split="train", streaming=True)
```

## Licence
The table repeats what its sources say, and their terms go with it: name them here before you
publish it. Seen so far: the replay site states none; `metamon-parsed-replays` is CC BY-NC 4.0. The
table holds no names of players, but ids of battles that lead to them, and digests of names.

## Limits
- Logs of spectators hold no requests: what was never shown is missing, HP are percent.
- A Pokémon under an Illusion that nothing ended is told as what it looked like (`unsure`).
- Programs play on public servers too; nothing here tells them from people.
"""


def write_card(out: Path, sources: Sequence[Path]) -> None:
    """Write the card of a folder, unless somebody's own is there.

    Raises:
        RecordFileError: the disk refuses it.
        ReplaySourceError: pyarrow is missing.
    """
    path = out / CARD
    if path.exists() and MARK not in path.read_text(encoding="utf-8", errors="replace"):
        return
    parquet = import_parquet()
    formats: Counter[str] = Counter()
    rows = unknown = 0
    for part in sorted((out / "decisions").glob("*.parquet")):
        table = parquet.read_table(part, columns=["decision", "player", "format", "unknown"])
        rows += table.num_rows
        unknown += sum(bool(why) for why in table["unknown"].to_pylist())
        one_a_row = (table[name].to_pylist() for name in ("decision", "player", "format"))
        formats.update(name for at, s, name in zip(*one_a_row, strict=True) if at == s == 0)
    with (out / "rejects.jsonl").open("rb") as file:
        rejected = sum(1 for _ in file)
    names = [f"- `{_plain(source.name)}`" for source in sources[:_MOST_SOURCES]]
    if len(sources) > _MOST_SOURCES:
        names.append(f"- and {len(sources) - _MOST_SOURCES} more")
    text = _TEXT.format(
        mark=MARK,
        schema=SCHEMA_VERSION,
        size=next((name for most, name in _SIZES if rows < most), "n>1B"),
        battles=formats.total(),
        rows=rows,
        unknown=unknown,
        rejected=rejected,
        formats="\n".join(f"| {name} | {count:,} |" for name, count in formats.most_common()),
        sources="\n".join(names),
        columns="\n".join(f"| `{k}` | {kind} | {words} |" for k, (kind, words) in COLUMNS.items()),
    )
    write_whole(path, text)


def _plain(name: str) -> str:
    """Return a file's name as the text of a code span in Markdown."""
    return single_line(name).replace("`", "'")
