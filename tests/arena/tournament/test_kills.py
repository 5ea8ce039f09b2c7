"""kill -9 at random moments: the record ends as that of an undisturbed run, game for game."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from plywise.arena.tournament.store import GameStore, RecordError


def command(record: Path, pairs: int) -> list[str]:
    return [
        *(sys.executable, "-m", "plywise.arena.cli", "tournament", "game=tic_tac_toe"),
        *("agents=[random,{name:search,max_depth:3}]", f"tournament.pairs={pairs}"),
        *("search.seconds=null", "tournament.jobs=2", f"tournament.record='{record}'"),
    ]


def games_of(record: Path) -> list[tuple[object, ...]]:
    with GameStore.read(record) as store:
        return [game.game() for game in store.games()]


def count_of(record: Path) -> int:
    """Return how many games a record that is being written holds by now."""
    try:
        return len(games_of(record))
    except RecordError:  # not there yet, or without its tables
        return 0


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_ten_kills_lose_nothing_and_play_nothing_twice(tmp_path: Path) -> None:
    rng, pairs = Random(20264), 100
    whole, killed = tmp_path / "whole.sqlite", tmp_path / "killed.sqlite"
    subprocess.run(command(whole, pairs), cwd=tmp_path, check=True, capture_output=True)
    expected = games_of(whole)
    assert len(expected) == 200
    kills = before = 0
    while kills < 10:
        with subprocess.Popen(
            command(killed, pairs), cwd=tmp_path, stdout=subprocess.DEVNULL
        ) as process:
            # Each kill falls after some more games have been kept, and before the end.
            wanted, deadline = min(195, before + rng.randint(1, 12)), time.monotonic() + 120
            while before < wanted and time.monotonic() < deadline:
                time.sleep(rng.uniform(0.001, 0.02))
                before = count_of(killed)
            os.kill(process.pid, signal.SIGKILL)
        kills += 1
        kept = games_of(killed)
        assert len(kept) >= before
        assert set(kept) <= set(expected)
        before = len(kept)
    subprocess.run(command(killed, pairs), cwd=tmp_path, check=True, capture_output=True)
    assert games_of(killed) == expected
