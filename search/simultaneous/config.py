"""Settings of the simultaneous-move search; light, so that reading them compiles nothing."""

from __future__ import annotations

from dataclasses import dataclass

from plywise.datasets.settings import setting
from plywise.search.config import SearchBudget

ALGORITHMS = ("uct", "regret")
FINALS = ("proportional", "most_visited")

MAX_THREADS = 64
"""Trees of one decision; each takes a core."""


@dataclass
class SimultaneousConfig(SearchBudget):
    """Settings of tree search over simultaneous moves and sampled worlds (battles)."""

    max_depth: int = setting(
        24, "decisions to look ahead (one for both players at once)", low=1, high=1 << 12
    )
    algorithm: str = setting(
        "uct", "decoupled UCT (uct) or regret matching (regret) where both players move",
        choices=ALGORITHMS,
    )  # fmt: skip
    # In battles 0.3 won 37 of 40 against 1.0, and 0.15 won 25 of 40 against 0.3 (1,000 iterations).
    exploration: float = setting(
        0.2, "factor of UCT's confidence bound; values lie in [-1, 1]", low=0
    )
    regret_exploration: float = setting(
        0.3, "initial probability with which regret matching explores", low=0, high=1
    )
    discount: float = setting(
        0.995, "factor on a value for each decision that it lies ahead: win soonest, lose latest",
        low=0.5, high=1,
    )  # fmt: skip
    rollout: int = setting(
        0, "random decisions played from a leaf before it is evaluated", low=0, high=1 << 16
    )
    resample_rate: float = setting(
        0.125,
        "minimum fraction of visits to an expanded joint action on which chance is drawn again "
        "instead of reusing a stored outcome; 1: always",
        low=0, high=1, old=("renewal",),
    )  # fmt: skip
    private_depth: int = setting(
        64, "depth down to which the opponent's statistics are kept for each world", low=0
    )
    shrinkage: float = setting(
        4.0,
        "pseudo-visits given to the opponent's all-worlds mean when its value in one world is "
        "estimated; 0: off",
        low=0, old=("kinship",),
    )  # fmt: skip
    final: str = setting(
        "proportional",
        "choice where both players move: proportional (a mixed strategy by visits) or most_visited",
        choices=FINALS,
    )
    threshold: float = setting(
        0.2, "fraction of the largest share below which an action is not played", low=0, high=1
    )
    decided_value: float = setting(
        0.9,
        "value that all actions exceed (or, negative, stay below) in a decided game, where the "
        "best value is played: the fastest win, the longest resistance",
        low=0, old=("decisive",),
    )  # fmt: skip
    prior_trust: float = setting(
        0.9,
        "weight of the rules' priors in the exploration of both players' actions; 0: none, 1: an "
        "action of prior 0 is not explored",
        low=0, high=1,
    )  # fmt: skip
    # Restricted Nash response: Johanson, Zinkevich and Bowling, Computing Robust Counter-Strategies
    # (2007).  At 0 the opponent knows all cards and answers perfectly: the search grows passive,
    # the more so the longer it runs.
    opponent_prior: float = setting(
        0.5,
        "probability with which the opponent in the tree plays the rules' priors instead of its "
        "best reply (restricted Nash response)",
        low=0, high=1, old=("habit",),
    )  # fmt: skip
    # From 1,000 iterations on the bonus shrinks with their square root.
    advice_bonus: float = setting(
        0.3, "largest value that a guide's fully trusted answer adds to an action", low=0, high=2
    )
    # For a guide that computes on the same few cores.  The search sleeps until the first answer
    # comes or four fifths of the time are over; after three decisions in a row without an answer it
    # stops yielding until one comes.
    yield_after: float | None = setting(
        None,
        "seconds after which the search yields its cores to a guide that has not answered; null: "
        "never",
        low=0, old=("lend_after",),
    )  # fmt: skip
    max_nodes: int = setting(
        1 << 18, "nodes of a tree; a full tree is searched on without growing", low=2, high=1 << 30
    )
    threads: int = setting(
        1, "trees grown in parallel, which share the iterations", low=1, high=MAX_THREADS
    )
