"""A log in the words of Showdown's protocol, against the lines that the real simulator wrote."""

import json
from pathlib import Path
from random import Random

import pytest

from plywise.arena.cli import main as cli
from plywise.arena.verify.log import LogReport, verify_log
from plywise.arena.verify.record import record_corpus
from plywise.conf.schemas.verify import RecordConfig, VerifyConfig
from plywise.datasets.battle_corpus import read_corpus
from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.engine.battle import chance, log_events
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.border.codec import BattleSetup
from plywise.engine.battle.log.labels import Labels
from plywise.engine.battle.log.steps import kind_of
from plywise.engine.kernels import NO_ACTION

DATA = Path(__file__).parents[2] / "data"


@pytest.mark.parametrize("name", ["random", "factory", "fuzz", "ou", "found", "lines"])
def test_lines_are_the_recorded_ones(name: str) -> None:
    """Lines of all kinds, to the letter and in order; ``lines`` holds battles with rare ones."""
    report = verify_log(VerifyConfig(corpus=f"{DATA}/{name}.jsonl.gz"))
    assert report.steps > 200
    assert report.whole == report.exact == report.steps, report.examples


def test_rare_lines_are_among_them() -> None:
    """A status move that does nothing, copied and lost abilities, types, causes of every kind."""
    recorded = {
        line for b in read_corpus(DATA / "lines.jsonl.gz") for step in b.steps for line in step.log
    }
    for part in RARE:
        assert any(part in line for line in recorded), part


@pytest.mark.server
def test_lines_of_a_fresh_corpus(tmp_path: Path) -> None:
    """Recorded now, with a seed that nothing was tuned to."""
    path = record_corpus(RecordConfig(out=f"{tmp_path}/fresh.jsonl.gz", battles=3, seed=20_017))
    report = verify_log(VerifyConfig(corpus=str(path)))
    assert report.steps > 100
    assert report.whole >= 0.995 * report.steps, report.examples


def test_a_wrong_line_is_found() -> None:
    report = LogReport()
    report.note("0:1", ["|turn|2", "|-fail|p1a: X"], ["|turn|2"])
    assert (report.exact, report.whole) == (1, 0)
    report.note("0:2", ["|turn|3"], ["|turn|4"])
    assert (report.steps, report.exact, report.rate) == (2, 1, 0.5)
    assert report.missing == {"-fail": 1, "turn": 1}
    assert report.extra == {"turn": 1}
    report.note("0:3", ["|faint|p1a: X", "|turn|3"], ["|turn|3", "|faint|p1a: X"])
    assert report.exact == 1  # the order counts


RARE = (
    "|-fail|p1a: ",
    "null|[notarget]",
    "|-block|p",
    "|-copyboost|p",
    "|-swapboost|p",
    "|-invertboost|p",
    "|-endability|p",
    "|Skill Swap|",
    "|[from] stealeat|[move] ",
    "|[silent]|[from] ability: Pickpocket|[of] ",
    "|typeadd|",
    "|typechange|[from] move: Reflect Type|[of] ",
    "|[from] item: Shell Bell|[of] ",
    "|[wisher] ",
    "|-fieldend|move: Magic Room|[of] ",
    "|[partiallytrapped]|[silent]",
    "|-message|Sleep Clause Mod activated.",
    "|ability: Forewarn|",
    "|ability: Sticky Hold",
    "|-end|p2a: ",
    "|-formechange|p",
)


def new_battle(seed: int) -> BattleState:
    prior, rng = random_battle_sets(), Random(seed)
    return BattleState.from_teams(prior.random_team(rng), prior.random_team(rng), seed=seed)


def test_logging_changes_nothing() -> None:
    """A logged battle goes on as an unlogged one, random source included; off, it logs nothing."""
    for seed in range(4):
        plain, logged, rng = new_battle(seed), new_battle(seed), Random(seed)
        lines = []
        while not plain.is_terminal():
            chosen = [
                rng.choice(legal) if (legal := plain.legal_actions(s)) else NO_ACTION
                for s in (0, 1)
            ]
            assert plain.apply_actions(chosen[0], chosen[1]) == []
            lines += logged.apply_actions(chosen[0], chosen[1], log=True)
            assert plain.serialize() == logged.serialize()
        kinds = {kind_of(line) for line in lines}
        assert kinds >= {"move", "switch", "faint", "-damage", "turn", "upkeep"}
        assert kind_of(lines[-1]) in ("win", "tie")
        assert lines.count("|upkeep") >= plain.turn - 1


def test_names_come_from_the_teams_or_else_from_the_species() -> None:
    battle = next(read_corpus(DATA / "random.jsonl.gz", limit=1))
    step = next(s for s in battle.steps if any(kind_of(line) == "switch" for line in s.log))
    state = BattleState.from_dump(step.before, BattleSetup.of(battle))
    assert state.labels == Labels.of_teams(battle.teams(), battle.format)
    assert state.clone().labels is state.labels
    nameless = Labels.of_state(state.pool, 0)
    for side, team in enumerate(battle.teams()):
        assert state.labels.names[side] == tuple(s.nickname for s in team)
        assert len(nameless.names[side]) == 6
    again = BattleState.deserialize(state.serialize())
    assert again.labels is None
    legal = [again.legal_actions(s)[-1] for s in (0, 1)]
    assert again.apply_actions(legal[0], legal[1], log=True)


def test_too_many_events_are_an_error() -> None:
    state = new_battle(1)
    script, events = chance.resumed(state.pool[0]), log_events.new_events(room=1)
    chance.attach_script(state.pool[0], script, events)
    from plywise.engine.battle.rules import RULES

    RULES.step(state.pool, 0, state.legal_actions(0)[0], state.legal_actions(1)[0])
    with pytest.raises(OverflowError, match="there is room for 1"):
        log_events.written_events(events)


@pytest.mark.slow
def test_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["verify", "log", str(DATA / "factory.jsonl.gz"), "--limit", "1", "--jobs", "2"]
    assert cli.main([*arguments, "require=0.99"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["steps"] == found["exact"] > 50
    assert cli.main(["verify", "log", str(DATA / "factory.jsonl.gz"), "--step", "3"]) == 2
    assert "battle by battle" in capsys.readouterr().err
