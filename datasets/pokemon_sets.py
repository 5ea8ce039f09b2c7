"""Pokémon sets and teams: Showdown's packed format, and the random-battle prior.

Teams of people, with checks of what they name, are read by ``teams/files.py``.

``showdown/gen9randombattle.json.gz`` holds every set that the package's own random-battle generator
made in 60,000 teams, with its count, and 5,000 of those teams whole.
"""

from dataclasses import dataclass, field
from functools import cache
from random import Random

from plywise.datasets.errors import PlywiseError
from plywise.datasets.showdown_data import load, read_json_gz, to_id
from plywise.datasets.tables_in_use import tables_folder

_FIELDS = 12  # of one Pokémon in a packed team, counted by '|'
_DIGITS = 9  # of a number in a packed team


class TeamError(PlywiseError):
    """A team that is in none of Showdown's forms, or names something unknown."""


@dataclass(frozen=True)
class PokemonSet:
    """One Pokémon as its trainer built it; names are Showdown ids, types and genders its names.

    Attributes:
        species: species id as written, cosmetic formes included.
        moves: 1 to 4 move ids in slot order.
        evs, ivs: hp, atk, def, spa, spd, spe.
        gender: ``"M"``, ``"F"``, ``"N"``, or ``""`` where the battle draws it.
        tera_type: type name, ``""`` where it is the species' first type.
        written: the species as a packed team spells it, for display only.
        happiness: 0 to 255.
        pokeball: item id; "" for the usual one.
    """

    species: str
    level: int
    ability: str
    item: str
    tera_type: str
    moves: tuple[str, ...]
    evs: tuple[int, ...]
    ivs: tuple[int, ...]
    gender: str = ""
    nature: str = "serious"
    nickname: str = ""
    shiny: bool = False
    written: str = field(default="", compare=False)
    happiness: int = 255
    pokeball: str = ""


def _numbers(text: str, default: int, what: str) -> tuple[int, ...]:
    """Return six numbers; an empty one is the default, as Showdown's own unpacker reads it."""
    parts = text.split(",") if text else [""] * 6
    if len(parts) != 6:
        raise TeamError(f"{what} '{text[:40]}': six numbers are wanted")
    return tuple(_number(part, default, what) for part in parts)


def _number(text: str, default: int, what: str) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise TeamError(f"{what} '{text[:40]}' is not a number")
    return int(text)


def parse_packed_set(text: str) -> PokemonSet:
    """Return the Pokémon of one packed entry.

    The entry reads ``nickname|species|item|ability|moves|nature|evs|gender|ivs|shiny|level|misc``,
    where ``misc`` is ``happiness,pokeball,hiddenpowertype,gigantamax,dynamaxlevel,teratype``.

    Raises:
        TeamError: it is not such an entry.
        UnknownNameError: its ability is left to its species, which is unknown.
    """
    fields = text.split("|")
    if len(fields) != _FIELDS:
        raise TeamError(f"'{text[:40]}…': {_FIELDS} fields are wanted, found {len(fields)}")
    nickname, species, item, ability, moves, nature, evs, gender, ivs, shiny, level, misc = fields
    extra = misc.split(",")
    species_id = to_id(species or nickname)
    if ability in ("", "0", "1", "H", "S"):
        record = load().species[load().species_id(species_id)]
        ability = record["abilities"].get(ability or "0", record["abilities"]["0"])
    return PokemonSet(
        species=species_id,
        level=_number(level, 100, "level"),
        ability=to_id(ability),
        item=to_id(item),
        tera_type=extra[5] if len(extra) > 5 else "",
        moves=tuple(to_id(m) for m in moves.split(",") if m),
        evs=_numbers(evs, 0, "EVs"),
        ivs=_numbers(ivs, 31, "IVs"),
        gender=gender,
        nature=to_id(nature) or "serious",
        nickname=nickname,
        shiny=bool(shiny),
        written=species or nickname,
        happiness=_number(extra[0], 255, "happiness"),
        pokeball=to_id(extra[2]) if len(extra) > 2 else "",
    )


def parse_packed_team(text: str) -> tuple[PokemonSet, ...]:
    """Return the Pokémon of a packed team (entries joined by ``]``).

    Raises:
        TeamError: it is not a packed team of 1 to 6 Pokémon.
    """
    entries = text.strip().split("]")
    if not 1 <= len(entries) <= 6:
        raise TeamError(f"a team has 1 to 6 Pokémon, this one has {len(entries)}")
    return tuple(parse_packed_set(entry) for entry in entries)


@dataclass(frozen=True)
class RandomBattleSets:
    """Sets and teams of the random-battle generator.

    Attributes:
        version: the package that made it.
        generated_teams: how many teams the counts come from.
        sets: every different set; moves are sorted by id, gender is empty.
        counts: how often each set was made.
        by_species: species id -> indices into ``sets``.
        teams: whole teams, each six pairs (index into ``sets``, gender).
    """

    version: str
    generated_teams: int
    sets: tuple[PokemonSet, ...]
    counts: tuple[int, ...]
    by_species: dict[str, tuple[int, ...]]
    teams: tuple[tuple[tuple[int, str], ...], ...]

    def team(self, index: int) -> tuple[PokemonSet, ...]:
        """Return whole team ``index`` (0 … len(teams) - 1), with genders."""
        return tuple(self._with_gender(row, gender) for row, gender in self.teams[index])

    def random_team(self, rng: Random) -> tuple[PokemonSet, ...]:
        """Return one of the generator's own teams, drawn evenly."""
        return self.team(rng.randrange(len(self.teams)))

    def _with_gender(self, row: int, gender: str) -> PokemonSet:
        s = self.sets[row]
        return PokemonSet(
            s.species, s.level, s.ability, s.item, s.tera_type, s.moves, s.evs, s.ivs, gender
        )


@cache
def random_battle_sets() -> RandomBattleSets:
    """Return the committed random-battle prior (read once per process).

    Raises:
        PlywiseError: the file is missing or damaged.
    """
    raw = read_json_gz(tables_folder() / "gen9randombattle.json.gz")
    sets: list[PokemonSet] = []
    counts: list[int] = []
    by_species: dict[str, list[int]] = {}
    for species, level, ability, item, tera, moves, evs, ivs, count in raw["sets"]:
        by_species.setdefault(species, []).append(len(sets))
        sets.append(
            PokemonSet(species, level, ability, item, tera, tuple(moves), tuple(evs), tuple(ivs))
        )
        counts.append(count)
    return RandomBattleSets(
        raw["version"],
        raw["generated_teams"],
        tuple(sets),
        tuple(counts),
        {k: tuple(v) for k, v in by_species.items()},
        tuple(tuple((row, gender) for row, gender in team) for team in raw["teams"]),
    )
