"""Formats as data: which can be played, and what their rules set."""

import re
from random import Random

import pytest

from plywise.datasets.battle_formats import UnknownFormatError, battle_formats, find_format
from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.datasets.teams.own import formats_with_teams, teams_of
from plywise.engine.battle import constants as c
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.border.formats import format_flags, playable, why_not
from plywise.engine.battle.border.teams import unstarted

TIERS = ("ubers", "ou", "uu", "ru", "nu", "pu", "zu", "lc", "monotype", "1v1", "bssregi")


@pytest.mark.parametrize(
    ("format", "flags"),
    [
        ("gen9randombattle", c.FORMAT_SLEEP_CLAUSE),
        ("gen9battlefactory", c.FORMAT_SLEEP_CLAUSE | c.FORMAT_ENDLESS_BATTLE_CLAUSE),
        ("gen9bssfactory", 0),
        ("gen9ubers", c.FORMAT_SLEEP_CLAUSE | c.FORMAT_ENDLESS_BATTLE_CLAUSE),
        (
            "gen9ou",
            c.FORMAT_ENDLESS_BATTLE_CLAUSE | c.FORMAT_NO_ARENA_TRAP | c.FORMAT_NO_SHADOW_TAG,
        ),
        (
            "gen9monotype",
            c.FORMAT_SLEEP_CLAUSE | c.FORMAT_ENDLESS_BATTLE_CLAUSE | c.FORMAT_NO_SHADOW_TAG,
        ),
    ],
)
def test_the_clauses_of_a_format_are_those_of_its_rule_table(format: str, flags: int) -> None:
    assert format_flags(format) == flags


@pytest.mark.parametrize("tier", TIERS)
def test_every_tier_of_singles_can_be_played(tier: str) -> None:
    assert playable(tier) is playable(f"gen9{tier}")
    assert playable(tier).team_preview


@pytest.mark.parametrize(
    ("format", "reason"),
    [
        ("gen9championsou", "its mechanics are those of 'champions'"),
        ("gen9doublesou", "it is played in doubles"),
        ("gen9nationaldex", "past"),
        ("gen9inverse", "its rules inversemod"),
        ("gen9almostanyability", "that their species do not"),
        ("gen9customgame", "24 Pokémon"),
        ("gen9natureswap", "rules of its own (onSwitchIn)"),
    ],
)
def test_what_the_engine_does_not_know_is_refused_with_the_reason(format: str, reason: str) -> None:
    with pytest.raises(UnknownFormatError, match=re.escape(reason)):
        playable(format)


def test_an_unknown_format_is_refused_with_one_that_is_near() -> None:
    with pytest.raises(UnknownFormatError, match="'gen9ouu'; did you mean gen9"):
        find_format("gen9ouu")
    for name in ("", "nosuch"):
        with pytest.raises(UnknownFormatError, match=f"is called '{name}'$"):
            find_format(name)


def test_every_format_is_playable_or_has_a_reason() -> None:
    formats, _ = battle_formats()
    playable_ones = [name for name, found in formats.items() if not why_not(found)]
    assert len(playable_ones) < len(formats)
    assert {f"gen9{tier}" for tier in TIERS} < set(playable_ones)


def test_levels_are_adjusted_as_the_format_says() -> None:
    team = random_battle_sets().team(0)
    state = BattleState.from_teams(team, team, format="gen9bssregi")
    assert {int(mon.level) for mon in state.pool[0].sides[0].mons} == {50}
    assert find_format("bssfactory").level(47) == 47
    assert find_format("bssfactory").level(80) == 50


def test_nobody_terastallizes_under_the_terastal_clause() -> None:
    team = random_battle_sets().team(1)
    state = BattleState.from_teams(team, team, format="gen9monotype")
    assert not any(c.ACTION_TERA <= a < c.ACTION_SWITCH for a in state.legal_actions(0))


@pytest.mark.parametrize("format_id", formats_with_teams())
def test_the_engine_knows_all_of_our_teams(format_id: str) -> None:
    for team in teams_of(format_id):
        pool = unstarted((team.sets, team.sets), format_id, rng=Random(0))
        assert int(pool[0].sides[0].team_size) == len(team.sets)
