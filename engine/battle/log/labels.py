"""Names of both teams' members in log lines, which no flat state holds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from numpy.typing import NDArray

from plywise.datasets.battle_formats import find_format
from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.showdown_data import load, to_id
from plywise.engine.battle import constants as c
from plywise.engine.battle.names import DATA, SPECIES_NAMES

T = TypeVar("T")

_PLAYERS = ("P1", "P2")


def display(kind: str, name: str) -> str:
    """Return the name for people of a Showdown id of a table."""
    return str(DATA[kind][name]["name"]) if name in DATA[kind] else name


def _cosmetic(s: PokemonSet) -> str:
    """Return the display name of a cosmetic forme, empty for any other species.

    Packed teams leave punctuation out: capitals tell where ``AlcremieRubyCream`` had any.
    """
    base = load().cosmetic.get(s.species)
    if base is None or not s.species.startswith(base):
        return ""
    name = display("species", base)
    letters = len(base)
    written = s.written if to_id(s.written) == s.species else s.species
    forme = re.sub("[^0-9A-Za-z]", "", written)[letters:]
    joint = " " if name == "Vivillon" else "-"
    return f"{name}-{joint.join(re.findall('[A-Z][a-z0-9]*', forme) or [forme.capitalize()])}"


def details_text(name: str, level: int, gender: int, *more: str) -> str:
    """Return species, level, gender and the like as lines do (``Pokemon.getUpdatedDetails``).

    ``gender``: a member's ``flag_bits``, of which it is a part.
    """
    if name in ("Greninja-Bond", "Rockruff-Dusk"):
        name = name.split("-")[0]
    parts = [name, *([f"L{level}"] if level != 100 else [])]
    if gender & c.MON_GENDER:
        parts.append("M" if gender & c.MON_GENDER == c.MON_MALE else "F")
    return ", ".join([*parts, *more])


@dataclass(frozen=True)
class Labels:
    """Names of both teams' members in log lines, by team index.

    Attributes:
        names: nicknames.
        shiny: who is shiny.
        cosmetic: display names of cosmetic formes, empty for all others.
        players: what both trainers are called.
        illusion_level: a disguise shows its model's level (the rule Illusion Level Mod).
    """

    names: tuple[tuple[str, ...], tuple[str, ...]]
    shiny: tuple[tuple[bool, ...], tuple[bool, ...]]
    cosmetic: tuple[tuple[str, ...], tuple[str, ...]]
    players: tuple[str, str] = _PLAYERS
    illusion_level: bool = True

    @classmethod
    def of_teams(
        cls,
        teams: tuple[Sequence[PokemonSet], Sequence[PokemonSet]],
        format: str = "gen9randombattle",
    ) -> "Labels":
        """Return the labels of two teams; a Pokémon without nickname goes by its species."""

        def name(s: PokemonSet) -> str:
            species = load().species[load().species_id(s.species)]
            return s.nickname or str(species.get("baseSpecies", species["name"]))

        first, second = teams
        return cls(
            names=(tuple(map(name, first)), tuple(map(name, second))),
            shiny=(tuple(s.shiny for s in first), tuple(s.shiny for s in second)),
            cosmetic=(
                tuple(_cosmetic(s) for s in first),
                tuple(_cosmetic(s) for s in second),
            ),
            illusion_level="illusionlevelmod" in find_format(format).rules,
        )

    def brought(self, orders: tuple[Sequence[int], Sequence[int]]) -> "Labels":
        """Return the labels of the members that were brought, in the given orders."""

        def pick(rows: tuple[tuple[T, ...], tuple[T, ...]]) -> tuple[tuple[T, ...], tuple[T, ...]]:
            one, two = (
                tuple(row[i] for i in order) for row, order in zip(rows, orders, strict=True)
            )
            return one, two

        return replace(
            self,
            names=pick(self.names),
            shiny=pick(self.shiny),
            cosmetic=pick(self.cosmetic),
        )

    def species_name(self, species: int, side: int, member: int) -> str:
        """Return the name of a species number as a member shows it, with its cosmetic forme."""
        name = display("species", SPECIES_NAMES[species])
        cosmetic = self.cosmetic[side][member]
        return cosmetic if cosmetic.startswith(f"{name}-") else name

    @classmethod
    def of_state(cls, pool: NDArray[Any], i: int) -> "Labels":
        """Return labels for a state whose teams are not known: species names."""
        names = []
        for side in pool[i]["sides"]:
            found = []
            for mon in side["mons"]:
                record = DATA["species"].get(SPECIES_NAMES[int(mon["base_species"])], {})
                found.append(str(record.get("baseSpecies", record.get("name", "none"))))
            names.append(tuple(found))
        nobody = (False,) * 6
        return cls((names[0], names[1]), (nobody, nobody), (("",) * 6, ("",) * 6))
