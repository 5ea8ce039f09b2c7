"""``plywise analyse`` on logs of battles: what is searched, printed, written; what is unknown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from plywise.arena.analysis import searching
from plywise.arena.analysis.battles import OPEN_SETS, log_course, recorded_course
from plywise.arena.analysis.results import AnalysedDecision
from plywise.arena.analysis.searching import DecisionSearch, PlayedDecision
from plywise.arena.cli.main import main
from plywise.arena.play.replay import states_of
from plywise.arena.showdown.replay_page import battle_page
from plywise.conf.schemas.analysis import AnalyseConfig
from plywise.datasets.replays.sources import ReplayText, read_one
from plywise.engine.battle.rules import RULES
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS
from plywise.games.gen9.belief import configured_belief
from plywise.games.gen9.game import Gen9Battle
from plywise.games.gen9.infostate import action_name
from plywise.games.gen9.replays.completion import completed_state, is_whole
from plywise.games.gen9.worlds import sample_worlds
from tests.games.gen9 import replay_logs

WORDS = ["iterations=20", "seeds=2", "worlds=2"]
HEAD = replay_logs.HEAD.replace("|Ann|", "|Ann{name}|")
LOG = f"""{HEAD}|move|p2a: Garchomp|Swords Dance|p2a: Garchomp
|-boost|p2a: Garchomp|atk|2
|move|p1a: Blissey|Seismic Toss|p2a: Garchomp
|-damage|p2a: Garchomp|76/100
|
|upkeep
|turn|2
|move|p2a: Garchomp|Earthquake|p1a: Blissey
|-damage|p1a: Blissey|0 fnt
|faint|p1a: Blissey
|
|upkeep
|
|switch|p1a: Gengar|Gengar, L82, F|100/100
|turn|3
|-message|Ann forfeited.
|
|win|Bob"""


def quick(seed: int = 0) -> AnalyseConfig:
    return AnalyseConfig(file="x", iterations=20, seeds=2, worlds=2, seed=seed)


def course(log: str, player: str = "both") -> list[PlayedDecision]:
    return log_course(ReplayText("x", 0, "", "", log), player).played


def test_what_the_log_does_not_tell_is_unknown() -> None:
    found = course(LOG.format(name=""), "0")
    assert [(one.turn, one.choice, one.unknown) for one in found] == [
        (1, "seismictoss", ""),
        (2, "", "fainted"),
        (2, "switch gengar", ""),
        (3, "", "forfeit"),
    ]
    one = DecisionSearch(quick()).analysed(found[1])
    assert one.before is not None
    assert (one.choice, one.unknown, one.cost, one.after) == ("", "fainted", None, None)


def test_own_sets_that_are_open_are_drawn() -> None:
    info = course(LOG.format(name=""), "0")[0].info
    belief = configured_belief(info.format)
    first, second = (completed_state(info, belief, seed) for seed in (1, 2))
    assert completed_state(info, belief, 1) == first
    assert first.info.own != second.info.own
    for found in (first, second):
        assert is_whole(found.info)
        out = found.info.own.active_mon
        assert out is not None
        assert out.moves[0].id == "seismictoss"
        assert len(out.moves) == 4
        assert out.hp == out.max_hp > 100
        assert set(info.legal).isdisjoint(found.drawn)
        names = {action_name(found.info, action) for action in found.info.legal}
        assert {"seismictoss", "switch gengar"} <= names
        worlds = sample_worlds(found.info, 3, 1, belief)
        for world in range(3):
            assert RULES.legal_actions(worlds, world, 0) == list(found.info.legal)


def test_a_battle_of_ours_needs_no_draw() -> None:
    game = Gen9Battle()
    rng = Random(5)
    state = game.new_initial_state(5)
    pairs = []
    for _ in range(6):
        pair = [NO_ACTION, NO_ACTION]
        who = state.current_player()
        for player in (0, 1) if who == SIMULTANEOUS else (who,):
            pair[player] = rng.choice(state.legal_actions(player))
        pairs.append((pair[0], pair[1]))
        state.apply_actions(pair)
    plies = zip(states_of(game, 5, pairs), pairs, strict=False)
    found = recorded_course(plies, ("a", "b"), "title", "1")
    assert all(is_whole(one.info) for one in found.played)
    assert OPEN_SETS not in found.analysis.notes
    chosen = [pair[1] for pair in pairs if pair[1] != NO_ACTION]
    assert [one.choice for one in found.played] == [
        action_name(one.info, action) for one, action in zip(found.played, chosen, strict=True)
    ]
    assert found.analysis.events[1]
    one = DecisionSearch(quick()).analysed(found.played[0])
    assert one.cost is not None
    assert not any(action.drawn for action in one.actions)


def test_the_same_seed_gives_the_same_analysis() -> None:
    played = course(LOG.format(name=""), "1")[0]
    once, again = (DecisionSearch(quick()).analysed(played) for _ in "12")
    assert once == again
    other = DecisionSearch(quick(seed=3)).analysed(played)
    assert other.before != once.before


def test_a_state_that_no_world_has_is_said() -> None:
    played = course(LOG.format(name=""), "0")[0]
    own = tuple(replace(mon, species="nobody") for mon in played.info.own.mons)
    nobody = replace(played.info, own=replace(played.info.own, mons=own))
    found = DecisionSearch(quick()).analysed(replace(played, info=nobody))
    assert found.failure.startswith("no world agrees with what is known (")
    assert (found.before, found.cost, found.blunder) == (None, None, False)


def test_the_page_of_a_battle_of_ours_is_read(tmp_path: Path) -> None:
    lines = [line.split("|") for line in LOG.format(name=" <&").split("\n")]
    path = tmp_path / "battle-1.html"
    path.write_text(battle_page(lines, "a battle"))
    (found,) = read_one(path, "battle-1.html")
    assert isinstance(found, ReplayText)
    assert found.log.split("\n") == LOG.format(name=" <&").split("\n")
    assert len(course(found.log, "Ann <&")) == 4


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    path = tmp_path / "battle.log"
    path.write_text(LOG.format(name="\x1b]0;x\x07<b>"))
    return path


def written(folder: Path) -> dict[str, Any]:
    path = next(folder.glob("outputs/analyse/*/*/analysis.json"))
    return dict(json.loads(path.read_text())["analysis"])


def test_the_table_is_printed(log: Path, capsys: Any) -> None:
    assert main(["analyse", "battle.log", "player=both", *WORDS, "page=x/a.html"]) == 0
    said = capsys.readouterr().out
    assert "unknown (fainted)" in said
    assert "each seed draws what it does not tell" in said
    assert "Seismic Toss" in said
    assert "\x1b]" not in said
    assert "\\u001b]0;x" in said
    found = written(log.parent)
    assert found["result"] == "Bob won (forfeit)"
    assert found["total"] == len(found["decisions"]) == 7
    assert "<b>" not in (log.parent / "x" / "a.html").read_text().replace("\\u003c", "")


def test_an_interrupt_leaves_what_was_analysed(
    log: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = DecisionSearch.analysed
    done: list[int] = []

    def analysed(self: DecisionSearch, played: PlayedDecision) -> AnalysedDecision:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(played.turn)
        return search(self, played)

    monkeypatch.setattr(searching.DecisionSearch, "analysed", analysed)
    assert main(["analyse", "battle.log", *WORDS, "page=a.html"]) == 130
    assert "Interrupted: 2 of 4 decisions were analysed" in capsys.readouterr().out
    assert len(written(log.parent)["decisions"]) == 2
    assert (log.parent / "a.html").exists()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["none.log"], "cannot read none.log"),
        (["/dev/zero"], "/dev/zero is no ordinary file"),
        (["battle.log", "player=Eve"], "player=Eve: the players are 0 Ann"),
        (["battle.log", "page=/proc/x/a.html"], "cannot write /proc/x/a.html"),
        (["half.log"], "half.log, line 12: it stops before the end of the battle"),
        (["many.jsonl"], "many.jsonl holds many battles: name one, number=1"),
        (["many.jsonl", "number=3"], "there is no battle number=3 in it"),
        (["many.jsonl", "number=2", "player=Eve"], "player=Eve"),
        (["empty.json"], "empty.json: not JSON"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_cannot_be_analysed_is_one_line(
    words: list[str], line: str, log: Path, capsys: Any
) -> None:
    (log.parent / "half.log").write_text(HEAD.format(name=""))
    record = json.dumps({"id": "a-1", "log": LOG.format(name="")})
    (log.parent / "many.jsonl").write_text(f"{record}\n{record}\n")
    (log.parent / "empty.json").write_text("")
    assert main(["analyse", *words, *WORDS]) == (2 if "player=Eve" in words else 1)
    said = capsys.readouterr().err
    assert line in said
    assert "Traceback" not in said
