"""Settings of the commands about ratings."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from plywise.datasets.settings import Settings, setting

MOST_REPEATS = 1_000_000
"""Repeats of a simulation, which are kept in memory together."""


@dataclass
class RatingPrior(Settings):
    """Settings of all commands that rate players."""

    virtual_draws: float = setting(
        1.0,
        "draws added to each pairing whose results all go one way, so that the rating of an "
        "undefeated player is finite; its bound holds without them; 0: such ratings are infinite",
        low=0,
    )


@dataclass
class RatingsConfig(RatingPrior):
    """Settings of ``plywise ratings``."""

    file: str = setting(
        MISSING,
        "CSV file with the columns player_a,player_b,score_a[,first][,pair]",
        path=True,
    )
    anchor: str | None = setting(
        None, "player whose rating is fixed; null: random if there is one, else the mean is"
    )
    anchor_rating: float = setting(0.0, "the fixed rating, in Elo")
    prior: float = setting(
        0.0, "virtual games of each player, half of them won; 0: maximum likelihood", low=0
    )
    method: str = setting("sandwich", "method of intervals", choices=("sandwich", "bootstrap"))
    draws: str = setting(
        "davidson", "model of draws; half: a draw is half a win and half a loss",
        choices=("davidson", "half"),
    )  # fmt: skip
    resamples: int = setting(1000, "resamples of the bootstrap", low=40, high=MOST_REPEATS)
    seed: int = setting(0, "seed of the bootstrap", low=0)


@dataclass
class CalibrateConfig(RatingPrior):
    """Settings of ``plywise calibrate``.

    ``ratings`` counts how often 95 % intervals hold the true ratings of simulated players, ``sprt``
    the error rates of the sequential test.
    """

    what: str = setting("ratings", "what to check", choices=("ratings", "sprt"))
    repeats: int = setting(
        1000,
        "tournaments of each schedule, or matches at either hypothesis",
        low=1,
        high=MOST_REPEATS,
    )
    method: str = setting(
        "sandwich", "ratings: method of intervals", choices=("sandwich", "bootstrap")
    )
    resamples: int = setting(1000, "ratings: resamples of the bootstrap", low=40, high=MOST_REPEATS)
    elo0: float = setting(0.0, "sprt: H0, in Elo")
    elo1: float = setting(50.0, "sprt: H1, in Elo")
    alpha: float = setting(0.05, "sprt: rate of accepting H1 if H0 is true")
    beta: float = setting(0.05, "sprt: rate of accepting H0 if H1 is true")
    model: str = setting("normalized", "sprt: scale of Elo", choices=("normalized", "logistic"))
    seed: int = setting(0, "seed of the simulation", low=0)
