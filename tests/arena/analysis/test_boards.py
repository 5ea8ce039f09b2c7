"""Board games: exact values, alpha-beta, worlds; records of people and of tournaments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from plywise.arena.analysis.boards import board_course
from plywise.arena.analysis.results import AnalysedDecision, Measured
from plywise.arena.analysis.sources import RecordedPlay
from plywise.arena.cli.main import main
from plywise.arena.play.replay import states_of
from plywise.conf.schemas.analysis import AnalyseConfig
from plywise.games.base import NO_ACTION, State
from plywise.games.registry import make_game


def analysed(
    name: str, moves: list[int], player: str = "both", **more: Any
) -> list[AnalysedDecision]:
    game = make_game(name)
    pairs = [(m, NO_ACTION) if ply % 2 == 0 else (NO_ACTION, m) for ply, m in enumerate(moves)]
    plies = zip(states_of(game, 0, pairs), pairs, strict=False)
    config = AnalyseConfig(file="x", player=player, **more)
    return list(board_course(RecordedPlay(game, ("a", "b"), 0, "", plies), config)[1])


def enumerated(state: State) -> float:
    """The value for the player to move, by plain enumeration of all games."""
    if state.is_terminal():
        return -1.0 if any(state.returns()) else 0.0
    found = []
    for action in state.legal_actions():
        after = state.clone()
        after.apply_action(action)
        found.append(-enumerated(after))
    return max(found)


def test_tic_tac_toe_is_exact() -> None:
    moves = [4, 1, 7, 0, 2, 6, 3, 5]
    found = analysed("tic_tac_toe", moves)
    state = make_game("tic_tac_toe").new_initial_state(0)
    costs = []
    for one, move in zip(found, moves, strict=True):
        if one.turn < 3:  # an empty board has half a million games
            state.apply_action(move)
            continue
        before = enumerated(state)
        state.apply_action(move)
        costs.append((before + enumerated(state)) / 2)
        assert one.before == Measured((before + 1) / 2, 0.0)
    assert [one.cost.value for one in found[2:] if one.cost] == costs
    assert [one.blunder for one in found[2:]] == [cost > 0 for cost in costs]
    assert 0 < sum(one.blunder for one in found[2:]) < len(costs)


def test_connect_four_is_exact_when_the_board_is_fuller() -> None:
    # Known scores of the position 44444 6 … are not needed: three in a row, open at both ends.
    moves = [3, 3, 4, 4, 1, 1, 6, 6, 0]  # columns 4 4 5 5 2 2 7 7 1: columns 3 wins at once
    found = analysed("connect_four", [*moves, 6], player="0", iterations=20)
    last = found[-1]
    assert last.before is not None
    assert last.best == "3"
    assert (last.before.value, last.before.error) == (1.0, 0.0)


def test_alphabeta_says_how_far_a_shorter_search_is() -> None:
    found = analysed("gomoku", [112, 0, 113, 1], iterations=20)
    assert all(one.before is not None and one.before.error is not None for one in found)
    assert all(one.cost is not None for one in found)


def test_a_saved_game_is_analysed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["play", "game=tic_tac_toe", "side=none", "llm=none", "agent=random"]) == 0
    saved = next(tmp_path.glob("outputs/play/*/*/tic_tac_toe-*.json"))
    capsys.readouterr()
    assert main(["analyse", str(saved), "player=both", "page=a.html"]) == 0
    said = capsys.readouterr().out
    assert "Values of the position are exact" in said
    assert "search plays" in said
    written = json.loads(next(tmp_path.glob("outputs/analyse/*/*/analysis.json")).read_text())
    decisions = written["analysis"]["decisions"]
    assert len(decisions) == written["analysis"]["total"] >= 5
    assert "X" in decisions[-1]["position"]["text"]
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")


def test_a_game_of_a_tournament_is_analysed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["game=tic_tac_toe", "search.max_depth=1", "tournament.pairs=1", "llm=none"]
    assert (
        main(["tournament", *words, "tournament.executor=inline", "tournament.record=r.sqlite"])
        == 0
    )
    capsys.readouterr()
    assert main(["analyse", "r.sqlite"]) == 1
    assert "name a game, number=0" in capsys.readouterr().err
    assert main(["analyse", "r.sqlite", "number=1", "player=random"]) == 0
    assert "for random" in capsys.readouterr().out
    assert main(["analyse", "r.sqlite", "number=7"]) == 1
    assert "there is no game number=7" in capsys.readouterr().err
