"""The summary of a match in cutechess-cli's words, which existing tools parse.

The numbers are cutechess-cli's too: the error of the Elo difference takes games for independent
(trinomial).  The intervals in the tables and the report respect pairs.

Source: cutechess ``projects/lib/src/elo.cpp`` and ``projects/cli/src/enginematch.cpp`` (the output
format only; written anew).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import erf, inf, log10, sqrt

from plywise.arena.ratings.intervals import Z95, Tally
from plywise.arena.tournament.store import FinishedGame


def elo_of(share: float) -> float:
    """Return the Elo difference that a share of the points means; infinite at 0 and 1."""
    if share <= 0:
        return -inf
    return inf if share >= 1 else -400 * log10(1 / share - 1) + 0.0  # no −0


@dataclass(frozen=True)
class Trinomial:
    """What cutechess-cli says about W, D, L: Elo difference, its error, and superiority."""

    elo: float
    error: float
    los: float

    @classmethod
    def of(cls, tally: Tally) -> Trinomial:
        """Return the figures of a tally with at least one game."""
        n = tally.games
        mean = tally.score / n
        spread = (
            tally.wins * (1 - mean) ** 2 + tally.draws * (0.5 - mean) ** 2 + tally.losses * mean**2
        )
        half = Z95 * sqrt(spread / n) / sqrt(n)
        error = (elo_of(mean + half) - elo_of(mean - half)) / 2
        decided = tally.wins + tally.losses
        los = 0.5 + erf((tally.wins - tally.losses) / sqrt(2 * decided)) / 2 if decided else 0.5
        return cls(elo_of(mean), error, los)


def match_lines(
    titles: Sequence[str], pairing: tuple[int, int], games: Iterable[FinishedGame]
) -> list[str]:
    """Return the lines about one pairing, seen from its first agent; [] without a result."""
    first, second = pairing
    everything, starting, answering, side = Tally(), Tally(), Tally(), Tally()
    for game in games:
        result = game.result_of(first)
        if result is None:
            continue
        everything.add(result)
        (starting if game.players[0] == first else answering).add(result)
        side.add(game.result)
    if not everything.games:
        return []
    a, b = titles[first], titles[second]
    figures = Trinomial.of(everything)
    draws = 100 * everything.draws / everything.games
    return [
        f"Score of {a} vs {b}: {_score(everything)}",
        f"...      {a} playing White: {_score(starting)}",
        f"...      {a} playing Black: {_score(answering)}",
        f"...      White vs Black: {_score(side)}",
        f"Elo difference: {_number(figures.elo)} +/- {_number(figures.error)}, "
        f"LOS: {100 * figures.los:.1f} %, DrawRatio: {draws:.1f} %",
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
        n = max(1, tally.games)
        lines.append(
            f"{rank:>4} {title:<{width}} {_whole(elo):>7} {_whole(error):>7} {tally.games:>7} "
            f"{100 * tally.score / n:>6.1f}% {100 * tally.draws / n:>6.1f}%"
        )
    return lines


def _score(tally: Tally) -> str:
    n = tally.games
    share = tally.score / n if n else 0.0
    return f"{tally.wins} - {tally.losses} - {tally.draws}  [{share:.3f}] {n}"


def _number(value: float) -> str:
    return "nan" if value != value else f"{value:.1f}"


def _whole(value: float) -> str:
    return f"{value:.0f}" if abs(value) != inf and value == value else _number(value)
