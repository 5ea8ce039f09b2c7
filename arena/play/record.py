"""What is kept of a game: its course, each player's time, and what guidance cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from plywise.search.guide.protocol import GuideReport


@dataclass(frozen=True)
class Clock:
    """Wall time of one player's decisions in one game, in seconds."""

    decisions: int = 0
    total: float = 0.0
    longest: float = 0.0

    @property
    def mean(self) -> float:
        """Mean seconds of one decision; 0 without any."""
        return self.total / self.decisions if self.decisions else 0.0

    def tick(self, seconds: float) -> Clock:
        """Return the clock after one more decision."""
        return Clock(self.decisions + 1, self.total + seconds, max(self.longest, seconds))

    def __add__(self, other: Clock) -> Clock:
        """Return both together."""
        return Clock(
            self.decisions + other.decisions,
            self.total + other.total,
            max(self.longest, other.longest),
        )


@dataclass(frozen=True)
class GameRecord:
    """One game as it went.

    Attributes:
        game: the game's name.
        seed: of the game; both games of a pair have the same.
        players: the agents' names, player 0 first.
        returns: result for each player in [-1, 1]; None where the game ended in an error.
        plies: nodes at which somebody decided.
        actions: by ply and player; -1 (``NO_ACTION``) where a player had nothing to decide.
        clocks: time of each player's decisions.
        fallbacks: decisions of each player that were no decisions (``notes["fallback"]``).
        guides: what each player's guidance cost.
        illegal: illegal actions that each player named; the first one ends the game.
        seconds: wall time of the whole game.
        error: why there is no result; ``culprit`` the agent that failed ("" if the game did).
    """

    game: str
    seed: int
    players: tuple[str, str]
    returns: tuple[float, float] | None
    plies: int
    actions: tuple[tuple[int, int], ...]
    clocks: tuple[Clock, Clock]
    fallbacks: tuple[int, int] = (0, 0)
    guides: tuple[GuideReport, GuideReport] = field(
        default_factory=lambda: (GuideReport(), GuideReport())
    )
    illegal: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    error: str = ""
    culprit: str = ""

    def result_of(self, name: str) -> float | None:
        """Return the result for the agent ``name``, None after an error."""
        return None if self.returns is None else self.returns[self.players.index(name)]


@dataclass(kw_only=True)
class DecisionTally:
    """What the decisions of a game under way have cost, by player; see :class:`GameRecord`."""

    clocks: list[Clock] = field(default_factory=lambda: [Clock(), Clock()])
    fallbacks: list[int] = field(default_factory=lambda: [0, 0])
    guides: list[GuideReport] = field(default_factory=lambda: [GuideReport(), GuideReport()])
    illegal: list[int] = field(default_factory=lambda: [0, 0])

    def note(self, player: int, seconds: float, notes: Mapping[str, Any]) -> None:
        """Add a decision that took so long and has these notes."""
        self.clocks[player] = self.clocks[player].tick(seconds)
        self.fallbacks[player] += "fallback" in notes
        report = notes.get("guide")
        if isinstance(report, GuideReport):
            self.guides[player].add(report)

    def figures(self) -> dict[str, Any]:
        """Return the fields of the game's record."""
        return {
            "clocks": tuple(self.clocks),
            "fallbacks": tuple(self.fallbacks),
            "guides": tuple(self.guides),
            "illegal": tuple(self.illegal),
        }


@dataclass(slots=True)
class Side:
    """One player's part in a game.

    Attributes:
        decisions: how many; ``seconds`` they took in all, ``longest`` the longest of them.
        fallbacks: decisions that were no decisions (the agent could not think).
        illegal: illegal actions named.
        calls, cached, late, failed, over_budget, unmetered: questions to the language model (see
            ``GuideReport``).
        prompt_tokens, completion_tokens: of those calls; ``cost`` in US dollars.
        used, ignored: answers that the search took in, and those of no use to it.
        spared: decisions about which nothing was asked because the search was sure of them.
    """

    decisions: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    fallbacks: int = 0
    illegal: int = 0
    calls: int = 0
    cached: int = 0
    late: int = 0
    failed: int = 0
    over_budget: int = 0
    unmetered: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    used: int = 0
    ignored: int = 0
    spared: int = 0


def sides_of(record: GameRecord) -> tuple[Side, Side]:
    """Return each player's part in a game."""
    first, second = (_side(record, player) for player in (0, 1))
    return first, second


def _side(record: GameRecord, player: int) -> Side:
    clock = record.clocks[player]
    guide = {f.name: getattr(record.guides[player], f.name) for f in fields(GuideReport)}
    del guide["latencies"]
    return Side(
        decisions=clock.decisions,
        seconds=clock.total,
        longest=clock.longest,
        fallbacks=record.fallbacks[player],
        illegal=record.illegal[player],
        **guide,
    )
