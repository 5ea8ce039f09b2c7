"""Settings of the simultaneous-move search; light, so that reading settings compiles nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

ALGORITHMS = ("uct", "regret")
FINALS = ("proportional", "most_visited")

MAX_THREADS = 64
"""Trees of one decision; each takes a core."""


class SearchError(ValueError):
    """The search was given worlds or settings that it cannot search."""


@dataclass(frozen=True)
class SimultaneousConfig:
    """Settings of the search.

    Attributes:
        seconds: wall time for a decision, the deadline included; None: no clock.
        iterations: at most so many; with ``seconds=None`` the same seed gives the same decision.
        max_depth: at most so many decisions deep (one for both players at once).
        algorithm: where both move: ``uct`` or ``regret``.
        exploration: factor of UCT's confidence bound; values lie in [-1, 1].  In battles 0.3 won
            37 of 40 against 1.0, and 0.15 won 25 of 40 against 0.3 (1,000 iterations).
        regret_exploration: probability with which regret matching explores at first.
        discount: factor on values for each decision that they lie ahead, which makes it win soonest
            and lose latest.
        rollout: random decisions to play on from a leaf before it is valued.
        renewal: for which share of its visits a turn that was seen is played anew at least, with
            chance drawn afresh; else a state is gone on with that was reached there before
            (``kept_outcomes.py``).  At 1 every turn is played.
        private_depth: down to which depth the opponent's statistics are kept for each world.
        kinship: for how many visits the opponent's mean over all worlds counts in one world.
        final: where both move: play actions in proportion to their share (``proportional``), or the
            likeliest one (``most_visited``).  Where one moves, it is always the most visited.
        threshold: shares below this part of the largest are not played.
        decisive: when every action's value is beyond this (or below its negative), the game is
            decided, and the action with the best value is played: the fastest win, the longest
            resistance.
        prior_trust: how far the rules' own priors, where they have any, shape the exploration of
            both players' actions, from 0 (not) to 1 (what they find impossible is not explored).
        habit: with which probability the opponent, in the search, plays as the priors say instead
            of what is best for it (a restricted Nash response: Johanson, Zinkevich and Bowling,
            *Computing Robust Counter-Strategies*, 2007).  At 0 the search believes in an opponent
            who knows the own cards and answers perfectly: it then grows passive, the more so the
            longer it searches.  Only where the rules have priors.
        advice_bonus: how far a fully trusted answer of a guide may carry an action over another;
            from 1,000 iterations on this shrinks with their square root.
        lend_after: seconds after which the search lends its core to a guide that has not answered:
            it sleeps until the first answer comes or four fifths of the time are over.  For a guide
            that computes on the same few cores; after three decisions in a row without an answer
            nothing is lent until one comes.  None: the search never stops.
        max_nodes: room in a tree; when it is full the search goes on without growing it.
        threads: so many trees grow at the same time and share the iterations.
    """

    seconds: float | None = 1.0
    iterations: int | None = None
    max_depth: int = 24
    algorithm: str = "uct"
    exploration: float = 0.2
    regret_exploration: float = 0.3
    discount: float = 0.995
    rollout: int = 0
    renewal: float = 0.125
    private_depth: int = 64
    kinship: float = 4.0
    final: str = "proportional"
    threshold: float = 0.2
    decisive: float = 0.9
    prior_trust: float = 0.9
    habit: float = 0.5
    advice_bonus: float = 0.3
    lend_after: float | None = None
    max_nodes: int = 1 << 18
    threads: int = 1

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            SearchError: a setting is out of range or impossible.
        """
        if self.seconds is None and self.iterations is None:
            raise SearchError("a search needs seconds or iterations")
        if self.algorithm not in ALGORITHMS:
            raise SearchError(f"algorithm '{self.algorithm}' is none of {', '.join(ALGORITHMS)}")
        if self.final not in FINALS:
            raise SearchError(f"final '{self.final}' is none of {', '.join(FINALS)}")
        for name, low, high in (
            ("seconds", 0.0, math.inf),
            ("iterations", 1, math.inf),
            ("max_depth", 1, 1 << 12),
            ("exploration", 0.0, math.inf),
            ("regret_exploration", 0.0, 1.0),
            ("discount", 0.5, 1.0),
            ("rollout", 0, 1 << 16),
            ("renewal", 0.0, 1.0),
            ("private_depth", 0, math.inf),
            ("kinship", 0.0, math.inf),
            ("threshold", 0.0, 1.0),
            ("decisive", 0.0, math.inf),
            ("prior_trust", 0.0, 1.0),
            ("habit", 0.0, 1.0),
            ("advice_bonus", 0.0, 2.0),
            ("lend_after", 0.0, math.inf),
            ("max_nodes", 2, 1 << 30),
            ("threads", 1, MAX_THREADS),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise SearchError(f"{name}={value} is not between {low} and {high}")
