"""A game in a file of one's own: the example of docs/PLUGIN.md, and what can be wrong with one."""

import json
import re
from pathlib import Path
from random import Random

import pytest
from rich.console import Console

from plywise.arena.agents.board_search import MCTSAgent
from plywise.arena.cli import main as cli
from plywise.arena.terminal.play import Human, play_in_terminal
from plywise.conf.schemas.search import MCTSGroup
from plywise.datasets.errors import ConfigError
from plywise.games.check import check_game
from plywise.games.registry import make_game

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "PLUGIN.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.split("```python\n")[1].split("```")[0]


@pytest.fixture
def nim(tmp_path: Path) -> Path:
    path = tmp_path / "nim.py"
    path.write_text(EXAMPLE, encoding="utf-8")
    return path


def test_the_example_is_short_and_keeps_the_laws(nim: Path) -> None:
    lines = [line for line in EXAMPLE.splitlines() if line.strip()]
    assert len(lines) <= 65
    assert check_game(make_game(f"path:{nim}"), plays=5).plays == 5
    assert check_game(make_game(f"path:{nim}", heaps=[1, 2]), plays=5).longest <= 3


def test_search_plays_the_example_perfectly(nim: Path) -> None:
    """Whoever is to move wins if and only if the exclusive or of the heaps is not 0."""
    game = make_game(f"path:{nim}")
    agent = MCTSAgent("search", MCTSGroup(seconds=None, iterations=3000))
    for seed in range(2):
        state, rng = game.new_initial_state(), Random(seed)
        while not state.is_terminal():
            a, b, c = json.loads(state.serialize())["heaps"]
            assert bool(a ^ b ^ c) == (state.current_player() == 0)
            if state.current_player() == 0:
                state.apply_action(agent.decide(state, 0, seed).action)
            else:
                state.apply_action(rng.choice(state.legal_actions()))
        assert state.returns() == [1.0, -1.0]


@pytest.mark.slow
def test_commands_of_the_page(
    nim: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(nim.parent)
    monkeypatch.setattr("builtins.input", lambda prompt="": "quit")
    found = re.findall(r"^plywise (.*path:nim.*)$", PAGE, re.M)
    assert len(found) == 3
    for line in found:
        words = [w.strip("'") for w in re.findall(r"'[^']*'|\S+", line)]
        fast = ["llm=none", "search.seconds=null", "search.iterations=30"]
        assert cli.main([*words, *fast]) == 0, capsys.readouterr()
    capsys.readouterr()
    first = min(nim.parent.glob("outputs/play/*/*/nim-*.json"))
    assert json.loads(first.read_text())["game"] == f"path:{nim}"
    assert cli.main(["replay", str(first), "game=path:nim.py"]) == 0
    assert "nim: you (player 1) against search" in capsys.readouterr().out


@pytest.mark.slow
def test_a_person_is_given_hints(
    nim: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = iter(["hint", "a9", "a1", "quit"])
    monkeypatch.setattr("builtins.input", lambda prompt="": next(lines))
    console = Console(record=True, width=100)
    game = make_game(f"path:{nim}")
    assert play_in_terminal(game, [Human("A"), Human("B")], 0, console, tmp_path / "games") == 0
    text = console.export_text()
    assert "games played out" in text
    assert "'a9' is neither a move nor a command" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        ("x = 1", "defines no game"),
        ("x = (", "line 1: SyntaxError"),
        ("\nimport nothing_like_it", "line 2: ModuleNotFoundError"),
        (EXAMPLE.replace("def max_game_length", "def maximum"), "Nim lacks max_game_length"),
        (EXAMPLE + "\n\nclass Other(Nim):\n    pass\n", "several games (Nim, Other)"),
        (EXAMPLE.replace("    info: GameInfo", "    about: GameInfo"), "no info = GameInfo"),
    ],
)
def test_a_broken_file_is_one_line(
    content: str | None,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "it's mine.py").write_text(content, encoding="utf-8")
    code = cli.main(["play", "game=path:it's mine.py", "llm=none"])
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert code in (1, 2)


def test_a_game_with_values_that_no_game_has_is_named(
    nim: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(nim.parent)
    nim.write_text(EXAMPLE.replace("return self.mover if any", "return 2**70 if any"), "utf-8")
    searching = ("search=mcts", "search.seconds=null", "search.iterations=2")
    assert cli.main(["play", f"game=path:{nim}", "llm=none", "side=none", *searching]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"plywise: {nim}: the game does what no game may")
    assert error.count("\n") == 1


def test_unknown_options_are_named(nim: Path) -> None:
    with pytest.raises(ConfigError, match="no parameter rows; it has heaps"):
        make_game(f"path:{nim}", rows=3)


def test_agents_that_need_kernels_report_it(
    nim: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(nim.parent)
    cli.main(["play", f"game=path:{nim}", "search=alphabeta", "llm=none"])
    assert "without compiled rules: choose search=mcts" in capsys.readouterr().err


def test_games_lists_the_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["games"]) == 0
    assert "path:FILE.py" in capsys.readouterr().out
