"""Fixtures of the battle engine's tests."""

from collections.abc import Callable, Sequence

import pytest

from plywise.datasets.pokemon_sets import PokemonSet

PackTeam = Callable[[Sequence[PokemonSet]], str]


@pytest.fixture
def pack_team() -> PackTeam:
    """Return a function that writes a team in Showdown's packed format."""
    return lambda team: "]".join(map(packed, team))


def packed(s: PokemonSet) -> str:
    evs, ivs = (",".join(map(str, values)) for values in (s.evs, s.ivs))
    fields = [s.nickname or s.species, s.species, s.item, s.ability, ",".join(s.moves), s.nature]
    fields += [evs, s.gender, ivs, "S" if s.shiny else "", str(s.level), f",,,,,{s.tera_type}"]
    return "|".join(fields)
