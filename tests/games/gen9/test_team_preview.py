"""Team Preview as both players meet it: in the engine's own games, and on a server's requests."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from plywise.datasets.pokemon_sets import TeamError, random_battle_sets
from plywise.engine.battle.rules import RULES
from plywise.engine.kernels import NO_ACTION
from plywise.games.gen9.belief import unrevealed
from plywise.games.gen9.game import Gen9Battle, battle_between
from plywise.games.gen9.infostate import SWITCH, action_name, from_json
from plywise.games.gen9.preview_facts import matchups, preview_option_facts
from plywise.games.gen9.state import Gen9State
from plywise.games.showdown.channel import BattleChannel


@pytest.fixture(scope="module", autouse=True)
def kernels() -> None:
    RULES.current  # noqa: B018


def game(format: str) -> Gen9State:
    sets = random_battle_sets()
    return battle_between((sets.team(11), sets.team(12)), 5, format)


def test_both_see_all_species_and_neither_what_the_other_names() -> None:
    state = game("gen9bssregi")
    before = [state.information_state(p) for p in range(2)]
    for info, other in zip(before, reversed(before), strict=True):
        assert info.request == "preview"
        assert info.format == "gen9bssregi"
        assert len(info.foe.previewed) == len(info.own.mons) == 6
        assert [seen.level for seen in info.foe.previewed] == [mon.level for mon in other.own.mons]
        assert info.foe.mons == ()
    state.apply_actions([SWITCH + 3, SWITCH + 1])
    first = state.information_state(0)
    assert first.named == (3,)
    assert SWITCH + 3 not in first.legal
    assert [action_name(first, a).split()[0] for a in first.legal] == ["bring"] * len(first.legal)
    assert before[0].foe == first.foe
    assert from_json(first.to_json()) == first


@pytest.mark.parametrize(("format", "brought"), [("gen9ou", 6), ("gen9bssregi", 3)])
def test_the_battle_goes_on_with_those_that_were_brought(format: str, brought: int) -> None:
    state, rng = game(format), Random(2)
    named: tuple[list[str], list[str]] = ([], [])
    while state.information_state(0).request == "preview":
        chosen = [rng.choice(state.legal_actions(p)) for p in range(2)]
        for p, action in enumerate(chosen):
            named[p].append(state.information_state(p).own.mons[action - SWITCH].species)
        state.apply_actions(chosen)
    for p in range(2):
        info = state.information_state(p)
        assert info.turn == 1
        assert (info.own.size, info.foe.size, len(info.own.mons)) == (brought,) * 3
        assert info.own.active == 0
        bare = [mon.base_species for mon in info.own.mons]
        assert bare[: len(named[p])] == named[p]
        worlds = state.worlds(p, 2, seed=1)
        assert [int(side["team_size"]) for side in worlds[0]["sides"]] == [brought, brought]
    clone = state.clone()
    for _ in range(30):
        legal = [state.legal_actions(p) or [NO_ACTION] for p in range(2)]
        if state.is_terminal():
            break
        actions = [rng.choice(found) for found in legal]
        state.apply_actions(actions)
        clone.apply_actions(actions)
    assert state.returns() == clone.returns()


def test_worlds_at_team_preview_offer_what_the_player_may_name() -> None:
    state = game("gen9bssregi")
    state.apply_actions([SWITCH + 4, SWITCH])
    for p in range(2):
        info = state.information_state(p)
        for k in range(3):
            world = state.resample_from_infostate(p, Random(k))
            assert world.legal_actions(p) == list(info.legal)
            assert world.battle.previewing


def request(**more: Any) -> dict[str, Any]:
    entry = {
        "condition": "100/100", "stats": dict.fromkeys(("atk", "def", "spa", "spd", "spe"), 100),
        "moves": ["tackle"], "baseAbility": "pressure", "ability": "pressure", "item": "",
        "teraType": "Fire",
    }  # fmt: skip
    names = ("Mew", "Absol", "Dialga", "Suicune", "Entei", "Raikou")
    team = [{"ident": f"p2: {name}", "details": f"{name}, L50", **entry} for name in names]
    return {"teamPreview": True, "rqid": 3, "side": {"id": "p2", "pokemon": team}, **more}


def test_a_servers_request_is_answered_with_the_whole_choice() -> None:
    channel, asked = BattleChannel(), request(maxChosenTeamSize=3)
    for line in ("|tier|[Gen 9] BSS Reg I", "|clearpoke", "|poke|p1|Urshifu-*, L50, M|"):
        channel.read(line.split("|"))
    info = channel.information_state(asked)
    assert (info.format, info.to_name, len(info.legal)) == ("gen9bssregi", 3, 6)
    seen = info.foe.previewed[0]
    assert (seen.species, seen.hidden) == ("urshifu", True)
    assert channel.information_state(asked, (4,)).legal == tuple(SWITCH + i for i in (0, 1, 2, 3))
    assert channel.choice(SWITCH + 2) == "/choose team 53"
    assert channel.information_state(asked, (4, 2)).legal == (SWITCH + 3, SWITCH + 5)
    assert channel.choice(SWITCH + 5) == "/choose team 536"
    lead = BattleChannel().information_state(json.loads(json.dumps(request())))
    assert (lead.to_name, len(lead.legal)) == (1, 6)


def test_a_set_without_a_level_has_that_of_the_format(tmp_path: Path) -> None:
    file = tmp_path / "team.txt"
    file.write_text("Riolu\n- Crunch\n\nMunchlax\nLevel: 4\n- Bite", encoding="utf-8")
    for format, levels in (("gen9lc", [5, 4]), ("gen9ou", [100, 4])):
        state = Gen9Battle(format, str(file)).new_initial_state(1)
        assert [mon.level for mon in state.information_state(0).own.mons] == levels


def test_a_wrong_file_of_teams_is_said_before_anything_is_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Gen9Battle, "kernels", lambda self: pytest.fail("it compiles"))
    with pytest.raises(TeamError, match="no-such"):
        Gen9Battle("gen9ou", "no-such.txt").new_initial_state()


def own_game(format: str, seed: int = 1) -> Gen9State:
    return Gen9Battle(format).new_initial_state(seed)


def test_what_is_named_is_called_the_same_everywhere() -> None:
    """In typed input, tables, prompts and the opponent's predicted choice."""
    state = own_game("gen9bssregi")
    for verb in ("lead", "bring"):
        info = state.information_state(0)
        briefing, (table,) = state.briefing(0), state.action_tables(0)
        names = [action_name(info, action) for action in info.legal]
        assert all(name.split()[0] == verb for name in names)
        assert [option.label for option in briefing.own] == names
        assert table.titles[1] == verb
        assert [row[1] for row in table.rows] == names
        shown = [f"{verb} {one.species}" for one in info.foe.previewed]
        assert [option.label for option in briefing.opponent] == shown
        worlds = state.worlds(0, 2, seed=1)
        replies = state.named_replies(0, worlds, [{SWITCH: 1.0}, {SWITCH + 2: 1.0}])
        assert replies == {shown[0]: 0.5, shown[2]: 0.5}
        assert [state.parse(f"I would {name}.", 0).action for name in names] == list(info.legal)
        assert "Team Preview" in briefing.rules
        assert "3 in all" in briefing.rules
        assert briefing.situation.startswith("Team Preview, bring 3")
        state.apply_actions([state.legal_actions(p)[0] for p in range(2)])
    assert "named so far: lead" in state.briefing(0).situation
    single = own_game("gen9ou").briefing(0)
    assert single.situation.startswith("Team Preview, name who leads\n")
    assert '"bring"' not in single.rules


def test_facts_at_team_preview_are_means_over_the_other_team() -> None:
    state = own_game("gen9ou", seed=3)
    info = state.information_state(0)
    pairs = matchups(info, state.belief(0))
    assert pairs.dealt.shape == pairs.taken.shape == pairs.faster.shape == (6, 6)
    assert ((pairs.dealt >= 0) & (pairs.dealt <= 1)).all()
    own, foe = preview_option_facts(info, state.belief(0))
    assert own[SWITCH + 2].dealt == pytest.approx(pairs.dealt[2].mean())
    assert own[SWITCH + 2].taken == pytest.approx(pairs.taken[2].mean())
    assert foe[4][2].dealt == pytest.approx(pairs.taken[:, 4].mean())
    assert foe[4][2].words().startswith("deals ")


def test_a_battle_sampled_from_an_information_state_keeps_format_and_team_preview() -> None:
    state = own_game("gen9ou")
    for _ in range(2):
        info = state.information_state(0)
        sampled = state.view(0).resample_from_infostate(0, Random(1))
        assert isinstance(sampled, Gen9State)
        for player, same in ((0, info.foe), (1, info.own)):
            seen = sampled.information_state(player)
            assert seen.format == "gen9ou"
            assert seen.foe.previewed == same.previewed
            assert seen.request == info.request
        state.apply_actions([state.legal_actions(p)[0] for p in range(2)])


def test_a_pokemon_that_only_team_preview_showed_is_predicted_by_its_name() -> None:
    state = own_game("gen9ou")
    state.apply_actions([state.legal_actions(p)[0] for p in range(2)])
    info = state.information_state(0)
    worlds = state.worlds(0, 2, seed=1)
    unseen = {one.species for one in unrevealed(info.foe)}
    found = state.named_replies(0, worlds, [{SWITCH + 3: 1.0}, {SWITCH + 3: 1.0}])
    names = [name.removeprefix("switch ").removesuffix(" (unseen)") for name in found]
    assert len(names) == 1
    assert set(names) <= unseen
