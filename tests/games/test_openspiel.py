"""OpenSpiel's games under our interface, and our rules against OpenSpiel's."""

import importlib.util
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from plywise.arena.agents.board_search import MCTSAgent
from plywise.arena.cli import main as cli
from plywise.arena.play.match import play_game
from plywise.conf.schemas.search import MCTSGroup
from plywise.datasets.errors import ConfigError
from plywise.games.base import CHANCE, SIMULTANEOUS, State
from plywise.games.check import check_game
from plywise.games.registry import make_game

needs_openspiel = pytest.mark.skipif(
    importlib.util.find_spec("pyspiel") is None,
    reason="OpenSpiel is not installed: pip install open_spiel",
)


@needs_openspiel
@pytest.mark.parametrize(
    "name",
    [
        "tic_tac_toe",
        "kuhn_poker",
        "leduc_poker",
        "goofspiel(num_cards=4)",
        "hex(board_size=3)",
        "matrix_rps",
        "pig(winscore=10,horizon=50)",
    ],
)
def test_the_contract(name: str) -> None:
    assert check_game(make_game(f"openspiel:{name}"), plays=4).plays == 4


@needs_openspiel
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("tic_tac_toe", "tic_tac_toe"),
        ("connect_four", "connect_four"),
        ("goofspiel", "goofspiel(points_order=descending)"),
    ],
)
def test_our_rules_are_openspiels(ours: str, theirs: str) -> None:
    """Random games: the same players, legal actions and results, all along."""
    ends: set[tuple[float, ...]] = set()
    for seed in range(100):
        rng = Random(seed)
        a, b = make_game(ours).new_initial_state(), make_game(f"openspiel:{theirs}")
        other = b.new_initial_state()
        _chance(other)
        while not a.is_terminal():
            if other.is_terminal():  # OpenSpiel plays Goofspiel's last cards by itself
                assert [len(a.legal_actions(p)) for p in (0, 1)] == [1, 1]
                a.apply_actions([a.legal_actions(p)[0] for p in (0, 1)])
                break
            assert a.current_player() == other.current_player()
            for player in (0, 1):
                assert a.legal_actions(player) == other.legal_actions(player)
            if a.current_player() == SIMULTANEOUS:
                pair = [rng.choice(a.legal_actions(p)) for p in (0, 1)]
                a.apply_actions(pair)
                other.apply_actions(pair)
            else:
                action = rng.choice(a.legal_actions())
                a.apply_action(action)
                other.apply_action(action)
            _chance(other)
        assert other.is_terminal()
        assert a.returns() == other.returns()
        ends.add(tuple(a.returns()))
    assert {(1.0, -1.0), (-1.0, 1.0)} <= ends


def _chance(state: State) -> None:
    while state.current_player() == CHANCE:
        ((outcome, _),) = state.chance_outcomes()
        state.apply_action(outcome)


@needs_openspiel
def test_search_wins_at_tic_tac_toe_and_holds_its_own_in_poker() -> None:
    from plywise.arena.agents.kinds.random import RandomAgent

    def points(name: str, iterations: int, games: int) -> float:
        game = make_game(f"openspiel:{name}")
        agents: list[Any] = [
            MCTSAgent("mcts", MCTSGroup(seconds=None, iterations=iterations)),
            RandomAgent(),
        ]
        results = []
        for seed in range(games):
            record = play_game(game, agents[:: -1 if seed % 2 else 1], seed)
            assert record.error == ""
            result = record.result_of("mcts")
            assert result is not None
            results.append(result)
        return sum(results) / games

    assert points("tic_tac_toe", 200, 10) >= 0.6
    assert points("kuhn_poker", 200, 60) > 0.05
    assert points("goofspiel(num_cards=4)", 200, 20) > 0.3


@needs_openspiel
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tic_tac", "did you mean tic_tac_toe?"),
        ("tic_tac_toe(rows=3)", "Unknown parameter"),
        ("hearts", "is for 4 players"),
        ("matrix_pd", "one wins what the other loses"),
    ],
)
def test_games_that_cannot_be_had_are_one_line(
    name: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["play", f"game=openspiel:{name}", "llm=none"]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


@needs_openspiel
def test_hidden_games_without_resampling_say_so() -> None:
    state = make_game("openspiel:phantom_ttt").new_initial_state()
    state.apply_action(0)
    with pytest.raises(ConfigError, match="only people and agent=random"):
        state.resample_from_infostate(1, Random(0))


@needs_openspiel
def test_a_person_plays_and_sees_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = iter(["hint", "bet", "pass", "bet"])
    monkeypatch.setattr("builtins.input", lambda prompt="": next(lines))
    fast = ["search.seconds=null", "search.iterations=50", "seed=3"]
    assert cli.main(["play", "game=openspiel:kuhn_poker", "llm=none", *fast]) == 0
    assert "games played out" in capsys.readouterr().out
    (path,) = tmp_path.glob("outputs/play/*/*/*.json")
    assert cli.main(["replay", str(path)]) == 0
    assert "plays Bet" in capsys.readouterr().out


def test_without_openspiel_one_line_names_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from plywise.games.bridges import openspiel

    openspiel._pyspiel.cache_clear()
    monkeypatch.setitem(sys.modules, "pyspiel", None)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["play", "game=openspiel:tic_tac_toe", "llm=none"]) == 2
    assert "pip install open_spiel" in capsys.readouterr().err
    openspiel._pyspiel.cache_clear()
