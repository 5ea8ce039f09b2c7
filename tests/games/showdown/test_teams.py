"""Teams against Showdown itself: its own reading and writing of them, and its validator."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plywise.datasets.battle_formats import find_format
from plywise.datasets.pokemon_sets import TeamError
from plywise.datasets.processes.children import NODE_FLAGS, completed
from plywise.datasets.set_priors import load_prior
from plywise.datasets.teams.files import (
    STATS,
    WrittenSet,
    export_text,
    exported_sets,
    packed_text,
    parse_teams,
)
from plywise.datasets.teams.own import formats_with_teams, teams_of
from plywise.games.showdown.install import ensure_showdown, node_executable
from plywise.games.showdown.teams import maker
from plywise.games.showdown.teams.check import (
    TeamCheckError,
    check_teams,
    refuse_illegal,
    team_validator,
)
from plywise.games.showdown.teams.maker import TeamMakerError, make_teams

pytestmark = pytest.mark.server

SCRIPT = Path(__file__).with_name("written_teams.js")
TEAMS_JS = Path(__file__).parents[3] / "datasets" / "showdown" / "teams.js"
COUNT = 72


def stripped(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def showdown(count: str) -> list[dict[str, Any]]:
    files = (SCRIPT, ensure_showdown(), TEAMS_JS)
    done = completed([str(node_executable()), *NODE_FLAGS, *map(str, files), count], timeout=300)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def written() -> list[dict[str, Any]]:
    return showdown(str(COUNT))


def test_every_form_is_read_and_written_as_showdown_does(written: list[dict[str, Any]]) -> None:
    assert len(written) == COUNT
    assert {len(made["team"]) for made in written} == set(range(1, 7))
    for made in written:
        (team,) = parse_teams(made["text"])
        assert packed_text(team.sets) == made["packed"]
        assert export_text(team.sets) == stripped(made["text"]).removesuffix("\n")
        for text in (made["packed"], json.dumps(made["team"])):
            assert parse_teams(text) == (team,)


def assert_same(ours: WrittenSet, theirs: dict[str, Any]) -> None:
    assert (ours.name or "") == theirs["name"]
    assert ours.species == theirs["species"]
    assert ours.moves == [move.strip() for move in theirs["moves"]]
    for key in ("item", "ability", "gender", "nature"):
        assert (getattr(ours, key) or "") == theirs[key]
    assert (ours.evs or dict.fromkeys(STATS, 0)) == theirs["evs"]
    if not any(move.startswith("Hidden Power") for move in ours.moves):  # it sets the IVs
        assert (ours.ivs or dict.fromkeys(STATS, 31)) == theirs["ivs"]
    assert (ours.level or 100) == theirs["level"]
    assert bool(ours.shiny) == theirs.get("shiny", False)
    assert bool(ours.gigantamax) == theirs.get("gigantamax", False)
    assert ours.happiness == theirs.get("happiness")
    assert ours.pokeball == theirs.get("pokeball")
    assert ours.tera_type == theirs.get("teraType")
    assert ours.hp_type == theirs.get("hpType")


ODD = (
    "Garchomp\n- Hidden Power [Fire]\n- Hidden Power [Ice]",
    "\n\nGarchomp  \r\n-  Earthquake\r\n---\r\nMew @ Leftovers\r\n~Surf\r\n\r\n",
    "=== [gen9ou] a ===\n\nRex (Garchomp) (F)\nTrait: Rough Skin\nShiny: Yes\nEVs: 4 HP\n- Dig",
    "Garchomp\nAbility:\nEVs: 252 hp/252+ Spe\nIVs: 0 Atk\njolly nature\n-Dig\n- Fly",
    "Urshifu-Rapid-Strike\nGigantamax: Yes\nHidden Power: Fire\nPokeball: Dusk Ball\n- Surf",
    "Farfetch’d @ Leek\nTera Type: Steel\nHappiness: 0\nLevel: 1\n- Fly\n\nType: Null\n- Cut",
)


def test_odd_texts_are_read_as_teams_import_does() -> None:
    for text, answer in zip(ODD, showdown(json.dumps(ODD)), strict=True):
        ((_, _, sets),) = exported_sets(text)
        for ours, theirs in zip(sets, answer["read"], strict=True):
            assert_same(ours, theirs)


def test_export_text_is_read_as_teams_import_does(written: list[dict[str, Any]]) -> None:
    """Besides nicknames with " @ " or parentheses, which ``Teams.import`` takes apart wrongly."""
    compared = 0
    for made in written:
        ((_, _, sets),) = exported_sets(made["text"])
        for ours, theirs, whole in zip(sets, made["read"], made["team"], strict=True):
            if set("@(") & set(whole["name"]):
                continue
            compared += 1
            assert_same(ours, theirs)
    assert compared > COUNT


@pytest.mark.parametrize("format_id", formats_with_teams())
def test_every_team_of_ours_is_legal(format_id: str) -> None:
    teams = teams_of(format_id)
    checked = check_teams([team.sets for team in teams], find_format(format_id))
    for team, answer in zip(teams, checked, strict=True):
        assert answer.problems == (), team.name
        # Nothing else is left for the validator to fill in: export text has no word for no gender.
        filled = tuple(replace(mon, gender=mon.gender.replace("N", "")) for mon in answer.sets)
        assert filled == team.sets, team.name


def test_the_validator_says_why_and_fills_in() -> None:
    fine, koraidon = (
        parse_teams(f"{name}\nEVs: 4 HP\n- Fly")[0].sets for name in ("Mew", "Koraidon")
    )
    legal, wrong, again = check_teams([fine, koraidon * 2, fine], find_format("gen9uu"))
    assert not wrong.legal
    assert "Koraidon is tagged Uber, which is banned by [Gen 9] OU." in wrong.problems
    assert wrong.sets == koraidon * 2
    assert legal.problems == again.problems
    lc = parse_teams("Riolu\nEVs: 4 HP\n- Crunch")[0].sets
    (filled,) = check_teams([lc], find_format("lc"))
    assert (filled.problems, filled.sets[0].level) == ((), 5)


def test_files_with_an_illegal_team_are_refused_in_one_line(tmp_path: Path) -> None:
    file, format = tmp_path / "t.txt", find_format("gen9uu")
    file.write_text("Mew\nEVs: 4 HP\n- Fly", encoding="utf-8")
    refuse_illegal(file, format)
    file.write_text("Koraidon\n- Fly\n- Toxic", encoding="utf-8")
    with pytest.raises(TeamError, match=r"t\.txt: t is not legal in gen9uu: .* \(and \d more: "):
        refuse_illegal(file, format)


def test_a_validator_that_ended_says_so() -> None:
    with team_validator(find_format("ou")) as validator:
        validator._questions.close()
        validator._answers.read()
        with pytest.raises((TeamCheckError, ValueError)):
            validator.check(teams_of("ou")[0].sets)


@pytest.mark.parametrize("format_id", ["gen9ou", "gen9monotype", "gen91v1", "gen9bssregi"])
def test_made_teams_are_legal_and_the_same_for_a_seed(format_id: str) -> None:
    prior, format = load_prior(format_id), find_format(format_id)
    teams = list(make_teams(prior, 3, seed=11))
    assert teams[:2] == list(make_teams(prior, 2, seed=11))
    assert teams[0].sets != next(make_teams(prior, 1, seed=12)).sets
    assert all(check.legal for check in check_teams([team.sets for team in teams], format))
    assert all(len(team.sets) == format.max_team_size for team in teams)


def test_no_legal_team_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maker, "_TRIES", 2)
    prior = load_prior("gen9anythinggoes")
    monkeypatch.setattr(prior, "format", find_format("gen9lc"))
    with pytest.raises(TeamMakerError, match="none of 2 teams"):
        list(make_teams(prior, 1, seed=0))
