"""Progress for people."""

import io
import time

import pytest
from rich.console import Console

from plywise.arena.output import screen


def test_a_slow_computation_says_how_far_it_is_and_a_quick_one_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = io.StringIO()
    console = Console(file=text, width=200)
    with screen.progress_if_slow("rating", console) as progress:
        progress("bounds", 0, 12)
    assert text.getvalue() == ""
    monkeypatch.setattr(screen, "_SLOW_SECONDS", 0.0)
    with screen.progress_if_slow("rating", console) as progress:
        progress("bounds", 3, 12)
        deadline = time.monotonic() + 30
        while not text.getvalue().endswith("\n") and time.monotonic() < deadline:
            time.sleep(0.001)
    assert "rating: 0 s so far" in text.getvalue()
