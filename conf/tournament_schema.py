"""Settings of tournaments and of their reports."""

from __future__ import annotations

from dataclasses import dataclass, field

from omegaconf import MISSING

from plywise.conf.checks import above as _above
from plywise.conf.checks import at_least as _at_least
from plywise.conf.checks import one_of as _one_of
from plywise.conf.rating_schema import RatingPrior
from plywise.datasets.errors import ConfigError


@dataclass
class SPRTGroup:
    """Wald's sequential test of two agents (see ``arena/ratings/sprt.py``): it stops a match early.

    Attributes:
        elo0, elo1: the two hypotheses about the first agent's Elo above the second; elo1 null: no
            test.
        alpha, beta: how often either verdict may be wrong.
        model: what Elo means there: normalized or logistic.
    """

    elo0: float = 0.0
    elo1: float | None = None
    alpha: float = 0.05
    beta: float = 0.05
    model: str = "normalized"

    def __post_init__(self) -> None:
        """Check the bounds."""
        _one_of("tournament.sprt.model", self.model, ("normalized", "logistic"))
        if self.elo1 is not None and self.elo1 <= self.elo0:
            raise ConfigError(
                f"tournament.sprt.elo1={self.elo1:g}: must be greater than elo0={self.elo0:g}"
            )
        for key, value in (("alpha", self.alpha), ("beta", self.beta)):
            if not 0 < value < 0.5:
                raise ConfigError(f"tournament.sprt.{key}={value:g}: must lie between 0 and 0.5")


@dataclass
class TournamentGroup(RatingPrior):
    """What a tournament plays, and where.

    Attributes:
        pairing: round_robin (each against each), gauntlet (the first agent against each other
            one) or ladder (after every round of pairs those who stand next to each other meet).
        pairs: games of one pairing are played in pairs: same seed, sides swapped.  Of a ladder:
            the rounds.
        seed: the first pair's; the next pairs count up.
        openings: random plies at the start of each game, the same in both games of a pair, so that
            games differ where the agents are deterministic.
        executor: local (worker processes), inline (in the command's own process), ray, or showdown
            (worker processes that play on a Showdown server of their own).
        jobs: games at once; null: one for each core (with the embedded model: 1).
        ray_address: of a Ray cluster; null: one started on this machine.
        timeout: seconds that one game may take; null: any time.
        retries: how often a game that broke off is played again.
        faults_lose: a game that broke off every time counts as lost by the agent at fault; else
            it has no result.
        record: the SQLite file with all games; null: one below ``outputs/records`` that belongs to
            these settings, so that the same command continues.
        trace: keep each decision's values and advice for the report.
        replays: games of which the report holds more than the bare moves, spread evenly.
        sprt: test that stops a match of two agents early (see :class:`SPRTGroup`); without
            ``elo1`` all pairs are played.
        anchor: the agent whose rating is fixed; null: ``random`` where it plays, else the mean.
        anchor_rating: at this value.
    """

    pairing: str = "round_robin"
    pairs: int = 10
    seed: int = 0
    openings: int = 0
    executor: str = "local"
    jobs: int | None = None
    ray_address: str | None = None
    timeout: float | None = None
    retries: int = 2
    faults_lose: bool = False
    record: str | None = None
    trace: bool = True
    replays: int = 200
    sprt: SPRTGroup = field(default_factory=SPRTGroup)
    anchor: str | None = None
    anchor_rating: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        _one_of("tournament.pairing", self.pairing, ("round_robin", "gauntlet", "ladder"))
        _one_of("tournament.executor", self.executor, ("local", "inline", "ray", "showdown"))
        _at_least("tournament.pairs", self.pairs, 1)
        _at_least("tournament.openings", self.openings, 0)
        if self.openings and self.executor == "showdown":
            raise ConfigError(
                f"tournament.openings={self.openings}: none with tournament.executor=showdown "
                "(battles differ by their seeds)"
            )
        _at_least("tournament.jobs", self.jobs, 1)
        _above("tournament.timeout", self.timeout, 0)
        _at_least("tournament.retries", self.retries, 0)
        _at_least("tournament.replays", self.replays, 0)
        _at_least("tournament.virtual_draws", self.virtual_draws, 0)

    def sequential_test(self) -> SPRTGroup | None:
        """Return ``sprt`` where it is asked for."""
        return None if self.sprt.elo1 is None else self.sprt


@dataclass
class ReportConfig:
    """``plywise report RECORD``: the HTML report of a tournament's record, anew.

    Attributes:
        record: the SQLite file.
        out: the page to write; null: beside the record, with ``.html`` at its end.
        replays: games that it holds with values and text; null: as in the tournament.
    """

    record: str = MISSING
    out: str | None = None
    replays: int | None = None

    def __post_init__(self) -> None:
        """Check the number of replays."""
        _at_least("replays", self.replays, 0)
