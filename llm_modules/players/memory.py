"""Memory of a player in one game: its last choices and their effects."""

from __future__ import annotations

from dataclasses import dataclass, field

from plywise.games.base import Option

LENGTH = 3
"""Number of past decisions in the feedback."""


@dataclass(frozen=True)
class PastDecision:
    """Decision of the player.

    Attributes:
        situation: description of the position.
        option: chosen option.
        estimate: engine's value of the position, in [-1, 1]; None: unknown.
    """

    situation: str
    option: Option
    estimate: float | None


@dataclass
class Memory:
    """Decisions of one game in order; used by one thread at a time."""

    decisions: list[PastDecision] = field(default_factory=list)

    def feedback(self, situation: str, estimate: float | None) -> str:
        """Return the last choices as lines, each with the change of the estimate after it.

        If ``situation`` was decided before (moves were taken back), it and all later decisions are
        forgotten.
        """
        for number, past in enumerate(self.decisions):
            if past.situation == situation:
                del self.decisions[number:]
                break
        last = self.decisions[-LENGTH:]
        estimates = [*(past.estimate for past in last), estimate]
        return "\n".join(
            _line(past, after) for past, after in zip(last, estimates[1:], strict=True)
        )

    def add(self, situation: str, option: Option, estimate: float | None) -> None:
        """Add a decision."""
        self.decisions.append(PastDecision(situation, option, estimate))


def _line(past: PastDecision, after: float | None) -> str:
    option = past.option
    line = f"- {option.label} ({option.facts})" if option.facts else f"- {option.label}"
    if past.estimate is None or after is None:
        return line
    return f"{line}: your prospects went from {past.estimate:+.2f} to {after:+.2f}"
