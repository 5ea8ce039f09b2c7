"""The summary of a match in the words of cutechess-cli and fastchess, which existing tools parse.

Elo difference, its error and LOS respect pairs, as fastchess computes them.

Sources (the output format only; written anew): cutechess ``projects/cli/src/enginematch.cpp``,
fastchess ``app/src/matchmaking/output/output_fastchess.hpp``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite

from plywise.arena.ratings.head_to_head import head_to_head
from plywise.arena.ratings.intervals import Tally
from plywise.arena.tournament.pool_ratings import rated_games
from plywise.arena.tournament.store import FinishedGame


def match_lines(
    titles: Sequence[str], pairing: tuple[int, int], games: Iterable[FinishedGame]
) -> list[str]:
    """Return the lines about one pairing, seen from its first agent; [] without a result."""
    games, (first, second) = list(games), pairing
    starting, answering, side = Tally(), Tally(), Tally()
    for game in games:
        result = game.result_of(first)
        if result is None:
            continue
        (starting if game.players[0] == first else answering).add(result)
        side.add(game.result)
    if not side.games:
        return []
    a, b = titles[first], titles[second]
    match = head_to_head(rated_games(games, titles), a, b)
    elo, normalized = match.elo, match.normalized_elo
    return [
        f"Score of {a} vs {b}: {_score(match.tally)}",
        f"...      {a} playing White: {_score(starting)}",
        f"...      {a} playing Black: {_score(answering)}",
        f"...      White vs Black: {_score(side)}",
        f"Elo difference: {elo.value:.1f} +/- {elo.error:.1f}, "
        f"LOS: {100 * match.superiority:.1f} %, DrawRatio: {100 * match.draw_rate:.1f} %",
        f"Ptnml(0-2): {list(match.pairs)}, nElo: {normalized.value:.1f} +/- {normalized.error:.1f}",
    ]


def sprt_line(llr: float, lower: float, upper: float) -> str:
    """Return cutechess-cli's line about a sequential test."""
    share = 100 * (llr / upper if llr > 0 else -llr / lower)
    return f"SPRT: llr {llr:.2f} ({share:.1f}%), lbound {lower:.2f}, ubound {upper:.2f}"


def rank_lines(rows: Sequence[tuple[str, float, float, Tally]]) -> list[str]:
    """Return the ranking of three or more agents: (title, Elo, error, tally), best first."""
    width = max(24, *(len(row[0]) for row in rows))
    lines = [f"Rank {'Name':<{width}} {'Elo':>7} {'+/-':>7} {'Games':>7} {'Score':>7} {'Draw':>7}"]
    for rank, (title, elo, error, tally) in enumerate(rows, start=1):
        lines.append(
            f"{rank:>4} {title:<{width}} {_whole(elo):>7} {_whole(error):>7} {tally.games:>7} "
            f"{100 * tally.share:>6.1f}% {100 * tally.draws / max(1, tally.games):>6.1f}%"
        )
    return lines


def _score(tally: Tally) -> str:
    counts = f"{tally.wins} - {tally.losses} - {tally.draws}"
    return f"{counts}  [{tally.share:.3f}] {tally.games}"


def _whole(value: float) -> str:
    return f"{value:.0f}" if isfinite(value) else str(value)
