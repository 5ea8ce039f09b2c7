"""``plywise replay FILE``: replay of a saved game, step by step.

In a terminal keys step through it; anywhere else all positions are printed one after the other.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from plywise.arena.output.screen import TextConsole, text_line
from plywise.arena.play.explain import show_explanation
from plywise.arena.play.replay import recorded_game
from plywise.arena.terminal.game_file import GameFile, GameFileError, Position, positions, read_game
from plywise.arena.terminal.play import result_in_words, show_board, side
from plywise.conf.schemas.play import ReplayConfig
from plywise.datasets.errors import PlywiseError
from plywise.datasets.files import reading
from plywise.games.base import Game

_MEANINGS = {
    "next": (b" ", b"\r", b"\n", b"n", b"l", b"\x1b[C", b"\x1bOC"),
    "back": (b"b", b"p", b"h", b"\x7f", b"\x1b[D", b"\x1bOD"),
    "start": (b"g", b"\x1b[H", b"\x1b[1~"),
    "end": (b"G", b"\x1b[F", b"\x1b[4~"),
    "quit": (b"q", b"\x04"),
}
_KEYS = {key: meaning for meaning, keys in _MEANINGS.items() for key in keys}
_LEGEND = "space or → next, b or ← back, g start, G end, q quit"
_ONE_KEY = re.compile(rb"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|.", re.DOTALL)


def run_replay(config: ReplayConfig, folder: Path, console: Console | None = None) -> int:
    """Show a saved game; keys step where input and output are a terminal.

    Raises:
        GameFileError: the file is no record of a game, or a damaged one.
    """
    path = Path(config.file)
    console = console or TextConsole(no_color=not config.color)
    record = read_game(path)
    wrong = (TypeError, LookupError, ArithmeticError, NotImplementedError)
    try:
        with reading(path, GameFileError, "record of a game", also=wrong):
            game = recorded_game(
                record.game, record.parameters, config.trusted_game, record.file_digest
            )
            course = list(positions(game, record))
    except PlywiseError as error:
        raise GameFileError(f"{path}: {error}") from error
    show = _Show(console, game, record, course, config.side, config.explain)
    if console.is_terminal and sys.stdin.isatty():
        show.step_by_keys()
    else:
        show.print_all()
    return 0


@dataclass
class _Show:
    """One game being shown."""

    console: Console
    game: Game
    record: GameFile
    course: list[Position]
    seen_by: str
    explain: bool

    def say(self, *parts: str | tuple[str, str]) -> None:
        """Print one line."""
        self.console.print(text_line(*parts), soft_wrap=True)

    def who(self, player: int) -> str:
        """Return a player's name and side."""
        return f"{self.record.players[player]} ({side(self.game, player)})"

    def title(self) -> None:
        """Say who played what and when."""
        self.say(
            (self.game.info.name, "bold"),
            f": {self.who(0)} against {self.who(1)}, {self.record.started}, "
            f"seed {self.record.seed}",
        )

    def position(self, number: int) -> None:
        """Show the last moves and the position after them."""
        here = self.course[number]
        for move in here.made:
            thought = f"{move.seconds:.1f} s"
            if move.iterations:
                thought = f"value {move.value or 0.0:+.2f}, {thought}"
            count = f"{number} of {len(self.course) - 1}"
            self.say(
                f"{count}: {self.who(move.player)} plays ", (move.move, "bold"), f"  [{thought}]"
            )
            if self.explain and move.why is not None:
                show_explanation(self.console, move.why)
        both = [here.state.observation_string(p) for p in (0, 1)]
        if self.seen_by != "both" or both[0] == both[1]:
            show_board(self.console, self.game, here.state, int(self.seen_by == "second"))
            return
        for player in (0, 1):
            self.say((f"as {self.who(player)} saw it", "italic"))
            show_board(self.console, self.game, here.state, player)

    def ending(self) -> None:
        """Print how the game ended."""
        record = self.record
        if record.returns is None:
            self.say(f"Not played to the end ({record.ending} after {record.decisions} moves).")
        else:
            words = result_in_words(self.game, record.players, record.returns, record.decisions)
            self.say((words, "bold green"))

    def print_all(self) -> None:
        """Print everything."""
        self.title()
        for number in range(len(self.course)):
            self.position(number)
        self.ending()

    def step_by_keys(self) -> None:
        """Show one position at a time until the person leaves."""
        at, last = 0, len(self.course) - 1
        with self.console.screen(), _keys() as keys:
            self._page(at)
            for key in keys:
                if key == "quit":
                    break
                at = {"next": min(at + 1, last), "back": max(at - 1, 0), "start": 0, "end": last}[
                    key
                ]
                self._page(at)

    def _page(self, at: int) -> None:
        self.console.clear()
        self.title()
        if not at:
            self.say("the first position")
        self.position(at)
        if at == len(self.course) - 1:
            self.ending()
        self.say((_LEGEND, "dim"))


@contextmanager
def _keys() -> Iterator[Iterator[str]]:
    """Yield the meaning of each key pressed; restore the terminal afterwards."""
    import termios
    import tty

    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    try:
        tty.setcbreak(fd)
        yield _meanings(fd)
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def _meanings(fd: int) -> Iterator[str]:
    while data := os.read(fd, 64):
        for key in _ONE_KEY.findall(data):
            if key in _KEYS:
                yield _KEYS[key]
