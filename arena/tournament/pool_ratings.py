"""Ratings of a tournament's games: at the end, and after growing parts of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from plywise.arena.ratings.rate import RatedGame, Ratings, rate
from plywise.arena.tournament.store import FinishedGame
from plywise.conf.schemas.tournament import TournamentGroup

_POINTS = 30  # of the curve of ratings over games


def rated_games(games: Iterable[FinishedGame], titles: Sequence[str]) -> list[RatedGame]:
    """Return the games with a result as the ratings want them, by pairs."""
    found = []
    for game in games:
        if game.result is not None:
            first, second = (titles[p] for p in game.players)
            score = 0.5 if game.result == 0 else 1.0 if game.result > 0 else 0.0
            found.append(RatedGame(first, second, score, first, pair=str(game.pair)))
    return found


def ratings_of(
    games: Iterable[FinishedGame], titles: Sequence[str], group: TournamentGroup
) -> Ratings | None:
    """Return the ratings with the group's anchor and virtual draws; None without any result.

    An anchor that has not played yet is left aside: then the mean is the anchor.
    """
    games = list(games)
    rated = rated_games(games, titles)
    if not rated:
        return None
    playing = {name for game in rated for name in (game.player_a, game.player_b)}
    found = rate(
        rated,
        anchor=group.anchor if group.anchor in playing else None,
        anchor_rating=group.anchor_rating,
        virtual_draws=group.virtual_draws,
        every_pair=False,
    )
    return replace(found, warnings=(*found.warnings, *repetitions(games, titles)))


def repetitions(games: Iterable[FinishedGame], titles: Sequence[str]) -> list[str]:
    """Return a warning for every two agents whose games are all the same ones.

    Pairs of deterministic agents in a game without chance repeat each other.  However many there
    are, they tell no more than the first, and intervals and tests count them as independent.
    """
    played: defaultdict[tuple[int, int], list[bytes]] = defaultdict(list)
    for game in games:
        if game.plies and game.result is not None:
            played[game.players].append(game.actions)
    found = []
    for first, second in sorted({(min(p), max(p)) for p in played}):
        orders = [played[order] for order in ((first, second), (second, first)) if order in played]
        if all(len(order) > 1 and len(set(order)) == 1 for order in orders):
            found.append(
                f"{titles[first]} v {titles[second]}: every pair is the same two games, so the "
                "intervals (and an SPRT) mean nothing; tournament.openings=N begins each pair "
                "with N random plies"
            )
    return found


def ratings_over(
    games: Sequence[FinishedGame], titles: Sequence[str], group: TournamentGroup
) -> dict[str, Any]:
    """Return the ratings after growing parts of the games: ``games`` (n,), ``ratings`` (agents, n).

    The games are taken by number; a rating that is not finite yet is None.
    """
    counts = sorted({max(1, len(games) * i // _POINTS) for i in range(1, _POINTS + 1)})
    series: list[list[float | None]] = [[] for _ in titles]
    for count in counts if games else []:
        rated = ratings_of(games[:count], titles, group)
        found = {p.player: p.rating for p in rated.players} if rated else {}
        for title, line in zip(titles, series, strict=True):
            value = found.get(title, float("nan"))
            line.append(round(value, 1) if isfinite(value) else None)
    return {"games": counts if games else [], "ratings": series}
