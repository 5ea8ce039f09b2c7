"""Differences between the tables of two Showdown releases, in lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plywise.datasets.showdown_data import read_json_gz
from plywise.engine.battle.border.foreign_tables import KINDS_OF_TABLES, Tables, changed_fields

_PLURALS = {**{table: table for table in KINDS_OF_TABLES}, "natures": "natures"}


@dataclass
class TableChanges:
    """What is new, gone and changed in one kind of things.

    Attributes:
        what: moves, abilities, formats, sets of gen9ou …
        new, gone: ids, sorted; of sets ``NUMBER of SPECIES``.
        changed: id -> what has changed in it, in words.
        by_chance: whether some of it is chance: a short report has its numbers alone.
    """

    what: str
    new: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    changed: dict[str, str] = field(default_factory=dict)
    by_chance: bool = False

    def __bool__(self) -> bool:
        """Whether anything is different."""
        return bool(self.new or self.gone or self.changed)

    def lines(self, shown: int | None = None) -> Iterator[str]:
        """Yield a line of counts and one for each difference, at most ``shown`` of each kind."""
        counts = f"{len(self.new)} new, {len(self.gone)} removed, {len(self.changed)} changed"
        yield f"{self.what}: {counts}"
        if shown is not None and self.by_chance:
            return
        for sign, entries in (
            ("+", self.new),
            ("-", self.gone),
            ("~", [f"{key}: {words}" for key, words in self.changed.items()]),
        ):
            for entry in entries[:shown]:
                yield f"  {sign} {entry}"
            if shown is not None and len(entries) > shown:
                yield f"  {sign} … {len(entries) - shown} more"


def compared(old: Path, new: Path) -> list[TableChanges]:
    """Return the differences between two folders of tables, those of each kind together."""
    was, now = (read_json_gz(folder / "data.json.gz") for folder in (old, new))
    found = [_of_table(table, was[table], now[table]) for table in _PLURALS]
    found.append(_of_table("types", was["typechart"], now["typechart"]))
    tiers = _of_values("tiers", was["tiers"], now["tiers"])
    formats = [read_json_gz(folder / "formats.json.gz")["formats"] for folder in (old, new)]
    code = [read_json_gz(folder / "fingerprints.json.gz") for folder in (old, new)]
    found += [tiers, _of_table("formats", *formats)]
    was, now = (digests["sets"] for digests in code)
    found += [_of_source(name, was.get(name, {}), now.get(name, {})) for name in {**was, **now}]
    for path in sorted({p.name for f in (old, new) for p in (f / "priors").glob("*.json.gz")}):
        found.append(
            _sets(path.removesuffix(".json.gz"), old / "priors" / path, new / "priors" / path)
        )
    return [changes for changes in found if changes]


def _of_table(what: str, old: Tables, new: Tables) -> TableChanges:
    found = TableChanges(what, sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys()))
    for key in sorted(old.keys() & new.keys()):
        if fields := changed_fields(old[key], new[key]):
            found.changed[key] = ", ".join(_field(*entry) for entry in fields.items())
    return found


def _field(path: str, values: tuple[Any, Any]) -> str:
    was, now = ("none" if value is None else value for value in values)
    if isinstance(was, list) and isinstance(now, list):
        gone, more = [x for x in was if x not in now], [x for x in now if x not in was]
        if gone or more:
            signs = [*(f"-{x}" for x in gone), *(f"+{x}" for x in more)]
            return f"{path} {' '.join(signs)}"
    return f"{path} {was} -> {now}"


def _of_values(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> TableChanges:
    found = TableChanges(what, sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys()))
    for key in sorted(old.keys() & new.keys()):
        if old[key] != new[key]:
            found.changed[key] = f"{old[key]} -> {new[key]}"
    return found


def _of_source(name: str, was: Tables, now: Tables) -> TableChanges:
    """Compare the sets of the package itself, species by species."""
    found = _of_values(f"sets of the package, {name}", was, now)
    for key in sorted(was.keys() & now.keys()):
        (level, *sets), (new_level, *new_sets) = was[key], now[key]
        what = "level" if name == "random battles" else "weight"
        words = [f"{what} {level} -> {new_level}"] if level != new_level else []
        more, gone = len(set(new_sets) - set(sets)), len(set(sets) - set(new_sets))
        if more or gone:
            words.append(f"{more} sets new, {gone} gone")
        if words:
            found.changed[key] = ", ".join(words)
        else:
            found.changed.pop(key, None)  # the same sets in another order
    return found


def _sets(format: str, old: Path, new: Path) -> TableChanges:
    was, now = (_templates(path) if path.is_file() else {} for path in (old, new))
    found = TableChanges(f"sets of {format}, with those drawn by chance", by_chance=True)
    for keys, words in (
        (now.keys() - was.keys(), found.new),
        (was.keys() - now.keys(), found.gone),
    ):
        words += sorted(f"{count} of {species}" for species, count in _by_species(keys).items())
    for key in sorted(was.keys() & now.keys()):
        if was[key] != now[key]:
            found.changed[key[0]] = "weights"
    return found


def _by_species(keys: set[tuple[str, str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for species, _ in keys:
        counts[species] = counts.get(species, 0) + 1
    return counts


def _templates(path: Path) -> dict[tuple[str, str], float]:
    """Return (species, all else but the weight) -> weight of the templates of a prior."""
    raw = read_json_gz(path)
    species, weight = raw["columns"].index("species"), raw["columns"].index("weight")
    return {
        (row[species], str([x for k, x in enumerate(row) if k != weight])): row[weight]
        for row in raw["templates"]
    }
