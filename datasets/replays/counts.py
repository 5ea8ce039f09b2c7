"""How often what is played, counted from tables of decisions: statistics in Smogon's chaos form.

A log shows a part of most sets.  What it does not show is counted as if it were like what others
of the same species have shown: moves are scaled to four a set, items, abilities and Tera types to
one.  That is right where the chance to be shown does not depend on what it is: what shows itself
rarely (a Choice item) is counted too low, what always does (Leftovers) too high; ``Shown`` says how
much was seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from plywise.datasets.replays.schema import table_files
from plywise.datasets.replays.sources import ReplaySourceError, import_parquet
from plywise.datasets.set_priors import base_species
from plywise.datasets.showdown_data import load, to_id

_SLOTS = 4
_COLUMNS = tuple(
    """battle_id source record format rating player_rating decision action request state
    inferred""".split()
)
_NO_ITEM = "nothing"  # as chaos files write it


class ShownMon(msgspec.Struct):
    """Of a Pokémon in a state: its species at the start of the battle."""

    base_species: str


class ShownPreview(msgspec.Struct):
    """Of a Pokémon of Team Preview: its species."""

    species: str


class ShownSide(msgspec.Struct):
    """Of a player's own side in a state: what counts are made of."""

    mons: list[ShownMon]
    active: int | None
    size: int
    previewed: list[ShownPreview]


class _State(msgspec.Struct):
    own: ShownSide


class ShownSet(msgspec.Struct):
    """Of ``inferred``: a set as the log shows it, each part with the turn since when it does."""

    species: str
    moves: dict[str, int] = {}
    item: tuple[str, int] | None = None
    ability: tuple[str, int] | None = None
    tera_type: tuple[str, int] | None = None


_read_state = msgspec.json.Decoder(_State).decode
_read_sets = msgspec.json.Decoder(dict[str, ShownSet]).decode


@dataclass
class ShownTeam:
    """A team as one battle shows it.

    Attributes:
        species: of all Pokémon that are known.
        size: of the whole team.
        lead: species that began; "" not known.
        sets: what is known of sets.
    """

    species: tuple[str, ...]
    size: int
    lead: str
    sets: tuple[ShownSet, ...]


@dataclass
class SpeciesCounts:
    """Of one species.

    Attributes:
        teams: that it was seen on.
        leads: battles that it began.
        moves, items, abilities, tera_types: of its sets, as shown -> how often.
        mates: species on its teams.
    """

    teams: int = 0
    leads: int = 0
    moves: Counter[str] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    abilities: Counter[str] = field(default_factory=Counter)
    tera_types: Counter[str] = field(default_factory=Counter)
    mates: Counter[str] = field(default_factory=Counter)


@dataclass
class FormatCounts:
    """Of one format.

    Attributes:
        teams: that were counted; ``slots``: Pokémon of all of them, unseen ones included.
        battles: of these teams.
        species: by id.
    """

    teams: int = 0
    slots: int = 0
    battles: int = 0
    species: dict[str, SpeciesCounts] = field(default_factory=lambda: defaultdict(SpeciesCounts))

    def add(self, team: ShownTeam) -> None:
        """Count a team."""
        self.teams += 1
        self.slots += max(team.size, len(team.species))
        sets = {_played(one.species): one for one in team.sets}
        for name in team.species:
            found = self.species[name]
            found.teams += 1
            found.leads += name == team.lead
            found.mates.update(mate for mate in team.species if mate != name)
            shown = sets.get(name, ShownSet(name))
            found.moves.update(shown.moves.keys())
            if shown.item is not None:
                found.items[shown.item[0] or _NO_ITEM] += 1
            if shown.ability is not None:
                found.abilities[shown.ability[0]] += 1
            if shown.tera_type is not None:
                found.tera_types[to_id(shown.tera_type[0])] += 1

    def chaos(self, format: str, rating: int) -> dict[str, Any]:
        """Return the statistics in the form of Smogon's chaos files.

        Of each species also ``Leads`` (how often it began) and ``Shown`` (the mean number of moves
        that a set has shown, and the shares of sets that have shown item, ability and Tera type).
        Spreads are in no log: there are none.
        """
        seen = sum(found.teams for found in self.species.values())
        unseen = self.slots / seen if seen else 1.0
        data = {
            name: self._species(name, found, unseen)
            for name, found in sorted(self.species.items(), key=lambda e: (-e[1].teams, e[0]))
        }
        info = {
            "metagame": format,
            "cutoff": rating,
            "cutoff deviation": 0,
            "team type": None,
            "number of battles": self.battles,
            "made by": "plywise data count",
        }
        return {"info": info, "data": data}

    def _species(self, name: str, found: SpeciesCounts, unseen: float) -> dict[str, Any]:
        size = self.slots / self.teams
        mates = found.mates.total()
        more = found.teams * (size - 1) / mates if mates else 0.0
        shown = found.teams or 1
        return {
            "Raw count": found.teams,
            "usage": min(1.0, unseen * found.teams / self.teams),
            "Abilities": _filled(found.abilities or _possible(name), found.teams),
            "Items": _filled(found.items, found.teams),
            "Moves": filled_moves(found.moves, found.teams),
            "Spreads": {},
            "Tera Types": _filled(found.tera_types, found.teams),
            "Teammates": {k: min(found.teams, v * more) for k, v in found.mates.most_common()},
            "Checks and Counters": {},
            "Leads": found.leads,
            "Shown": {
                "moves": found.moves.total() / shown,
                "item": found.items.total() / shown,
                "ability": found.abilities.total() / shown,
                "tera type": found.tera_types.total() / shown,
            },
        }


def filled_moves(shown: Mapping[str, int], sets: int) -> dict[str, float]:
    """Return in how many sets each move is, from how often each was shown.

    Shown counts are scaled to four moves a set, no move being in more than all sets.

    Args:
        shown: move -> sets that have shown it.
        sets: number of sets.
    """
    counts = dict(sorted(((k, float(v)) for k, v in shown.items()), key=lambda e: (-e[1], e[0])))
    for _ in range(_SLOTS):  # each time at least one more move is in all sets
        full = sum(count >= sets for count in counts.values())
        rest = sum(count for count in counts.values() if count < sets)
        slots = (min(_SLOTS, len(counts)) - full) * sets
        if not rest or slots <= 0:
            break
        counts = {k: v if v >= sets else min(sets, v * slots / rest) for k, v in counts.items()}
    return {name: round(min(sets, count), 4) for name, count in counts.items()}


def _filled(shown: Mapping[str, int], sets: int) -> dict[str, float]:
    """Return counts that add up to all sets, those not shown in proportion to the shown."""
    total = sum(shown.values())
    ordered = sorted(shown.items(), key=lambda entry: (-entry[1], entry[0]))
    return {name: round(count * sets / total, 4) for name, count in ordered}


def _possible(species: str) -> dict[str, int]:
    """Return the abilities of a species, alike: none has shown itself."""
    abilities = load().species[load().species_id(species)].get("abilities", {})
    return dict.fromkeys((to_id(name) for name in abilities.values()), 1) or {"noability": 1}


def _played(species: str) -> str:
    return load().cosmetic.get(species, species)


def count_tables(
    source: Path, rating: int = 0, format: str | None = None
) -> dict[str, FormatCounts]:
    """Return counts by format of tables of decisions.

    Args:
        source: folder of ``plywise data replays``, or a Parquet file of it.
        rating: players of this rating or more before the battle (without one: of the battle).
        format: id of the only format that is counted; None: all.

    Raises:
        ReplaySourceError: there are none, they are no tables of decisions, or pyarrow is missing.
    """
    found: dict[str, FormatCounts] = defaultdict(FormatCounts)
    for battle in _battles(source):
        name = battle[0]["format"]
        teams = [team for rows in battle if (team := _team(rows, rating)) is not None]
        if (format is not None and name != format) or not teams:
            continue
        found[name].battles += 1
        for team in teams:
            found[name].add(team)
    return found


def _team(row: Mapping[str, Any], rating: int) -> ShownTeam | None:
    known = row["player_rating"] if row["player_rating"] is not None else row["rating"]
    if rating and (known is None or known < rating):
        return None
    try:
        own, sets = _read_state(row["state"]).own, _read_sets(row["inferred"])
    except msgspec.MsgspecError as error:
        raise ReplaySourceError(f"{row['source']}: no state of a decision ({error})") from error
    names = [_played(mon.base_species) for mon in own.mons]
    bases = {base_species(name) for name in names}
    names += [
        _played(mon.species) for mon in own.previewed if base_species(mon.species) not in bases
    ]
    lead = row["action"].removeprefix("lead ") if row["request"] == "preview" else ""
    if own.active is not None:
        lead = own.mons[own.active].base_species
    return ShownTeam(tuple(dict.fromkeys(names)), own.size, _played(lead), tuple(sets.values()))


def _battles(source: Path) -> Iterator[list[dict[str, Any]]]:
    """Yield of each battle both players' first rows."""
    for _, rows in groupby(
        _rows(source), lambda row: (row["source"], row["record"], row["battle_id"])
    ):
        yield list(rows)


def _rows(source: Path) -> Iterator[dict[str, Any]]:
    parquet = import_parquet()
    files = table_files(source)
    if not files or not all(path.is_file() for path in files):
        raise ReplaySourceError(
            f"{source}: there are no tables of decisions (plywise data replays)"
        )
    for path in files:
        try:
            with parquet.ParquetFile(path) as file:
                missing = set(_COLUMNS) - set(file.schema_arrow.names)
                if missing:
                    raise ReplaySourceError(
                        f"{path} is no table of decisions: it has no {', '.join(sorted(missing))}"
                    )
                for batch in file.iter_batches(batch_size=2000, columns=_COLUMNS):
                    first = [number == 0 for number in batch["decision"].to_pylist()]
                    if any(first):
                        yield from batch.filter(first).to_pylist()
        except (OSError, ValueError) as error:
            raise ReplaySourceError(f"{path} cannot be read: {str(error)[:200]}") from error
