"""A person at a real terminal (a pty), and the rest of ``play_in_terminal`` without one."""

import contextlib
import errno
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from rich.console import Console

from plywise.arena.agents.spec import Agent
from plywise.arena.cli import main as cli
from plywise.arena.play.stepper import IllegalDecisionError
from plywise.arena.terminal.game_file import positions, read_game
from plywise.arena.terminal.play import INTERRUPTED, Human, play_in_terminal
from plywise.datasets.errors import ConfigError
from plywise.games.base import SIMULTANEOUS, State
from plywise.games.battleship.game import Battleship
from plywise.games.goofspiel import Goofspiel
from plywise.games.grid.connect_four import ConnectFour
from plywise.games.grid.tic_tac_toe import TicTacToe
from plywise.games.registry import make_game
from plywise.search.alphabeta.config import AlphaBetaConfig
from plywise.search.alphabeta.search import AlphaBeta
from plywise.search.decision import Decision

PROGRAM = """
import sys
from pathlib import Path
from rich.console import Console
from plywise.arena.agents.spec import Agent
from plywise.arena.terminal.play import Human, play_in_terminal
from plywise.games.registry import make_game
from plywise.search.alphabeta.config import AlphaBetaConfig
from plywise.search.alphabeta.search import AlphaBeta

class Searcher(Agent):
    name = "search"
    def __init__(self, game):
        self.search = AlphaBeta(game.kernels(), AlphaBetaConfig(max_depth=6))
    def decide(self, state, player, seed):
        return self.search.decide(state.flat(), player)

game = make_game(sys.argv[1])
folder = Path(sys.argv[2])
sys.exit(play_in_terminal(game, [Human(), Searcher(game)], 0, Console(), folder))
"""


class Terminal:
    """A program in a pseudo-terminal, driven as a person does: wait for a prompt, type, read."""

    def __init__(self, *command: str, cwd: Path | None = None) -> None:
        self.screen = ""
        main, other = pty.openpty()
        self.fd = main
        environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "NO_COLOR": "1"}
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=cwd,
            stdin=other,
            stdout=other,
            stderr=other,
            env=environment,
            start_new_session=True,
            preexec_fn=_own_terminal,
        )
        os.close(other)

    def read_until(self, *texts: str, timeout: float = 60) -> str:
        """Return all output since the last call up to the first of ``texts``."""
        deadline = time.monotonic() + timeout
        while not any(text in self.screen for text in texts):
            assert time.monotonic() < deadline, f"no {texts} in {self.screen!r}"
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    data = os.read(self.fd, 4096)
                except OSError as error:
                    if error.errno != errno.EIO:  # on Linux the end of a terminal
                        raise
                    data = b""
                assert data, f"ended without {texts}: {self.screen!r}"
                self.screen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode())
        end = min(self.screen.find(t) + len(t) for t in texts if t in self.screen)
        seen, self.screen = self.screen[:end], self.screen[end:]
        return seen

    def type(self, text: str) -> None:
        """Type, with Enter."""
        os.write(self.fd, text.encode() + b"\r")

    def press(self, key: bytes) -> None:
        """Press a control key."""
        os.write(self.fd, key)

    def interrupt(self, text: str) -> None:
        """Press Ctrl-C until ``text`` is there.

        Python loses one that comes in the microseconds between the prompt and the read for it.
        """
        for _ in range(5):
            self.press(b"\x03")
            with contextlib.suppress(AssertionError):
                self.read_until(text, timeout=5)
                return
        raise AssertionError(f"Ctrl-C does not lead to {text!r}: {self.screen!r}")

    def ended(self) -> int:
        """Return the exit code."""
        return self.process.wait(60)

    def close(self) -> None:
        """Stop the program if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        os.close(self.fd)


def _own_terminal() -> None:
    """Make the pty the controlling terminal, so that Ctrl-C becomes a signal."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "games"


PROMPT = "(or hint, undo, quit): "


@dataclass
class Opened:
    terminal: Terminal
    folder: Path

    def record(self) -> dict[str, Any]:
        (path,) = self.folder.glob("*.json")
        found = json.loads(path.read_text())
        assert isinstance(found, dict)
        return found


@pytest.fixture
def connect_four(folder: Path) -> Iterator[Opened]:
    terminal = Terminal("-c", PROGRAM, "connect_four", str(folder))
    yield Opened(terminal, folder)
    terminal.close()


@pytest.fixture
def command_line(tmp_path: Path) -> Iterator[Opened]:
    options = ["game=tic_tac_toe", "agent=search", "llm=none", "search.seconds=0.2"]
    terminal = Terminal("-m", "plywise.arena.cli", "play", *options, cwd=tmp_path)
    yield Opened(terminal, tmp_path)
    terminal.close()


@pytest.mark.slow
def test_the_command_plays_a_game(command_line: Opened) -> None:
    terminal = command_line.terminal
    said = terminal.read_until(PROMPT)
    assert "tic_tac_toe: you (X) against" in said
    names = [f"{column}{row}" for column in "abc" for row in "123"]
    while "Saved: " not in said and names:
        terminal.type(names.pop())  # taken squares are explained and asked again
        said = terminal.read_until(PROMPT, "Saved: ")
    assert re.search(r"(wins|draw) after \d moves", said)  # a perfect player does not lose
    terminal.read_until(".json")
    assert terminal.ended() == 0


@pytest.mark.slow
def test_ctrl_c_at_the_command(command_line: Opened) -> None:
    terminal = command_line.terminal
    terminal.read_until(PROMPT)
    terminal.interrupt("Stopped; the game so far is in ")
    assert terminal.ended() == INTERRUPTED


@pytest.mark.slow
@pytest.mark.parametrize("how", ["closed", "SIGTERM"])
def test_the_end_of_the_terminal_keeps_the_game(command_line: Opened, how: str) -> None:
    terminal = command_line.terminal
    terminal.read_until(PROMPT)
    if how == "closed":
        os.close(terminal.fd)
        # Whichever comes first: the signal, or the end of the input.
        assert terminal.process.wait(60) in (128 + signal.SIGHUP, INTERRUPTED)
        terminal.fd = os.open(os.devnull, os.O_RDONLY)  # for the fixture's end
    else:
        terminal.process.terminate()
        terminal.read_until("Stopped; the game so far is in ")
        assert terminal.ended() == 128 + signal.SIGTERM
    (saved,) = command_line.folder.rglob("*.json")
    assert json.loads(saved.read_text())["ending"] == "interrupted"


@pytest.mark.slow
def test_a_whole_game_of_connect_four(connect_four: Opened) -> None:
    terminal = connect_four.terminal
    start = terminal.read_until(PROMPT)
    assert "connect_four: you (X) against search (O)" in start
    assert "1 2 3 4 5 6 7" in start
    terminal.type("9")
    assert "'9' is neither a move nor a command; the moves are: 1, 2" in terminal.read_until(PROMPT)
    terminal.type("drop it \x1b[2J in [bold]the[/bold] middle")
    said = terminal.read_until(PROMPT)
    assert "neither a move nor a command" in said
    assert "[bold]" in said  # shown as typed, not read as markup
    terminal.type("")
    assert "Nothing was typed" in terminal.read_until(PROMPT)
    terminal.type("undo")
    assert "no move of yours to take back" in terminal.read_until(PROMPT)
    terminal.type("4")
    assert "search (O) plays" in terminal.read_until(PROMPT)
    terminal.type("hint")
    assert "positions; best first" in terminal.read_until(PROMPT)
    terminal.type("undo")
    assert "Taken back." in terminal.read_until(PROMPT)
    rng = Random(1)
    said = ""
    while "Saved: " not in said:
        terminal.type(str(rng.randint(1, 7)))  # full columns are explained and asked again
        said = terminal.read_until(PROMPT, "Saved: ")
    assert re.search(r"(win|wins) after \d+ moves\.", said)
    assert terminal.ended() == 0
    record = connect_four.record()
    assert record["ending"] == "finished"
    assert record["returns"] in ([1.0, -1.0], [-1.0, 1.0])
    assert record["taken_back"] == 2
    assert record["hints"] == 1
    game = make_game(record["game"], **record["parameters"])
    state = game.new_initial_state(record["seed"])
    for entry in record["moves"]:
        assert entry["player"] == state.current_player()
        assert entry["move"] == state.action_to_string(entry["player"], entry["action"])
        state.apply_action(entry["action"])
    assert state.returns() == record["returns"]
    assert state.serialize() == record["final_state"]


def test_ctrl_c_leaves_with_one_line(connect_four: Opened) -> None:
    terminal = connect_four.terminal
    terminal.read_until(PROMPT)
    terminal.type("3")
    terminal.read_until(PROMPT)
    terminal.interrupt("Stopped; the game so far is in ")
    rest = terminal.read_until(".json")
    assert terminal.ended() == INTERRUPTED
    assert "Traceback" not in terminal.screen + rest
    assert connect_four.record()["ending"] == "interrupted"
    assert len(connect_four.record()["moves"]) == 2


def test_end_of_input_leaves_with_one_line(connect_four: Opened) -> None:
    terminal = connect_four.terminal
    terminal.read_until(PROMPT)
    terminal.press(b"\x04")
    terminal.read_until("Stopped; the game so far is in ")
    assert terminal.ended() == INTERRUPTED
    assert connect_four.record()["returns"] is None


# --- without a terminal ---------------------------------------------------------------------------


class Searcher(Agent):
    """The exact search."""

    name = "search"

    def __init__(self) -> None:
        self.search = AlphaBeta(TicTacToe().kernels(), AlphaBetaConfig(seconds=None, max_depth=9))

    def decide(self, state: State, player: int, seed: int) -> Decision:
        return self.search.decide(state.flat(), player)


class RandomMover(Agent):
    name = "random"

    def __init__(self) -> None:
        self.seeds: list[int] = []

    def decide(self, state: State, player: int, seed: int) -> Decision:
        self.seeds.append(seed)
        action = Random(seed).choice(state.legal_actions(player))
        if state.current_player() != SIMULTANEOUS:
            state.apply_action(action)  # what an agent does to its copy must not matter
        return Decision(action, {action: 1.0})


class Cheat(Agent):
    name = "cheat"

    def decide(self, state: State, player: int, seed: int) -> Decision:
        return Decision(99, {99: 1.0})


class Interrupted(Agent):
    name = "slow"

    def decide(self, state: State, player: int, seed: int) -> Decision:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the signal was lost")


@pytest.fixture
def console() -> Console:
    return Console(record=True, width=100)


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    waiting = iter(lines)

    def answer(prompt: str = "", **unseen: object) -> str:
        try:
            return next(waiting)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr("getpass.getpass", answer)


def saved(folder: Path) -> dict[str, Any]:
    (path,) = folder.glob("*.json")
    found = json.loads(path.read_text())
    assert isinstance(found, dict)
    return found


def test_hint_tells_who_wins(
    monkeypatch: pytest.MonkeyPatch, console: Console, folder: Path
) -> None:
    typed(monkeypatch, "b2", "a1", "b1", "a2", "hint", "B3")  # two people at one keyboard
    code = play_in_terminal(TicTacToe(), [Human("Ann"), Human("Bob")], 0, console, folder)
    text = console.export_text()
    assert code == 0
    assert re.search(r"b3 +wins in 1 ply +wins now", text)
    assert "a3" in text
    assert "searched to the end" in text
    assert "Ann (X) wins after 5 moves." in text
    assert saved(folder)["players"] == ["Ann", "Bob"]


def test_undo_between_two_people_takes_back_one_move(
    monkeypatch: pytest.MonkeyPatch, console: Console, folder: Path
) -> None:
    typed(monkeypatch, "a1", "b1", "undo", "c1", "quit")
    assert play_in_terminal(TicTacToe(), [Human(), Human()], 0, console, folder) == 0
    record = saved(folder)
    assert [m["move"] for m in record["moves"]] == ["a1", "c1"]
    assert record["ending"] == "quit"
    assert record["taken_back"] == 1


def test_taken_squares_and_help_are_explained(
    monkeypatch: pytest.MonkeyPatch, console: Console, folder: Path
) -> None:
    typed(monkeypatch, "a1", "a1", "help", "moves")
    assert play_in_terminal(TicTacToe(), [Human(), Human()], 0, console, folder) == INTERRUPTED
    text = console.export_text()
    assert "'a1' is not possible now; the moves are: a3, b3" in text
    assert "take back your last move" in text


def test_agents_alone_play_reproducibly(console: Console, tmp_path: Path) -> None:
    games = []
    for k in range(2):
        agent = RandomMover()
        folder = tmp_path / str(k)
        assert play_in_terminal(ConnectFour(), [agent, agent], 7, console, folder) == 0
        games.append([m["action"] for m in saved(folder)["moves"]])
        assert len(set(agent.seeds)) == len(agent.seeds)
    assert games[0] == games[1]


def test_perfect_play_is_a_draw(console: Console, folder: Path) -> None:
    assert play_in_terminal(TicTacToe(), [Searcher(), Searcher()], 0, console, folder) == 0
    assert "A draw after 9 moves." in console.export_text()


def test_ctrl_c_while_an_agent_thinks(console: Console, folder: Path) -> None:
    assert play_in_terminal(TicTacToe(), [Interrupted()] * 2, 0, console, folder) == INTERRUPTED
    assert "Stopped; the game so far is in" in console.export_text()


def test_two_games_in_one_second_are_two_files(console: Console, folder: Path) -> None:
    for _ in range(3):
        play_in_terminal(TicTacToe(), [RandomMover(), RandomMover()], 0, console, folder)
    assert len(list(folder.glob("*.json"))) == 3


def test_illegal_decisions_are_a_bug_of_the_agent(console: Console, folder: Path) -> None:
    with pytest.raises(IllegalDecisionError, match="cheat chose 99"):
        play_in_terminal(TicTacToe(), [Cheat(), Cheat()], 0, console, folder)


def test_games_that_cannot_be_played_here(console: Console, folder: Path) -> None:
    with pytest.raises(ConfigError, match="2 players, not 1"):
        play_in_terminal(TicTacToe(), [Human()], 0, console, folder)


def test_a_record_that_cannot_be_saved_is_said(console: Console, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    from plywise.arena.output.files import RecordFileError

    with pytest.raises(RecordFileError, match="cannot write"):
        play_in_terminal(
            TicTacToe(), [RandomMover(), RandomMover()], 0, console, tmp_path / "file" / "x"
        )


# --- both at once, hidden fleets ------------------------------------------------------------------


def replayed(folder: Path) -> None:
    """Check that the saved game replays to its end (``positions`` compares the last one)."""
    (path,) = folder.glob("*.json")
    record = read_game(path)
    assert len(list(positions(make_game(record.game, **record.parameters), record))) == (
        record.decisions + 1
    )


def test_goofspiel_against_an_agent(
    monkeypatch: pytest.MonkeyPatch, console: Console, folder: Path
) -> None:
    typed(monkeypatch, "7", "3", "undo", "3", "2", "1")
    game = Goofspiel(cards=3)
    assert play_in_terminal(game, [Human(), RandomMover()], 0, console, folder) == 0
    text = console.export_text()
    assert "'7' is neither a move nor a command" in text
    assert "you (player 1) plays 3" in text
    assert "random (player 2) plays " in text
    assert re.search(r"(draw|wins?) after 3 turns", text)
    record = saved(folder)
    assert [m["move"] for m in record["moves"] if m["player"] == 0] == ["3", "2", "1"]
    assert [m["ply"] for m in record["moves"]] == [0, 0, 1, 1, 2, 2]
    assert record["taken_back"] == 2
    replayed(folder)


@pytest.mark.slow
def test_two_people_bid_unseen(
    monkeypatch: pytest.MonkeyPatch, console: Console, folder: Path
) -> None:
    typed(monkeypatch, "3", "undo", "2", "1", "hint", "quit")
    players = [Human("Ann"), Human("Bob")]
    assert play_in_terminal(Goofspiel(cards=3), players, 0, console, folder) == 0
    text = console.export_text()
    assert "to move, unseen" in text
    assert text.index("Ann (player 1) plays 2") < text.index("Bob (player 2) plays 1")
    assert re.search(r"move +play it +value", text)
    assert [m["move"] for m in saved(folder)["moves"]] == ["2", "1"]
    replayed(folder)


def test_hints_in_battleship_say_where_a_ship_is_found_late_and_the_chances_of_a_hit(
    monkeypatch: pytest.MonkeyPatch, console: Console, folder: Path
) -> None:
    typed(monkeypatch, "hint", "a1 across", "a1 across", "?", "b1", "a1", "?", "quit")
    game = Battleship(rows=2, columns=2, fleet=(2,))
    assert play_in_terminal(game, [Human("Ann"), Human("Bob")], 0, console, folder) == 0
    text = console.export_text()
    # The first shot hits two of the four placements; which, is another corner in each view.
    assert re.search(r"across +a +b +down +a +b *\n +1 +2 +· +1 +2 +2 *\n +2 +2 +· +2 +· +·", text)
    assert "first hits a ship of length 2 placed here (its left or top end)" in text
    assert re.search(r"1 +50 +50\n +2 +50 +50", text)  # four placements, each square in two
    assert re.search(r"% +a +b *\n", text)
    assert saved(folder)["hints"] == 3


@pytest.mark.slow
def test_a_person_places_ships_with_hints(tmp_path: Path) -> None:
    sea = ["game=battleship", "game.rows=5", "game.columns=6", "game.fleet=[3,2]"]
    terminal = Terminal(
        "-m", "plywise.arena.cli", "play", *sea, "agent=hunter", "llm=none", cwd=tmp_path
    )
    asked = "quit): "  # the rest of the prompt may stand on the line before
    latest = r"latest at (\w+ (?:across|down)), shot \d"
    try:
        terminal.read_until(asked)
        for length in (3, 2):
            terminal.type("hint")
            said = terminal.read_until(asked)
            assert re.search(r"across +a +b +c +d +e +f +down +a +b +c +d +e +f", said)
            assert f"a ship of length {length} placed" in said
            found = re.search(latest, said)
            assert found
            terminal.type(found[1])
            said = terminal.read_until(asked)
            assert said.count("S") == 5 - 2 * (length == 3)
        assert "ships placed" not in said
        terminal.type("hint")
        assert "chance of a hit" in terminal.read_until(asked)
        terminal.type("undo")
        assert "1 of 2 ships placed" in terminal.read_until(asked)
        terminal.type("quit")
        terminal.read_until("Stopped: ")
        assert terminal.ended() == 0
    finally:
        terminal.close()


@pytest.mark.slow
def test_a_person_in_a_battle(
    monkeypatch: pytest.MonkeyPatch, console: Console, folder: Path
) -> None:
    typed(monkeypatch, *["earthquake"] * 3, "undo", "hint", "switch carbink", "quit")
    game = make_game("gen9randombattle")
    assert play_in_terminal(game, [Human(), RandomMover()], 3, console, folder) in (0, 130)
    text = " ".join(console.export_text().split())
    assert "krookodile used earthquake" in text
    assert "iterations over sampled worlds" in text
    assert not re.search(r"\(player 2\) plays (?!switch)", text)  # only what the turn shows
    replayed(folder)


def test_a_person_in_a_battle_types_a_number(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    console = Console(record=True, width=80)
    typed(monkeypatch, "0", "moves", "9", "quit")
    game = make_game("gen9randombattle")
    assert play_in_terminal(game, [Human(), RandomMover()], 3, console, folder) == 0
    text = console.export_text()
    assert "to move, a number or a name (or hint, undo, quit)" in " ".join(text.split())
    assert "'0' is neither a move nor a command" in text
    shown = re.findall(r"^ +(\d+) (switch \w+) +\w+(?:/\w+)? +\d+%", text, re.MULTILINE)
    assert shown[:5] == shown[5:10]  # once before the prompt, once on "moves"
    assert dict(shown[:5])["9"] == saved(folder)["moves"][0]["move"]
    assert re.search(r"^ 1 earthquake +ground +phys +100 +100 +16 +\d+–\d+ ", text, re.MULTILINE)


# --- replay ---------------------------------------------------------------------------------------


@pytest.fixture
def record_file(console: Console, folder: Path) -> Path:
    play_in_terminal(ConnectFour(), [RandomMover(), RandomMover()], 5, console, folder)
    (path,) = folder.glob("*.json")
    return path


def test_replay_prints_all_positions_without_a_terminal(
    record_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["replay", str(record_file)]) == 0
    text = capsys.readouterr().out
    moves = json.loads(record_file.read_text())["moves"]
    assert text.count("1 2 3 4 5 6 7") == len(moves) + 1
    assert f"{len(moves)} of {len(moves)}: random" in text
    assert re.search(rf"(wins|draw) after {len(moves)} moves", text)


def test_replay_shows_both_views_where_they_differ(
    console: Console,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    play_in_terminal(Goofspiel(cards=2), [RandomMover(), RandomMover()], 5, console, folder)
    (path,) = folder.glob("*.json")
    assert cli.main(["replay", f"file={path}"]) == 0
    assert capsys.readouterr().out.count("saw it") == 4  # at first both see the same
    assert cli.main(["replay", str(path), "side=second"]) == 0
    assert "saw it" not in capsys.readouterr().out


@pytest.mark.slow
def test_replay_steps_with_keys(record_file: Path, tmp_path: Path) -> None:
    terminal = Terminal("-m", "plywise.arena.cli", "replay", str(record_file), cwd=tmp_path)
    count = len(json.loads(record_file.read_text())["moves"])
    legend = "G end, q quit"
    try:
        assert "the first position" in terminal.read_until(legend)
        terminal.press(b" ")
        assert f"1 of {count}: random" in terminal.read_until(legend)
        terminal.press(b"\x1b[C")
        assert f"2 of {count}: random" in terminal.read_until(legend)
        terminal.press(b"\x1b[D")
        assert f"1 of {count}: random" in terminal.read_until(legend)
        terminal.press(b"G")
        assert f" after {count} moves" in terminal.read_until(legend)
        terminal.press(b"q")
        assert terminal.ended() == 0
    finally:
        terminal.close()


def _without(key: str) -> str:
    raw = json.loads(GOOD)
    del raw[key]
    return json.dumps(raw)


GOOD = json.dumps(
    {
        "format": "plywise-terminal-game/2",
        "game": "tic_tac_toe",
        "parameters": {},
        "players": ["you", "random"],
        "seed": 0,
        "started": "now",
        "ending": "quit",
        "returns": None,
        "moves": [{"ply": 0, "player": 0, "action": 4, "move": "b2"}],
        "taken_back": 0,
        "hints": 0,
        "final_state": '{"game": "tic_tac_toe", "rows": 3, "columns": 3, "moves": [4]}',
    }
)


def test_the_record_below_is_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "game.json").write_text(GOOD)
    assert cli.main(["replay", "game.json"]) == 0
    assert "Not played to the end (quit after 1 moves)" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot read game.json: No such file"),
        (b"\xff\x00", "no record of a game: not UTF-8 text"),
        (b"SQLite format 3\x00", "plywise report game.json"),
        ("[1, 2]", "no record of a game that plywise play saved"),
        (GOOD[:200], "no record of a game, or is damaged: "),
        (GOOD.replace("game/2", "game/1"), "of version '1'; this Plywise reads 2"),
        (_without("moves"), "damaged: Object missing required field `moves`"),
        (
            GOOD.replace('"action": 4', '"action": "b"'),
            "damaged: Expected `int`, got `str` - at `$.moves[0].action`",
        ),
        (GOOD.replace('"action": 4', '"action": 44'), "move 1 (b2): action 44 is not legal"),
        (GOOD.replace('"player": 0', '"player": 1'), "move 1 (b2): it is another player's turn"),
        (GOOD.replace('"action": 4', '"action": 5'), "do not lead to the position"),
        (GOOD.replace('"tic_tac_toe", "para', '"hex", "para'), "no game is called 'hex'"),
        (GOOD.replace('"parameters": {}', '"parameters": {"rows": 4}'), "no parameter rows"),
        (GOOD.replace('"you"', '"\\u001b[2J"'), "control characters"),
    ],
)
def test_replay_of_something_else_is_one_line(
    content: str | bytes | None,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "game.json").write_bytes(
            content if isinstance(content, bytes) else content.encode()
        )
    assert cli.main(["replay", "game.json"]) == 1
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
