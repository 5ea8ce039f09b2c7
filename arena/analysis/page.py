"""The analysis as one HTML page; ``assets/analysis.js`` draws it.

One file holds everything and is readable without a network.  The page takes every text as text,
never as markup.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

from plywise.arena.analysis.results import GameAnalysis
from plywise.arena.analysis.table import believed
from plywise.arena.output.files import plain, write_whole
from plywise.arena.output.html import asset_page


def write_analysis_page(path: Path, found: GameAnalysis) -> None:
    """Write the page of an analysis.

    Raises:
        RecordFileError: the disk refuses it.
    """
    write_whole(path, analysis_page(found))


def analysis_page(found: GameAnalysis) -> str:
    """Return the page: its body, style and script, and the data as JSON."""
    return asset_page("plywise.arena.analysis", "analysis", _page_values(found))


def _page_values(found: GameAnalysis) -> dict[str, Any]:
    values: dict[str, Any] = plain(found)
    values["version"] = metadata.version("plywise")
    values["title"] = f"{found.players[0]} v {found.players[1]}, {found.title}"
    for one, shown in zip(found.decisions, values["decisions"], strict=True):
        if one.belief is not None:
            for mon, entry in zip(one.belief.mons, shown["belief"]["mons"], strict=True):
                entry["words"] = believed(mon)
    return values
