"""Stops a match of two agents early by a sequential test, the same way on any machine.

Games end in an order that depends on the machine; the test reads pairs strictly in schedule order,
each only after all earlier pairs have ended.  So the verdict is reached at the same pair whatever
the number of workers; games played beyond it stay in the record, uncounted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from plywise.arena.ratings.sprt import SPRT, RunningSPRT, SPRTVerdict
from plywise.arena.tournament.report.cutechess_text import sprt_line
from plywise.arena.tournament.store import FinishedGame
from plywise.conf.schemas.tournament import SPRTGroup


class SequentialStop:
    """The test's state over the games of agents 0 and 1.

    Args:
        bounds: settings of the test, with ``elo1``.
        games: games that have ended.

    Attributes:
        pairs: number of pairs seen, from the first one of the schedule on; a pair with a game
            without result is left out.
    """

    def __init__(self, bounds: SPRTGroup, games: Iterable[FinishedGame] = ()) -> None:
        self.pairs = 0
        self._running = RunningSPRT(SPRT(**asdict(bounds)))
        self._half: dict[int, FinishedGame] = {}
        self._ready: dict[int, list[float]] = {}
        for game in games:
            self.add(game)

    @property
    def decided(self) -> bool:
        """Whether the match is over."""
        return self._running.verdict is not SPRTVerdict.CONTINUE

    @property
    def counted(self) -> int:
        """Number of games that count, from the first of the schedule on, once it is decided."""
        return 2 * self.pairs

    def add(self, game: FinishedGame) -> None:
        """Add an ended game; test every pair that is due."""
        other = self._half.pop(game.pair, None)
        if other is None:
            self._half[game.pair] = game
            return
        results = [game.result_of(0), other.result_of(0)]
        self._ready[game.pair] = [((r > 0) - (r < 0) + 1) / 2 for r in results if r is not None]
        while not self.decided and self.pairs in self._ready:
            scores = self._ready.pop(self.pairs)
            self.pairs += 1
            if len(scores) == 2:
                self._running.add(scores[0], scores[1])

    def lines(self) -> list[str]:
        """Return cutechess-cli's line about the test, and its state in words."""
        test = self._running.test
        first = sprt_line(self._running.llr, test.lower, test.upper)
        words = {
            SPRTVerdict.CONTINUE: "undecided",
            SPRTVerdict.H0: "H0 was accepted",
            SPRTVerdict.H1: "H1 was accepted",
        }[self._running.verdict]
        return [
            first,
            f"SPRT of elo0={test.elo0:g} against elo1={test.elo1:g} ({test.model} Elo, "
            f"alpha={test.alpha:g}, beta={test.beta:g}): {words} after {self.pairs} pairs",
        ]

    def summary(self) -> dict[str, object]:
        """Return the test and its state as plain values."""
        return {
            "test": self._running.test,
            "pairs": self.pairs,
            "pentanomial": list(self._running.counts),
            "llr": self._running.llr,
            "verdict": self._running.verdict,
        }
