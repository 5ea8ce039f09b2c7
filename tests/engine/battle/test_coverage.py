"""What the engine does not model is refused by name, and random battles hold nothing of it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from plywise.datasets.battle_corpus import read_corpus
from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.engine.battle.border import codec, coverage, teams

CORPUS = Path(__file__).parents[2] / "data" / "random.jsonl.gz"


@pytest.fixture
def without_sketch(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if Sketch, Intimidate and the Destiny Knot were not modelled."""
    monkeypatch.setattr(coverage, "UNMODELLED_MOVES", frozenset({"sketch"}))
    monkeypatch.setattr(coverage, "UNMODELLED_ABILITIES", frozenset({"intimidate"}))
    monkeypatch.setattr(coverage, "UNMODELLED_ITEMS", frozenset({"destinyknot"}))


@pytest.mark.usefixtures("without_sketch")
def test_a_team_with_an_unmodelled_move_is_refused_by_name() -> None:
    team = random_battle_sets().team(0)
    wrong = (replace(team[0], moves=("sketch",)), *team[1:])
    with pytest.raises(coverage.UnmodelledError, match="move sketch"):
        teams.unstarted((team, wrong), "gen9randombattle")


def test_random_battles_hold_nothing_unmodelled() -> None:
    for s in random_battle_sets().sets:
        assert s.ability not in coverage.UNMODELLED_ABILITIES, s
        assert s.item not in coverage.UNMODELLED_ITEMS, s
        assert not coverage.UNMODELLED_MOVES & set(s.moves), s


@pytest.mark.usefixtures("without_sketch")
def test_a_dump_with_something_unmodelled_is_refused_by_name() -> None:
    battle = next(read_corpus(CORPUS, limit=1))
    before, setup = battle.steps[0].before, codec.BattleSetup.of(battle)
    codec.decode(before, setup)
    changed = json.loads(json.dumps(before))
    changed["S"][0]["P"][0]["ab"] = "intimidate"
    changed["S"][1]["P"][2]["it"] = "destinyknot"
    with pytest.raises(coverage.UnmodelledError, match="ability intimidate, item destinyknot"):
        codec.decode(changed, setup)
