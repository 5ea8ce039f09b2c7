"""Priors of the formats, against the package's own generators and its validator."""

import json
import subprocess
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from plywise.datasets.battle_formats import battle_formats
from plywise.datasets.pokemon_sets import PokemonSet, parse_packed_team, random_battle_sets
from plywise.datasets.set_priors import (
    UnknownPriorError,
    base_species,
    fallback_sets,
    load_prior,
)
from plywise.datasets.showdown_data import load
from plywise.datasets.spreads import find_spread, stats_of, stats_of_set
from plywise.games.showdown.install import ensure_showdown, node_executable

PRIORS = sorted(
    path.name.removesuffix(".json.gz")
    for path in (Path(__file__).parents[2] / "datasets/showdown/priors").glob("*.json.gz")
)
TIERS = ("ou", "ubers", "uu", "ru", "nu", "pu", "zu", "lc", "monotype", "1v1", "bssregi")
FACTORIES = ("gen9battlefactory", "gen9bssfactory", "gen91v1factory")

GENERATE = """
const {Teams, PRNG} = require(process.argv[1]), [format, count] = process.argv.slice(2);
for (let i = 0; i < +count; i++) {
  const seed = PRNG.convertSeed([i * 7919 & 0xffff, i, 20, 1]);
  const generator = Teams.getGenerator(format, seed);
  const team = Teams.pack(generator.getTeam());
  console.log(team + '\\t' + (generator.factoryTier || ''));
}
"""
VALIDATE = """
const {Teams, TeamValidator} = require(process.argv[1]);
const validator = new TeamValidator(process.argv[2]);
const teams = require('fs').readFileSync(0, 'utf8').trim().split('\\n');
console.log(JSON.stringify(teams.map(t => validator.validateTeam(Teams.unpack(t), {}) || [])));
"""


def node(script: str, *args: str, text: str = "") -> str:
    command = [str(node_executable()), "-e", script, str(ensure_showdown()), *args]
    return subprocess.run(
        command, input=text, capture_output=True, text=True, check=True, timeout=300
    ).stdout


def packed(team: tuple[PokemonSet, ...]) -> str:
    entries = []
    for s in team:
        numbers = [",".join(map(str, values)) for values in (s.evs, s.ivs)]
        entries.append(
            f"|{s.species}|{s.item}|{s.ability}|{','.join(s.moves)}|{s.nature}|{numbers[0]}"
            f"|{s.gender}|{numbers[1]}||{s.level}|,,,,,{s.tera_type}"
        )
    return "]".join(entries)


def test_every_tier_and_factory_has_a_prior() -> None:
    assert {f"gen9{tier}" for tier in TIERS} | set(FACTORIES) <= set(PRIORS)
    assert set(PRIORS) <= set(battle_formats()[0])
    assert "localsets" in load_prior("gen9ou").source
    with pytest.raises(UnknownPriorError, match="no prior of the teams of gen9challengecup1v1"):
        load_prior("gen9challengecup1v1")


@pytest.mark.parametrize("name", PRIORS)
def test_a_prior_is_consistent(name: str) -> None:
    prior, data = load_prior(name), load()
    assert sum(prior.species.values()) == pytest.approx(1)
    assert sum(group.weight for group in prior.groups.values()) == pytest.approx(1)
    for species in prior.species:
        sets, weights = prior.sets_of(species)
        assert 1 <= len(sets) <= 3000
        assert sum(weights) == pytest.approx(1)
        assert min(weights) > 0
        keys = {(s.moves, s.ability, s.item, s.tera_type, s.gender, stats_of_set(s)) for s in sets}
        assert len(keys) == len(sets)  # equal stats are one spread
        for s in sets:
            assert s.species == species
            assert s.moves == tuple(sorted(s.moves))
            assert s.ability in data.abilities
            assert not s.item or s.item in data.items
            assert s.tera_type
            assert all(move in data.moves for move in s.moves)


@pytest.mark.parametrize("name", PRIORS)
def test_drawn_teams_are_coherent(name: str) -> None:
    prior = load_prior(name)
    for seed in range(40):
        team = prior.random_team(Random(seed))
        assert team == prior.random_team(Random(seed))
        assert len(team) == prior.format.max_team_size
        assert len({base_species(s.species) for s in team}) == len(team)
        if "itemclause" in prior.format.rules:
            assert len({s.item for s in team if s.item}) == sum(bool(s.item) for s in team)
        begun = prior.random_team(Random(seed), team[:2])
        assert begun[:2] == team[:2]
        assert len(begun) == len(team)


def test_teams_are_of_one_group() -> None:
    data = load()
    for seed in range(20):
        team = load_prior("gen9monotype").random_team(Random(seed))
        shared = set.intersection(*(set(data.species[s.species]["types"]) for s in team))
        assert shared
        prior = load_prior("gen9battlefactory")
        team = prior.random_team(Random(seed))
        assert any(all(s.species in group.species for s in team) for group in prior.groups.values())


def test_known_members_tell_the_tier() -> None:
    prior, rng = load_prior("gen9battlefactory"), Random(1)
    koraidon = prior.sets_of("koraidon")[0][0]
    assert {prior.draw_group([koraidon], rng) for _ in range(20)} == {"Uber"}
    kind = Counter(prior.draw_group([], rng) for _ in range(600))
    assert len(kind) == 6
    assert min(kind.values()) > 60


def test_random_battles_are_the_generators_own() -> None:
    prior, table = load_prior("gen9randombattle"), random_battle_sets()
    assert prior.random_team(Random(4)) == table.random_team(Random(4))
    sets, weights = prior.sets_of("mew")
    rows = table.by_species["mew"]
    assert sets == tuple(table.sets[row] for row in rows)
    total = sum(table.counts[row] for row in rows)
    assert weights == tuple(table.counts[row] / total for row in rows)


@pytest.mark.server
@pytest.mark.parametrize("name", FACTORIES)
def test_what_the_generator_makes_is_inside(name: str) -> None:
    """Every set of 2,000 fresh teams has a positive weight, in the team's own group."""
    prior, count, missing, outside = load_prior(name), 0, [], 0
    for line in node(GENERATE, name, "2000").splitlines():
        text, tier = line.split("\t")
        for s in parse_packed_team(text):
            count += 1
            key = (set(s.moves), s.ability, s.item, stats_of_set(s), s.level)
            sets = prior.sets_of(s.species, tier)[0]
            outside += s.species not in prior.groups[tier].species
            if not any(
                key == (set(t.moves), t.ability, t.item, stats_of_set(t), t.level)
                and s.tera_type in ("", t.tera_type)
                and t.gender in ("", s.gender)
                for t in sets
            ):
                missing.append((s.species, text))
    assert count >= 6000
    assert outside == 0
    assert missing == [], missing[:3]


@pytest.mark.server
def test_frequencies_are_those_of_the_generator() -> None:
    """Species of 2,000 teams of one tier, against those of as many drawn ones."""
    prior = load_prior("gen9bssfactory")
    made = Counter(
        s.species
        for line in node(GENERATE, "gen9bssfactory", "2000").splitlines()
        for s in parse_packed_team(line.split("\t")[0])
    )
    rng = Random(8)
    drawn = Counter(s.species for _ in range(2000) for s in prior.random_team(rng))
    difference = sum(abs(made[k] - drawn[k]) for k in made | drawn) / 2 / sum(made.values())
    assert difference < 0.08


@pytest.mark.server
@pytest.mark.parametrize("tier", TIERS)
def test_the_validator_takes_the_teams(tier: str) -> None:
    prior = load_prior(f"gen9{tier}")
    teams = [prior.random_team(Random(seed)) for seed in range(60)]
    problems = json.loads(node(VALIDATE, prior.format.id, text="\n".join(map(packed, teams))))
    assert [p for p in problems if p] == []


def test_spreads_are_found_again() -> None:
    rng, names = Random(5), sorted(load().natures)
    for _ in range(60):
        species = rng.choice(sorted(load_prior("gen9ou").species))
        s = rng.choice(load_prior("gen9ou").sets_of(species)[0])
        level, nature = rng.choice((100, 82, 50, 5)), rng.choice(names)
        stats = stats_of(species, level, nature, s.evs, s.ivs)
        found = find_spread(species, species, level, stats)
        assert found is not None
        assert stats_of(species, level, *found) == stats
    assert find_spread("garchomp", "garchomp", 100, (357, 1, 1, 1, 1, 1)) is None
    jolly = stats_of("garchomp", 100, "jolly", (0, 252, 4, 0, 0, 252), (31,) * 6)
    assert find_spread("garchomp", "garchomp", 100, jolly) == (
        "jolly", (0, 252, 4, 0, 0, 252), (31,) * 6,
    )  # fmt: skip


def test_species_outside_a_prior_have_sets() -> None:
    for species in ("ivysaur", "bulbasaur", "venusaur", "pikachu", "spewpa"):
        sets, weights = fallback_sets(species, 77)
        assert len(sets) == len(weights) > 0
        abilities = {
            a.lower().replace(" ", "") for a in load().species[species]["abilities"].values()
        }
        assert all(s.species == species and s.level == 77 and s.ability in abilities for s in sets)
    assert fallback_sets("missingno", 77) == ((), ())
