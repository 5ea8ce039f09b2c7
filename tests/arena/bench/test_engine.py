"""``plywise bench engine``: that it runs and what it reports, not how fast anything is."""

import json
from pathlib import Path

import pytest

from plywise.arena.bench import engine as bench_engine
from plywise.arena.bench.engine import first_turns
from plywise.arena.cli import main as cli
from plywise.engine.battle import measure
from plywise.games.showdown.install import ShowdownInstallError


def test_scripted_battles_are_the_sampled_ones() -> None:
    """A replay that differs from its battle raises."""
    found = measure.replay_scripted(first_turns(3, 1), seed=4, seconds=1e-9)
    assert found.battles == 1
    assert found.steps >= found.turns > 5
    assert found.draws > found.turns


def test_a_missing_simulator_is_reported_before_any_measurement(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> Path:
        raise ShowdownInstallError("Node is missing")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bench_engine, "node_executable", missing)
    monkeypatch.setattr(bench_engine, "first_turns", lambda *_: pytest.fail("measured"))
    assert cli.main(["bench", "engine", "seconds=0.05"]) != 0
    assert "Node is missing; without it: simulator=false" in capsys.readouterr().err


@pytest.mark.server
def test_bench_engine_reports_every_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["bench", "engine", "seconds=0.05"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["state_bytes"] <= 1024
    for name in (
        "turns_per_second",
        "turns_per_second_2_threads",
        "turns_per_processor_second",
        "scripted_turns_per_second",
        "copy_nanoseconds",
        "legal_actions_nanoseconds",
        "damage_rolls_per_second",
        "branches_per_second",
        "warm_start_seconds",
        "simulator_turns_per_second",
        "times_the_simulator",
    ):
        assert figures[name] > 0
    assert "cold_compile_seconds" not in figures
    written = list(tmp_path.glob("outputs/bench/*/*/bench.json"))
    assert len(written) == 1
    assert json.loads(written[0].read_text())["figures"].keys() == figures.keys()
