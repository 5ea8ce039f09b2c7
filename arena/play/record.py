"""The record of one game: its actions, and each player's decisions, time and guidance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plywise.datasets.sums import add_fields
from plywise.search.guide.protocol import GuideCounts, GuideReport


@dataclass
class Clock:
    """Wall time of decisions.

    Attributes:
        decisions: number of decisions.
        seconds: their total time.
        longest: time of the longest one, in seconds.
    """

    decisions: int = 0
    seconds: float = 0.0
    longest: float = 0.0

    @property
    def mean(self) -> float:
        """Mean seconds of one decision; 0 without any."""
        return self.seconds / self.decisions if self.decisions else 0.0

    def tick(self, seconds: float) -> None:
        """Add one decision."""
        self.decisions += 1
        self.seconds += seconds
        self.longest = max(self.longest, seconds)


@dataclass
class Side(GuideCounts, Clock):
    """One player's part in a game, or in several: time, and cost of the guidance.

    Attributes:
        fallbacks: decisions that were not the agent's own (``notes["fallback"]``).
        illegal: illegal actions chosen; the first one ends the game.
    """

    fallbacks: int = 0
    illegal: int = 0

    def note(self, seconds: float, notes: Mapping[str, Any]) -> None:
        """Add a decision: its time and its ``Decision.notes``."""
        self.tick(seconds)
        self.fallbacks += 1 if "fallback" in notes else 0
        report = notes.get("guide")
        if isinstance(report, GuideReport):
            add_fields(self, report, without=("latencies",))

    def add(self, other: Side) -> None:
        """Add another game's part."""
        longest = max(self.longest, other.longest)
        add_fields(self, other)
        self.longest = longest


def two_sides() -> tuple[Side, Side]:
    """Return the parts of both players in a game that has not begun."""
    return Side(), Side()


@dataclass(frozen=True)
class GameRecord:
    """One finished or aborted game.

    Attributes:
        game: name of the game.
        seed: seed of the game; both games of a pair have the same.
        players: names of the agents, player 0 first.
        returns: result for each player in [-1, 1]; None where the game ended in an error.
        plies: number of nodes at which a player decided.
        actions: by ply and player; -1 (``NO_ACTION``) where a player had nothing to decide.
        sides: each player's part.
        seconds: wall time of the whole game.
        error: why there is no result, "" if there is one.
        at_fault: player whose agent failed; None if nobody's did, or the game itself.
    """

    game: str
    seed: int
    players: tuple[str, str]
    returns: tuple[float, float] | None
    plies: int
    actions: tuple[tuple[int, int], ...]
    sides: tuple[Side, Side] = field(default_factory=two_sides)
    seconds: float = 0.0
    error: str = ""
    at_fault: int | None = None

    def result_of(self, name: str) -> float | None:
        """Return the result for the agent ``name``, None after an error."""
        return None if self.returns is None else self.returns[self.players.index(name)]
