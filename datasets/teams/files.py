"""Teams of people in files: export text, packed text and JSON, read, checked and written.

The forms are those of Showdown's own ``sim/teams.ts`` (``Teams.import``, ``pack`` and ``export``)
and of its team builder's backups.  Reading refuses what ``Teams.import`` would leave out without a
word (half a line, an unknown name); whether a team is legal in a format is the validator's to say
(``games/showdown/teams/check.py``).  What generation 9 does not have is read and left out: the type
of Hidden Power, the Dynamax level and Gigantamax.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import msgspec

from plywise.datasets.files import read_text, reading
from plywise.datasets.pokemon_sets import PokemonSet, TeamError, parse_packed_set
from plywise.datasets.recording import encodable
from plywise.datasets.showdown_data import RecordTable, UnknownNameError, load, to_id

STATS = ("hp", "atk", "def", "spa", "spd", "spe")
_STAT_NAMES = ("HP", "Atk", "Def", "SpA", "SpD", "Spe")
MOST_POKEMON = 6
_MOST_MOVES = 4
_NICKNAME = 18  # characters of JavaScript (UTF-16) that Showdown's validator allows
_SHOWN = 40  # characters of a text from a file in a message
_HEADER = re.compile(r"=== *(?:\[([^\]]*)\] *)?(.*?) *(?:===)?")
_NATURE = re.compile(r"([A-Za-z]+) [Nn]ature")
_STAT = re.compile(r"(\d{1,9})[+-]? +([A-Za-z. ]+)")
_NOT_IN_NICKNAMES = re.compile(r"[|\s\[\],\u202e]+")  # Dex.getName in sim/dex.ts


@dataclass(frozen=True)
class NamedTeam:
    """A team of a file.

    Attributes:
        name: of the file's header, else of the file.
        sets: 1 to 6 Pokémon.
        format: id that the file's header names; "" where none does.
    """

    name: str
    sets: tuple[PokemonSet, ...]
    format: str = ""


class WrittenSet(msgspec.Struct, rename={"hp_type": "hpType", "dynamax_level": "dynamaxLevel",
                                         "tera_type": "teraType"}):  # fmt: skip
    """A Pokémon as a file writes it: Showdown's set object, nothing checked."""

    name: str | None = None
    species: str | None = None
    item: str | None = None
    ability: str | None = None
    moves: list[str] = []
    nature: str | None = None
    gender: str | None = None
    evs: dict[str, int] | None = None
    ivs: dict[str, int] | None = None
    level: int | None = None
    shiny: bool | None = None
    happiness: int | None = None
    pokeball: str | None = None
    hp_type: str | None = None
    gigantamax: bool | None = None
    dynamax_level: int | None = None
    tera_type: str | None = None


def read_teams(path: Path) -> tuple[NamedTeam, ...]:
    """Return all teams of a file, or of the ``.txt`` and ``.json`` files of a folder, by name.

    Raises:
        TeamError: it cannot be read, holds no team, or a team names something unknown; the message
            names the file.
    """
    if not path.is_dir():
        with reading(path, TeamError, "file of teams"):
            text = read_text(path)
        try:
            return parse_teams(text, path.stem)
        except TeamError as error:
            raise TeamError(f"{path}: {error}") from error
    with reading(path, TeamError, "folder of teams"):
        files = sorted(file for file in path.iterdir() if file.suffix in (".txt", ".json"))
    if not files:
        raise TeamError(f"{path}: the folder holds no .txt and no .json file")
    return tuple(team for file in files for team in read_teams(file))


def parse_teams(text: str, name: str = "team") -> tuple[NamedTeam, ...]:
    """Return the teams of a text, at least one.

    Args:
        text: export text, with a line ``=== [gen9ou] name ===`` before each team where there are
            several; packed teams, one a line, each perhaps after ``gen9ou]name|``; or JSON, a list
            of set objects or a list of such lists.
        name: of a team whose text gives it none.

    Raises:
        TeamError: it is none of these, or names something unknown.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    first = next((line.strip() for line in text.split("\n") if line.strip()), "")
    if not first:
        raise TeamError("the text is empty")
    if re.match(r"\[\s*[\[{\]]", text.lstrip()):
        found = [NamedTeam(name, _checked(sets)) for sets in _json_sets(text)]
    elif "|" in first and not first.startswith("==="):
        found = [_packed_line(line, name) for line in text.split("\n") if line.strip()]
    else:
        found = [
            NamedTeam(title or name, _checked(sets), format)
            for format, title, sets in exported_sets(text)
        ]
    if not found:
        raise TeamError("the text holds no team")
    return tuple(found)


# --- JSON and packed text --------------------------------------------------------------------


def _json_sets(text: str) -> list[list[WrittenSet]]:
    one_team = text.lstrip()[1:].lstrip()[:1] == "{"
    try:
        if one_team:
            return [msgspec.json.decode(text.encode(), type=list[WrittenSet])]
        return msgspec.json.decode(text.encode(), type=list[list[WrittenSet]])
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        raise TeamError(f"no JSON of teams: {' '.join(str(error).split())}") from error


def _packed_line(line: str, name: str) -> NamedTeam:
    line = line.strip()
    format = ""
    # A team builder's own store: format]name|packed, with the name's folders before it.
    head = re.match(r"([a-z0-9]*)\]([^|]*)\|", line)
    if head is not None:
        format, name, line = head[1], head[2] or name, line[head.end() :]
    entries = line.removesuffix("]").split("]")
    _refuse_too_many(len(entries))
    sets = []
    for number, entry in enumerate(entries, 1):
        where = f"Pokémon {number}"
        try:
            read = parse_packed_set(entry)
        except (TeamError, UnknownNameError) as error:
            raise TeamError(f"{where}: {error}") from error
        sets.append(_checked_set(_as_written(read), where))
    return NamedTeam(_clean(name), tuple(sets), format)


def _as_written(read: PokemonSet) -> WrittenSet:
    return WrittenSet(
        name=read.nickname,
        species=read.written,
        item=read.item,
        ability=read.ability,
        moves=list(read.moves),
        nature=read.nature,
        gender=read.gender,
        evs=dict(zip(STATS, read.evs, strict=True)),
        ivs=dict(zip(STATS, read.ivs, strict=True)),
        level=read.level,
        shiny=read.shiny,
        happiness=read.happiness,
        pokeball=read.pokeball,
        tera_type=read.tera_type,
    )


# --- export text -----------------------------------------------------------------------------


def exported_sets(text: str) -> Iterator[tuple[str, str, list[WrittenSet]]]:
    """Yield format id, name and Pokémon of each team of an export text, nothing checked.

    Raises:
        TeamError: a line is none of a set's.
    """
    format = title = ""
    sets: list[WrittenSet] = []
    current: WrittenSet | None = None
    headed = False
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if line in ("", "---"):
            current = None
        elif line.startswith("==="):
            if sets or headed:
                yield format, title, sets
            headed, sets, current = True, [], None
            found = _HEADER.fullmatch(line)
            format, title = (to_id(found[1] or ""), _clean(found[2])) if found else ("", "")
        elif current is None:
            current = WrittenSet(moves=[])
            sets.append(current)
            _first_line(line, current)
        else:
            _further_line(line, current, number)
    if sets or headed:
        yield format, title, sets


def _first_line(line: str, read: WrittenSet) -> None:
    """Read ``nickname (species) (gender) @ item``.

    A nickname may hold " @ " and parentheses, so each part is looked for from the end, as the team
    builder does (``Teams.import`` of the server looks from the start).
    """
    before, at, after = line.rpartition(" @ ")
    if at:
        line, read.item = before, after
    for gender in ("M", "F", "N"):
        if line.endswith(f" ({gender})"):
            read.gender, line = gender, line[:-4]
            break
    line = line.strip()
    if line.endswith(")") and "(" in line:
        name, _, species = line[:-1].rpartition("(")
        read.name, read.species = name.strip(), species.strip()
    else:
        read.species = line


def _further_line(line: str, read: WrittenSet, number: int) -> None:
    key, colon, value = line.partition(": ")
    nature = _NATURE.match(line)
    if line[0] in "-~":
        move = line[1:].strip()
        if move.startswith("Hidden Power [") and move.endswith("]"):
            move = f"Hidden Power {move[14:-1]}"
        if move:
            read.moves.append(move)
    elif colon and key in ("Ability", "Trait"):
        read.ability = value
    elif colon and key == "Tera Type":
        read.tera_type = value
    elif colon and key == "Pokeball":
        read.pokeball = value
    elif colon and key == "Hidden Power":
        read.hp_type = value
    elif colon and key == "Level":
        read.level = _whole(value, number, key)
    elif colon and key == "Happiness":
        read.happiness = _whole(value, number, key)
    elif colon and key == "Dynamax Level":
        read.dynamax_level = _whole(value, number, key)
    elif colon and key == "Shiny":
        read.shiny = value == "Yes"
    elif colon and key == "Gigantamax":
        read.gigantamax = value == "Yes"
    elif colon and key == "EVs":
        read.evs = dict.fromkeys(STATS, 0) | _stats(value, number, key)
    elif colon and key == "IVs":
        read.ivs = dict.fromkeys(STATS, 31) | _stats(value, number, key)
    elif nature is not None:
        read.nature = nature[1]
    elif line not in ("Ability:", "EVs:", "IVs:", "Tera Type:"):  # nothing was chosen
        raise TeamError(f"line {number}, '{_cut(line)}': no line of a Pokémon")


def _whole(value: str, number: int, what: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise TeamError(f"line {number}: {what} '{_cut(value)}' is no whole number")
    return int(value)


def _stats(text: str, number: int, what: str) -> dict[str, int]:
    found = {}
    for part in text.split("/"):
        read = _STAT.fullmatch(part.strip())
        stat = to_id(read[2]) if read is not None else ""
        if read is None or stat not in STATS:
            raise TeamError(
                f"line {number}: {what} '{_cut(part.strip())}': a number and one of "
                f"{', '.join(_STAT_NAMES)} are wanted"
            )
        found[stat] = int(read[1])
    return found


# --- checks ----------------------------------------------------------------------------------


def _checked(sets: Sequence[WrittenSet]) -> tuple[PokemonSet, ...]:
    _refuse_too_many(len(sets))
    return tuple(_checked_set(read, f"Pokémon {n}") for n, read in enumerate(sets, 1))


def _refuse_too_many(count: int) -> None:
    if not 1 <= count <= MOST_POKEMON:
        raise TeamError(f"a team has 1 to {MOST_POKEMON} Pokémon, this one has {count}")


def _checked_set(read: WrittenSet, where: str) -> PokemonSet:
    """Return a set whose names the tables know, as Showdown's ids.

    Raises:
        TeamError: a name is unknown, or a number out of its range.
    """
    data = load()
    written = (read.species or read.name or "").strip()
    species = to_id(written)
    if species not in data.species and species not in data.cosmetic:
        _unknown("species", written, where, [r["name"] for r in data.species.values()])
    plays_as = data.species[data.species_id(species)]
    where = f"{where} ({plays_as['name']})"
    moves = [_known(move, data.moves, "move", where) for move in read.moves if to_id(move)]
    if not 1 <= len(moves) <= _MOST_MOVES:
        raise TeamError(f"{where}: a Pokémon has 1 to {_MOST_MOVES} moves, this one {len(moves)}")
    item = to_id(read.item or "")
    abilities = plays_as["abilities"]
    ability = to_id(read.ability or "") or to_id(abilities["0"])  # as Showdown unpacks a team
    tera = to_id(read.tera_type or "")
    gender = (read.gender or "").upper()
    if gender not in ("", "M", "F", "N"):
        raise TeamError(f"{where}: gender '{_cut(gender)}': M, F or N is wanted")
    if tera:
        _known(read.tera_type or "", data.typechart, "type", where)
    nickname = _nickname(read.name or "")
    if nickname in (written, plays_as["name"], plays_as.get("baseSpecies")):
        nickname = ""  # a battle calls it so anyway
    if len(nickname.encode("utf-16-le")) > 2 * _NICKNAME:
        raise TeamError(f"{where}: nickname '{_cut(nickname)}' is longer than {_NICKNAME}")
    return PokemonSet(
        species=species,
        level=_inside(read.level, 100, 1, 100, "level", where),
        ability=_known(ability, data.abilities, "ability", where, read.ability),
        item="" if item in ("", "noitem") else _known(read.item or "", data.items, "item", where),
        tera_type=tera.capitalize(),
        moves=tuple(moves),
        evs=_six(read.evs, 0, 255, "EVs", where),
        ivs=_six(read.ivs, 31, 31, "IVs", where),
        gender=gender,
        nature=_known(read.nature or "serious", data.natures, "nature", where),
        nickname=nickname,
        shiny=bool(read.shiny),
        written=_species_name(species),
        happiness=_inside(read.happiness, 255, 0, 255, "happiness", where),
        pokeball=_known(read.pokeball, data.items, "Poké Ball", where) if read.pokeball else "",
    )


def _known(name: str, table: RecordTable, what: str, where: str, said: str | None = None) -> str:
    found = to_id(name)
    if found not in table:
        _unknown(what, said or name, where, [str(r.get("name", key)) for key, r in table.items()])
    return found


def _unknown(what: str, name: str, where: str, names: Iterable[str]) -> NoReturn:
    near = difflib.get_close_matches(name, names, n=1) if len(name) <= _SHOWN else []
    hint = f"; did you mean {near[0]}?" if near else ""
    raise TeamError(f"{where}: unknown {what} '{_cut(name)}'{hint}")


def _inside(value: int | None, usual: int, low: int, high: int, what: str, where: str) -> int:
    if value is None:
        return usual
    if not low <= value <= high:
        raise TeamError(f"{where}: {what} {_cut(str(value))} is not between {low} and {high}")
    return value


def _six(
    read: dict[str, int] | None, usual: int, high: int, what: str, where: str
) -> tuple[int, ...]:
    given = read or {}
    if wrong := next((stat for stat in given if stat not in STATS), None):
        raise TeamError(f"{where}: {what} of '{_cut(wrong)}': no such stat")
    return tuple(_inside(given.get(stat), usual, 0, high, what, where) for stat in STATS)


def _nickname(name: str) -> str:
    """Return a nickname as Showdown's validator cleans it (``Dex.getName`` in sim/dex.ts)."""
    return encodable(_NOT_IN_NICKNAMES.sub(" ", name).strip())


def _clean(name: str) -> str:
    return " ".join(name.split())


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


# --- writing ---------------------------------------------------------------------------------


def _species_name(species: str) -> str:
    """Return the name of a species id, of a cosmetic forme too (``Gastrodon-East``)."""
    data = load()
    if species in data.species:
        return str(data.species[species]["name"])
    base = data.cosmetic.get(species)
    if base is None:
        return species
    return f"{data.species[base]['name']}-{species.removeprefix(base).capitalize()}"


def packed_text(team: Iterable[PokemonSet]) -> str:
    """Return a team in Showdown's packed form, as its ``Teams.pack`` writes it."""
    return "]".join(map(_packed_set, team))


def _packed_set(mon: PokemonSet) -> str:
    data = load()
    species = mon.written or _species_name(mon.species)
    misc = "" if mon.happiness == 255 else str(mon.happiness)
    if mon.pokeball or mon.tera_type:
        misc += f",,{_packed_name(mon.pokeball, data.items)},,,{mon.tera_type}"
    evs = ",".join(str(n or "") for n in mon.evs)
    ivs = ",".join("" if n == 31 else str(n) for n in mon.ivs)
    # The name stands for the species too where both pack alike.
    name = _nickname(mon.nickname) or species
    return "|".join(
        (
            name,
            "" if _squeezed(name) == _squeezed(species) else _squeezed(species),
            _packed_name(mon.item, data.items),
            _packed_name(mon.ability, data.abilities),
            ",".join(_packed_name(move, data.moves) for move in mon.moves),
            _packed_name(mon.nature, data.natures),
            "" if evs == ",,,,," else evs,
            mon.gender,
            "" if ivs == ",,,,," else ivs,
            "S" if mon.shiny else "",
            "" if mon.level == 100 else str(mon.level),
            misc,
        )
    )


def _squeezed(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "", name)


def _packed_name(key: str, table: RecordTable) -> str:
    return _squeezed(_name(key, table))


def _name(key: str, table: RecordTable) -> str:
    return str(table[key].get("name", key)) if key in table else key


def export_text(team: Iterable[PokemonSet]) -> str:
    """Return a team as Showdown's ``Teams.export`` writes it, without spaces at the lines' ends."""
    return "\n".join(f"{_exported_set(mon)}\n" for mon in team)


def _exported_set(mon: PokemonSet) -> str:
    data = load()
    species = mon.written or _species_name(mon.species)
    first = f"{mon.nickname} ({species})" if mon.nickname else species
    if mon.gender in ("M", "F"):
        first += f" ({mon.gender})"
    if mon.item:
        first += f" @ {_name(mon.item, data.items)}"
    lines = [first, f"Ability: {_name(mon.ability, data.abilities)}"]
    if mon.level != 100:
        lines.append(f"Level: {mon.level}")
    if mon.shiny:
        lines.append("Shiny: Yes")
    if mon.happiness != 255:
        lines.append(f"Happiness: {mon.happiness}")
    if mon.pokeball:
        lines.append(f"Pokeball: {_name(mon.pokeball, data.items)}")
    if mon.tera_type:
        lines.append(f"Tera Type: {mon.tera_type}")
    if any(mon.evs):
        lines.append(f"EVs: {_exported_stats(mon.evs, 0)}")
    lines.append(f"{_name(mon.nature, data.natures)} Nature")
    if mon.ivs != (31,) * 6:
        lines.append(f"IVs: {_exported_stats(mon.ivs, 31)}")
    return "\n".join((*lines, *(f"- {_name(move, data.moves)}" for move in mon.moves)))


def _exported_stats(values: Iterable[int], usual: int) -> str:
    pairs = zip(values, _STAT_NAMES, strict=True)
    return " / ".join(f"{value} {stat}" for value, stat in pairs if value != usual)


def backup_text(teams: Iterable[NamedTeam]) -> str:
    """Return teams as the team builder's backup writes them, with a header before each."""
    return "\n".join(
        f"=== [{team.format}] {team.name} ===\n\n{export_text(team.sets)}" for team in teams
    )
