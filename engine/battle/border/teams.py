"""Teams as Showdown's sets -> the members of a flat state: stats, PP, genders, what a forme keeps.

The arithmetic is Showdown's ``statModify`` and ``calculatePP`` with 3 PP Ups.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any, Protocol

import numpy as np

from plywise.datasets.pokemon_sets import PokemonSet, TeamError
from plywise.datasets.showdown_data import UnknownNameError, load
from plywise.datasets.spreads import hp_stat, natured_stat
from plywise.engine.battle import tables
from plywise.engine.battle.border import formats
from plywise.engine.battle.border.coverage import require_modelled
from plywise.engine.battle.constants import (
    FORMAT_KEEP_TIES,
    GENDER_FEMALE,
    GENDER_MALE,
    GENDER_NONE,
    REQUEST_PREVIEW,
    SET_CYCLES,
    SET_HAS_BERRY,
    SIDE_TERA_USED,
)
from plywise.engine.battle.names import ABILITY_ID, ITEM_ID, MOVE_ID, SPECIES_ID, TYPE_ID
from plywise.engine.battle.state import BATTLE

GENDERS = {"M": GENDER_MALE, "F": GENDER_FEMALE, "N": GENDER_NONE}
NATURE_NAMES = tuple(tables.NATURES)

Team = Sequence[PokemonSet]


class Chooser(Protocol):
    """What draws an open gender: a ``random.Random``, or Showdown's generator (:mod:`seeds`)."""

    def choice(self, items: str, /) -> str:
        """Return one of ``items``."""


def number(table: dict[str, int], name: str, what: str) -> int:
    """Return the number of a Showdown id, 0 for the empty one.

    Raises:
        UnknownNameError: the table does not hold it.
    """
    if name == "":
        return 0
    found = table.get(name)
    if found is None or name == "none":
        raise UnknownNameError(f"unknown {what} '{name}' (Showdown {load().version})")
    return found


def species_number(name: str) -> int:
    """Return the number of the species that ``name`` plays as (cosmetic formes resolved)."""
    return SPECIES_ID[load().species_id(name)]


def type_number(name: str) -> int:
    """Return the number of a type's name, 0 for the empty one."""
    return number(TYPE_ID, name, "type")


def species_types(species: int) -> tuple[int, int]:
    """Return both type numbers of a species number; the second is 0 where it has only one."""
    first, second = tables.SPECIES[species]["types"]
    return int(first), int(second)


@cache
def max_pp(move: int) -> int:
    """Return the PP that a move number has with the PP Ups that every battle gives it."""
    row = tables.MOVES[move]
    base = int(row["pp"])
    return base if row["no_pp_boosts"] else base * 8 // 5


def spread(s: PokemonSet) -> tuple[int, ...]:
    """Return IV + EV // 4 of hp atk def spa spd spe: all that stats take from them."""
    return tuple(iv + ev // 4 for iv, ev in zip(s.ivs, s.evs, strict=True))


def max_hp(species: int, spread_hp: int, level: int) -> int:
    """Return the maximal HP of a species number at IV + EV // 4 and level."""
    row = tables.SPECIES[species]
    if row["max_hp"]:
        return int(row["max_hp"])
    return hp_stat(int(row["base_stats"][0]), spread_hp, level)


def stats(species: int, spreads: Sequence[int], level: int, nature: str) -> list[int]:
    """Return atk def spa spd spe of a species number (``spreads``: IV + EV // 4, hp first)."""
    plus, minus = tables.NATURES[nature]
    out = []
    for i in range(5):
        base = int(tables.SPECIES[species]["base_stats"][i + 1])
        factor = 110 if i == plus else 90 if i == minus else 100
        out.append(natured_stat(base, int(spreads[i + 1]), level, factor))
    return out


def fill_identity(mon: Any, s: PokemonSet) -> None:
    """Write into the member record what a battle never changes: level, nature, spread, Tera type.

    Raises:
        TeamError: level, EVs or IVs are out of range, or the nature is unknown.
        UnknownNameError: the Tera type is unknown.
    """
    mon.level, mon.nature, given, mon.tera_type = _identity(s)
    mon.spread = list(given)
    if s.item in tables.RESTORATIVE_BERRIES:
        mon.times_attacked |= SET_HAS_BERRY
    if s.ability in ("harvest", "pickup") or "recycle" in s.moves:
        mon.times_attacked |= SET_CYCLES


@lru_cache(20_000)
def _identity(s: PokemonSet) -> tuple[int, int, tuple[int, ...], int]:
    """Return level, nature number, spread and Tera type of a set, checked."""
    if not 1 <= s.level <= 100:
        raise TeamError(f"{s.species}: level {s.level} is not between 1 and 100")
    if not all(0 <= ev <= 255 for ev in s.evs) or not all(0 <= iv <= 31 for iv in s.ivs):
        raise TeamError(f"{s.species}: EVs are 0 to 255 and IVs 0 to 31")
    if s.nature not in tables.NATURES:
        raise TeamError(f"{s.species}: unknown nature '{s.nature}'")
    tera = type_number(s.tera_type) or species_types(species_number(s.species))[0]
    return s.level, 1 + NATURE_NAMES.index(s.nature), spread(s), tera


def with_gender(s: PokemonSet, rng: Chooser | None) -> PokemonSet:
    """Return the set with its gender in the battle; ``rng`` draws an open one, evenly as Showdown.

    Raises:
        TeamError: it is open, and there is no ``rng``.
        UnknownNameError: an unknown species.
    """
    if s.gender in GENDERS:
        return s
    fixed = int(tables.SPECIES[species_number(s.species)]["gender"])
    if fixed:
        return replace(s, gender="MFN"[fixed - 1])
    if rng is None:
        raise TeamError(f"{s.species}: its gender is open; give 'M' or 'F'")
    return replace(s, gender=rng.choice("MF"))


def fill_member(mon: Any, s: PokemonSet) -> None:
    """Write one healthy Pokémon, whose gender is known, into its member record.

    Raises:
        TeamError: the set is not one of a battle.
        UnknownNameError: it names something that the tables do not hold.
    """
    if not 1 <= len(s.moves) <= 4:
        raise TeamError(f"{s.species}: 1 to 4 moves are wanted, found {len(s.moves)}")
    fill_identity(mon, s)
    species = species_number(s.species)
    mon.species = mon.base_species = species
    mon.max_hp = mon.hp = max_hp(species, int(mon.spread[0]), s.level)
    mon.ability = mon.base_ability = number(ABILITY_ID, s.ability, "ability")
    mon.held_item = number(ITEM_ID, s.item, "item")
    mon.stats = stats(species, mon.spread, s.level, s.nature)
    for i, name in enumerate(s.moves):
        mon.moves[i] = number(MOVE_ID, name, "move")
        mon.pp[i] = max_pp(int(mon.moves[i]))
    mon.flag_bits = GENDERS[s.gender]


def begin_preview(pool: np.ndarray[Any, Any], format: str) -> None:
    """Ask both sides of an unstarted battle at Team Preview (``team_preview.py``)."""
    pool[0].request = REQUEST_PREVIEW
    for side in pool[0].sides:
        side.pokemon_left = min(int(side.team_size), formats.playable(format).brought)


def unstarted(
    teams: tuple[Team, Team], format: str, keep_ties: bool = False, rng: Chooser | None = None
) -> np.ndarray[Any, Any]:
    """Return a one-element pool: both teams healthy, nobody in battle; ``rng`` draws genders.

    Raises:
        TeamError, UnknownNameError: a set is not one of a battle.
        UnmodelledError: a set has something that the engine does not model.
        UnknownFormatError: the engine cannot play the format.
    """
    rules = formats.playable(format)
    pool = np.zeros(1, BATTLE)
    b = pool[0]
    b.winner = -1
    b.format = formats.format_flags(format) | (FORMAT_KEEP_TIES if keep_ties else 0)
    for side, team in zip(b.sides, teams, strict=True):
        if not 1 <= len(team) <= 6:
            raise TeamError(f"a team has 1 to 6 Pokémon, this one has {len(team)}")
        side.team_size = side.pokemon_left = len(team)
        side.order = range(6)
        if "terastalclause" in rules.rules:
            side.flag_bits = SIDE_TERA_USED
        for mon, s in zip(side.mons, team, strict=False):
            fill_member(mon, with_gender(replace(s, level=rules.level(s.level)), rng))
    require_modelled(pool, 0)
    return pool
