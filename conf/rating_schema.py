"""The settings of the commands about ratings; `schema` has the others and how they are read."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from plywise.conf.checks import at_least, one_of
from plywise.datasets.settings import setting


@dataclass
class RatingPrior:
    """Settings of all commands that rate players.

    Attributes:
        virtual_draws: draws added to each pairing whose results leave a rating without bound.
    """

    virtual_draws: float = setting(
        1.0,
        "draws added to each pairing whose results all go one way, so that the rating of an "
        "undefeated player is finite; its bound holds without them; 0: such ratings are infinite",
        low=0,
    )


@dataclass
class RatingsConfig(RatingPrior):
    """``plywise ratings FILE``: rate the players of a CSV file of results.

    Attributes:
        file: columns ``player_a,player_b,score_a[,first][,pair]``.
        anchor: the player whose rating is given; null: ``random`` where there is one, else the
            mean.
        anchor_rating: that rating, in Elo points.
        prior: virtual games of each player, half of them won; 0: maximum likelihood.
        method: of the intervals: sandwich or bootstrap.
        draws: davidson (a parameter of its own) or half (a draw is half a win and half a loss).
        resamples: of the bootstrap.
        seed: of the bootstrap.
    """

    file: str = MISSING
    anchor: str | None = None
    anchor_rating: float = 0.0
    prior: float = 0.0
    method: str = "sandwich"
    draws: str = "davidson"
    resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the values."""
        one_of("method", self.method, ("sandwich", "bootstrap"))
        one_of("draws", self.draws, ("davidson", "half"))
        at_least("prior", self.prior, 0)
        at_least("virtual_draws", self.virtual_draws, 0)
        at_least("resamples", self.resamples, 40)
        at_least("seed", self.seed, 0)


@dataclass
class CalibrateConfig(RatingPrior):
    """``plywise calibrate ratings|sprt``: simulated games whose truth is known.

    Attributes:
        what: ratings (how often 95 % intervals hold the truth) or sprt (its error rates).
        repeats: tournaments of each schedule, or matches at either hypothesis.
        method: ratings only: of the intervals: sandwich or bootstrap.
        resamples: ratings only: of the bootstrap.
        elo0, elo1, alpha, beta: sprt only: of the test.
        model: sprt only: normalized or logistic.
        seed: of the simulation.
    """

    what: str = "ratings"
    repeats: int = 1000
    method: str = "sandwich"
    resamples: int = 1000
    elo0: float = 0.0
    elo1: float = 50.0
    alpha: float = 0.05
    beta: float = 0.05
    model: str = "normalized"
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the values."""
        one_of("what", self.what, ("ratings", "sprt"))
        one_of("method", self.method, ("sandwich", "bootstrap"))
        one_of("model", self.model, ("normalized", "logistic"))
        at_least("repeats", self.repeats, 1)
        at_least("virtual_draws", self.virtual_draws, 0)
        at_least("resamples", self.resamples, 40)
        at_least("seed", self.seed, 0)
