"""What a player remembers of one game: its last choices and what came of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from plywise.games.base import Option

LENGTH = 3


@dataclass(frozen=True)
class Remembered:
    """One decision.

    Attributes:
        situation: as the player was told it; ``option`` what it chose.
        estimate: what the engine thought of the position, in [-1, 1]; None where there is none.
    """

    situation: str
    option: Option
    estimate: float | None


@dataclass
class Memory:
    """The decisions of one game, in order; used by one thread at a time."""

    kept: list[Remembered] = field(default_factory=list)

    def feedback(self, situation: str, estimate: float | None) -> str:
        """Return the last choices as lines, each with how the prospects changed after it.

        Where the same situation was decided before (moves were taken back) what came since is
        forgotten.
        """
        for number, past in enumerate(self.kept):
            if past.situation == situation:
                del self.kept[number:]
                break
        last = self.kept[-LENGTH:]
        estimates = [*(past.estimate for past in last), estimate]
        return "\n".join(
            _line(past, after) for past, after in zip(last, estimates[1:], strict=True)
        )

    def keep(self, situation: str, option: Option, estimate: float | None) -> None:
        """Remember a decision."""
        self.kept.append(Remembered(situation, option, estimate))


def _line(past: Remembered, after: float | None) -> str:
    option = past.option
    line = f"- {option.label} ({option.facts})" if option.facts else f"- {option.label}"
    if past.estimate is None or after is None:
        return line
    return f"{line}: your prospects went from {past.estimate:+.2f} to {after:+.2f}"
