"""Progress for people: a live picture in a terminal, plain lines everywhere else."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console, RenderableType
from rich.live import Live

_REFRESHES_PER_SECOND = 4
_SLOW_SECONDS = 2.0  # after which a computation says how far it is
_REPORT_SECONDS = 5.0  # between two such lines

Progress = Callable[[str], None]
"""Takes a line about a slow step, for people."""


def near(path: Path) -> Path:
    """Return ``path`` as seen from the working directory, where it lies below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


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
            console.print(f"{what}: {seconds:.0f} s so far{step[0]}", soft_wrap=True, markup=False)
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
        self.console = console or Console(highlight=False)
        self.live = self.console.is_terminal
        self._picture = picture
        self._lock = threading.Lock()
        self._display: Live | None = None

    def print(self, line: RenderableType) -> None:
        """Print a line that stays."""
        with self._lock:
            self.console.print(line, soft_wrap=isinstance(line, str))

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
