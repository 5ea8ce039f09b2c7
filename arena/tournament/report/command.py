"""``plywise report``: the HTML report of a tournament's record."""

from __future__ import annotations

from pathlib import Path

from plywise.arena.output.screen import near
from plywise.arena.tournament.report.page import game_of, write_report
from plywise.arena.tournament.store import GameStore
from plywise.conf.schemas.tournament import ReportConfig


def run_report(config: ReportConfig, folder: Path) -> int:
    """Write the report of a record."""
    record = Path(config.record)
    out = Path(config.out) if config.out is not None else record.with_suffix(".html")
    with GameStore.read(record) as store:
        page = write_report(store, out, config.replays, game_of(store, config.trusted_game))
        print(f"report: {near(page.absolute())}")
    return 0
