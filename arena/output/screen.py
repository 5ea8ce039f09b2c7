"""Output for people: a console that shows text as text, and progress as a live picture."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.control import Control
from rich.file_proxy import FileProxy
from rich.live import Live
from rich.segment import Segment
from rich.status import Status
from rich.text import Text

from plywise.arena.output.text import GuardedStream, printable, single_line

_REFRESHES_PER_SECOND = 4
_SLOW_SECONDS = 2.0  # after which a computation says how far it is
_REPORT_SECONDS = 5.0  # between two such lines

Progress = Callable[[str], None]
"""Takes a line about a slow step, for people."""


def near(path: Path) -> Path:
    """Return ``path`` as seen from the working directory, where it lies below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def text_line(*parts: str | tuple[str, str]) -> Text:
    """Return a line of parts, each a text or (text, style)."""
    styled = ((part, "") if isinstance(part, str) else part for part in parts)
    return Text.assemble(*((single_line(text), style) for text, style in styled))


class TextConsole(Console):
    """A console that prints outside text as it is: no markup, no emoji codes, no escape sequences.

    The only escape sequences written are rich's own (styles, the live picture): of every text that
    is rendered, also inside tables, :func:`~plywise.arena.output.text.printable` is shown.  Styles
    are given by ``Text`` objects.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text as rich measures and renders it."""
        return super().render_str(printable(text), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Yield the segments of a renderable; those of ``Text`` objects are cleaned here."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(printable(segment.text), segment.style)

    def status(self, status: RenderableType, **options: Any) -> Status:
        """Return a spinner with a text beside it, which rich alone would read as markup."""
        return super().status(Text(status) if isinstance(status, str) else status, **options)

    def set_live(self, live: Live) -> bool:
        """Begin a live picture (called by rich): what else is written goes above it."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, GuardedStream) and stream.isatty():
                stream.above = self._print_line
        return super().set_live(live)

    def clear_live(self) -> None:
        """End a live picture (called by rich)."""
        super().clear_live()
        if self._live_stack:
            return
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, GuardedStream):
                stream.above = None
                stream.write("")  # a line that was begun

    def _print_line(self, line: str) -> None:
        self.print(line, soft_wrap=True)


# Else a live picture would put rich's own proxy around it, which takes escape sequences in what is
# written for styles and links.
FileProxy.register(GuardedStream)


@contextlib.contextmanager
def progress_line() -> Iterator[Progress]:
    """Yield what shows a line in place of the one before, where standard error is a terminal."""
    stderr, shown = TextConsole(stderr=True), False

    def show(line: str) -> None:
        nonlocal shown
        if stderr.is_terminal:
            stderr.control(Control.move_to_column(0))
            stderr.print(text_line(f"{line}   "), end="", soft_wrap=True)
            shown = True

    try:
        yield show
    finally:
        if shown:
            stderr.print()


@contextlib.contextmanager
def progress_if_slow(what: str, console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Print how far the block is, where it takes more than two seconds.

    Yields:
        A callback for the step under way: its name, how much of it is done, and of how much.
    """
    began, ended, step = time.monotonic(), threading.Event(), [""]

    def note(name: str, done: int, of: int) -> None:
        step[0] = f", {name} {done} of {of}"

    def report() -> None:
        wait = _SLOW_SECONDS
        while not ended.wait(wait):
            seconds = time.monotonic() - began
            console.print(f"{what}: {seconds:.0f} s so far{step[0]}", soft_wrap=True)
            wait = _REPORT_SECONDS

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield note
    finally:
        ended.set()
        thread.join()


class Screen:
    """Shows ``picture()`` live where the output is a terminal; prints lines everywhere.

    Printed lines scroll above the picture.  Without a terminal (a pipe, CI) there is no picture,
    and lines are the progress: :meth:`print` those that must not be missed, and
    :meth:`print_if_not_live` the rest.

    ``picture`` is called from a thread of its own and may take a lock: never print while holding
    that lock.
    """

    def __init__(self, picture: Callable[[], RenderableType], console: Console | None = None):
        self.console = console or TextConsole()
        self.live = self.console.is_terminal
        self._picture = picture
        self._lock = threading.Lock()
        self._display: Live | None = None

    def print(self, line: RenderableType) -> None:
        """Print a line that stays."""
        with self._lock:
            if isinstance(line, str):
                self.console.print(single_line(line), soft_wrap=True, markup=False, emoji=False)
            else:
                self.console.print(line)

    def print_if_not_live(self, line: RenderableType) -> None:
        """Print a line only where no picture shows the same."""
        if not self.live:
            self.print(line)

    def __enter__(self) -> Screen:
        """Start the picture."""
        if self.live:
            self._display = Live(
                get_renderable=self._picture,
                console=self.console,
                refresh_per_second=_REFRESHES_PER_SECOND,
                transient=True,
            )
            self._display.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the picture; printed lines stay."""
        if self._display is not None:
            self._display.stop()
            self._display = None
