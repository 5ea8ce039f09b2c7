"""The preset of the PokéChamp paper's table: its entrants, and that it runs without a model."""

import csv
import json
from pathlib import Path

import pytest

from plywise.arena.cli.main import main
from plywise.arena.tournament.store import GameStore


def test_its_entrants_and_its_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tournament", "tournament=pokechamp_paper", "--cfg", "job"]) == 0
    shown = capsys.readouterr().out
    assert "format: gen9ou" in shown
    assert "executor: showdown" in shown
    assert "name: simultaneous" in shown
    names = ("pokechamp", "pokellmon", "random", "search", "llm_search")
    for name in (*names, "name: max_damage", "name: pokeenv_max_base_power"):
        assert f"- {name}\n" in shown
    assert "label: heuristics" in shown


@pytest.mark.server
@pytest.mark.slow
def test_it_runs_offline_with_the_stand_in(tmp_path: Path) -> None:
    record = tmp_path / "r.sqlite"
    agents = "[pokechamp,pokellmon,{name:pokeenv_simple_heuristics,label:heuristics},llm_search]"
    arguments = [
        *("tournament", "tournament=pokechamp_paper", f"agents={agents}", "llm=stand_in"),
        *("llm.oracle_iterations=20", "search.seconds=null", "search.iterations=20"),
        *("search.worlds=2", "tournament.pairs=1", "tournament.jobs=1", "tournament.anchor=null"),
        *(f"tournament.record={record}", f"hydra.run.dir={tmp_path}/out"),
    ]
    assert main(arguments) == 0
    with GameStore.read(record) as store:
        games = list(store.games())
    assert len(games) == 12
    assert [game.error for game in games] == [""] * 12
    asked = {0, 1, 3}
    for game in games:
        for who, side in zip(game.players, game.sides, strict=True):
            assert (side.calls > 0) == (who in asked)
            assert side.fallbacks == 0
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert len(summary["pairings"]) == 6
    assert all(len(pairing["interval"]) == 3 for pairing in summary["pairings"])
    with (tmp_path / "out" / "results.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 12
