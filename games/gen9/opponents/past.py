"""What a side has chosen so far in a battle, as the other player saw it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

_SURE = 4.0  # choices that a rate of nothing yet weighs as much as
_USUAL = {"switch": 0.15, "status": 0.2, "best": 0.6}


@dataclass
class PastChoices:
    """Choices of one side before a decision.

    Attributes:
        last: canonical name of the last one that is known; "" none.
        last_active: base species of the Pokémon that was out then.
        uses: (base species, name) -> how often it was chosen.
        counts: of choices in turns: ``all``, ``switch``, ``status``, ``attack``, ``best`` (the
            attack that takes most, as far as the other player could know; a part of 1).
    """

    last: str = ""
    last_active: str = ""
    uses: Counter[tuple[str, str]] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def note(self, name: str, active: str, *, replacing: bool, status: bool, best: float) -> None:
        """Add a choice that has become known.

        Args:
            name: its canonical name.
            active: base species of the Pokémon that was out.
            replacing: it sent in a Pokémon that was due.
            status: it was a status move.
            best: how likely it was the attack that takes most.
        """
        self.last, self.last_active = name, active
        self.uses[active, name] += 1
        if replacing:
            return
        switch = name.startswith("switch ")
        self.counts["all"] += 1
        self.counts["switch"] += switch
        self.counts["status"] += status
        if not switch and not status:
            self.counts["attack"] += 1
            self.counts["best"] += best  # type: ignore[assignment]

    def rate(self, kind: str) -> float:
        """Return the share of ``switch``, ``status`` or ``best`` so far, less the usual one.

        ``best`` is a share of the attacks.
        """
        of = self.counts["attack" if kind == "best" else "all"]
        return (self.counts[kind] - _USUAL[kind] * of) / (of + _SURE)
