"""The ``search`` group of the configuration: one dataclass per search."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from plywise.conf.checks import above as _above
from plywise.conf.checks import at_least as _at_least
from plywise.conf.checks import between as _between
from plywise.conf.checks import one_of as _one_of
from plywise.datasets.errors import ConfigError


@dataclass
class SearchConfig:
    """What every search has: a clock, or a fixed amount of work.

    Attributes:
        seconds: wall time for one decision; null: no clock (then ``iterations`` or ``max_depth``
            decides, and the same seed gives the same move).
        iterations: at most so many iterations (nodes, for alphabeta); null: no limit.
        max_depth: at most so many plies.
    """

    name: str = MISSING
    seconds: float | None = 1.0
    iterations: int | None = None
    max_depth: int = 64

    def __post_init__(self) -> None:
        """Check the ranges."""
        _above("search.seconds", self.seconds, 0)
        _at_least("search.iterations", self.iterations, 1)
        _at_least("search.max_depth", self.max_depth, 1)


@dataclass
class AlphaBetaConfig(SearchConfig):
    """Alpha-beta with a transposition table of ``2 ** table_bits`` entries (turn-based games).

    Attributes:
        advice_plies: plies of search for which a guide's fully trusted value counts.
    """

    name: str = "alphabeta"
    table_bits: int = 20
    advice_plies: float = 4.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        super().__post_init__()
        _between("search.table_bits", self.table_bits, 10, 28)
        _between("search.advice_plies", self.advice_plies, 0, 1000)


@dataclass
class SimultaneousConfig(SearchConfig):
    """Simultaneous-move tree search over sampled states (battles).

    Attributes:
        worlds: how many states are sampled.
        algorithm: uct (decoupled UCT) or regret (regret matching).
        exploration: factor of UCT's confidence bound.
        rollout: random decisions to play on from a leaf before it is valued.
        final: proportional (a mixed strategy) or most_visited.
        prior_trust: how far the game's own priors shape what is explored, 0 … 1.
        habit: how often the opponent, in the search, plays as the priors say instead of what is
            best for it, 0 … 1.
        sharing: shared (one strategy over all worlds) or averaged (a search of each world, to be
            measured against).
        renewal: for which share of its visits a turn that was seen is played anew at least; else
            the search goes on in a state that was reached there before, 0 … 1 (always anew).
        threads: cores that share the work on one decision.
        battle_seconds: wall time for all decisions of one battle; null: no limit.
    """

    name: str = "simultaneous"
    worlds: int = 16
    sharing: str = "shared"
    algorithm: str = "uct"
    exploration: float = 0.2
    rollout: int = 0
    final: str = "proportional"
    prior_trust: float = 0.9
    habit: float = 0.5
    threads: int = 1
    renewal: float = 0.125
    battle_seconds: float | None = None

    def __post_init__(self) -> None:
        """Check the ranges; without a clock there must be a number of iterations."""
        super().__post_init__()
        _between("search.worlds", self.worlds, 1, 251)
        _one_of("search.algorithm", self.algorithm, ("uct", "regret"))
        _at_least("search.exploration", self.exploration, 0)
        _at_least("search.rollout", self.rollout, 0)
        _one_of("search.final", self.final, ("proportional", "most_visited"))
        _between("search.prior_trust", self.prior_trust, 0, 1)
        _between("search.habit", self.habit, 0, 1)
        _one_of("search.sharing", self.sharing, ("shared", "averaged"))
        _between("search.threads", self.threads, 1, 64)
        _above("search.battle_seconds", self.battle_seconds, 0)
        if self.threads > 1 and self.sharing == "averaged":
            raise ConfigError(
                f"search.threads={self.threads}: search.sharing=averaged has one thread"
            )
        if self.seconds is None and self.iterations is None and self.battle_seconds is None:
            raise ConfigError(
                "search.seconds=null needs a number of search.iterations or search.battle_seconds"
            )


@dataclass
class MCTSConfig(SearchConfig):
    """Monte-Carlo tree search in plain Python, for any game.

    Attributes:
        max_depth: a game is played on for so many decisions, then it counts as drawn.
        exploration: factor of UCT's confidence bound.
    """

    name: str = "mcts"
    max_depth: int = 1000
    exploration: float = 1.0

    def __post_init__(self) -> None:
        """Check the ranges; without a clock there must be a number of iterations."""
        super().__post_init__()
        _at_least("search.exploration", self.exploration, 0)
        if self.seconds is None and self.iterations is None:
            raise ConfigError("search.seconds=null needs a number of search.iterations")
