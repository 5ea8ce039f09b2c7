"""``plywise ratings``: a table, warnings, and one line of JSON for programs."""

from __future__ import annotations

import json
from math import inf, isfinite, isnan
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from plywise.arena.output.files import write_summary
from plywise.arena.output.screen import TextConsole, near, progress_if_slow, text_line
from plywise.arena.ratings.csv_file import read_games
from plywise.arena.ratings.elo import Estimate
from plywise.arena.ratings.rate import PlayerRating, Ratings, rate
from plywise.conf.schemas.ratings import RatingsConfig


def run_ratings(config: RatingsConfig, folder: Path, console: Console | None = None) -> int:
    """Rate the games of a CSV file, print the table, and write ``ratings.json``.

    Raises:
        ConfigError: the file or a setting is wrong.
    """
    console = console or TextConsole()
    with progress_if_slow("rating", console) as progress:
        result = rate(
            read_games(Path(config.file)),
            anchor=config.anchor,
            anchor_rating=config.anchor_rating,
            prior=config.prior,
            method=config.method,
            resamples=config.resamples,
            seed=config.seed,
            draws=config.draws,
            virtual_draws=config.virtual_draws,
            progress=progress,
        )
    print_ratings(console, result)
    console.print(f"ratings: {near(folder / 'ratings.json')}", soft_wrap=True)
    line = json.dumps({"players": [_brief(p) for p in result.players]}, ensure_ascii=False)
    console.print(text_line(line), soft_wrap=True)
    # After the figures: a full disk must not keep them from being printed.
    write_summary(folder / "ratings.json", {"config": config, **summary(result)})
    return 0


def print_ratings(console: Console, result: Ratings) -> None:
    """Print the table, the other estimates, and the warnings."""
    console.print(ratings_table(result))
    origin = f"{result.anchor} fixed" if result.anchor else "mean fixed"
    console.print(f"Elo with 95 % intervals ({result.method}), {origin}", soft_wrap=True)
    if result.first_advantage is not None:
        console.print(f"moving first is worth {result.first_advantage} Elo", soft_wrap=True)
    if result.draw_rate is not None:
        console.print(f"draws between equals: {100 * result.draw_rate:.1f} %", soft_wrap=True)
    for warning in result.warnings:
        console.print(text_line(("warning:", "yellow"), f" {warning}"), soft_wrap=True)


def ratings_table(result: Ratings) -> Table:
    """Return the table of players, best first.

    LOS is the likelihood of being stronger than the next player.  Groups are shown where there are
    several: ratings are comparable within one, and ``within`` is the rating there.
    """
    several = len({p.group for p in result.players}) > 1
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1 if several else 2, 0, 0))
    table.add_column("#", justify="right")
    table.add_column("player", overflow="fold", min_width=6)
    headings = ["rating", "95 %", "LOS", "games", "score", "W-D-L"]
    for heading in headings + (["group", "within"] if several else []):
        table.add_column(heading, justify="right", no_wrap=True)
    for place, player in enumerate(result.players, start=1):
        cells: list[str | Text] = [
            str(place),
            text_line(player.player),
            rating_text(player),
            _interval_text(player),
            "–"
            if isnan(player.superiority_to_next)
            else f"{100 * player.superiority_to_next:.1f} %",
            str(player.tally.games),
            f"{100 * player.tally.share:.1f} %",
            str(player.tally),
        ]
        if several:
            cells += [str(player.group + 1), f"{player.within:+.1f}"]
        table.add_row(*cells)
    return table


def rating_text(player: PlayerRating) -> str:
    """Return a rating for people; of an infinite one its bound, ``≈`` where a prior places it."""
    if isnan(player.rating):
        return "unknown"
    if player.rating == inf:
        return f"≥ {player.low:.1f}" if isfinite(player.low) else "no bound"
    if player.rating == -inf:
        return f"≤ {player.high:.1f}" if isfinite(player.high) else "no bound"
    placed = "" if isfinite(player.high - player.low) else "≈ "
    return f"{placed}{player.rating + 0.0:.1f}"


def _interval_text(player: PlayerRating) -> str:
    if player.low == player.high:
        return "–"
    if isfinite(player.low):
        text = f"[{player.low:.1f}, {player.high:.1f}]"
        return text if isfinite(player.high) else f"≥ {player.low:.1f}"
    return f"≤ {player.high:.1f}" if isfinite(player.high) else "no bound"


def summary(result: Ratings) -> dict[str, object]:
    """Return the ratings as plain values.

    JSON has no infinity: what is not finite is null, and ``bound`` then says ``at_least``,
    ``at_most`` or ``unknown``; a rating beside it was placed by virtual draws.
    """
    players = [
        _brief(p)
        | {
            "score": p.tally.share,
            "wins": p.tally.wins,
            "draws": p.tally.draws,
            "losses": p.tally.losses,
            "superiority_to_next": _finite(p.superiority_to_next),
            "group": p.group,
            "within": p.within,
        }
        for p in result.players
    ]
    return {
        "players": players,
        "anchor": result.anchor or None,
        "method": result.method,
        "first_advantage": _ends(result.first_advantage),
        "draw_nu": _ends(result.draw),
        "draw_rate": result.draw_rate,
        "superiority": [
            {"player": a, "over": b, "likelihood": _finite(value)}
            for (a, b), value in result.superiority.items()
        ],
        "warnings": list(result.warnings),
    }


def _brief(p: PlayerRating) -> dict[str, object]:
    entry: dict[str, object] = {
        "player": p.player,
        "rating": _finite(p.rating),
        "low": _finite(p.low),
        "high": _finite(p.high),
        "games": p.tally.games,
    }
    if not isfinite(p.high - p.low):
        known = p.rating == inf or isfinite(p.low), p.rating == -inf or isfinite(p.high)
        entry["bound"] = {(True, False): "at_least", (False, True): "at_most"}.get(known, "unknown")
    return entry


def _ends(estimate: Estimate | None) -> dict[str, float | None] | None:
    if estimate is None:
        return None
    return {name: _finite(getattr(estimate, name)) for name in ("value", "low", "high")}


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
