"""Ratings: Bradley-Terry with draws and first-player advantage, with their uncertainty.

Strengths are estimated by maximum likelihood without shrinkage (`model`) and given on the Elo
scale: 400 points are odds of ten to one in games that are not drawn.  Where one player has won all
games that tie it to another, the likelihood has no maximum: then ``virtual_draws`` place it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import exp, inf, isfinite, nan, sqrt
from statistics import NormalDist

import numpy as np

from plywise.arena.ratings.connectivity import BoolArray, beats, group_warnings, groups, reach
from plywise.arena.ratings.counts import (
    DRAW,
    LOSS,
    WIN,
    Counts,
    FloatArray,
    GamesError,
    RatedGame,
    count_games,
)
from plywise.arena.ratings.elo import ELO, Estimate
from plywise.arena.ratings.errors import StepProgress
from plywise.arena.ratings.intervals import Z95, Tally
from plywise.arena.ratings.model import Design, Fit, maximise, told_apart
from plywise.arena.ratings.one_sided import OneSided
from plywise.arena.ratings.spread import ResampledIntervals, SandwichErrors, one_group
from plywise.datasets.errors import ConfigError

__all__ = ["Estimate", "GamesError", "PlayerRating", "RatedGame", "Ratings", "rate"]

_NORMAL = NormalDist()

METHODS = ("sandwich", "bootstrap")
DRAW_MODELS = ("davidson", "half")
MATRIX_PLAYERS = 50
"""Players up to which every two are compared: across groups each takes a fit of its own."""
MOST_PLAYERS = 5000
"""Players that can be rated at once: some matrices of their square are held."""
_MOST_BYTES = 2_000_000_000  # of the resamples' connectivity


@dataclass(frozen=True)
class PlayerRating:
    """One player's rating in Elo points, with its 95 % interval.

    Attributes:
        rating: where the player never lost (or never won) a point against all players that tie it
            to the anchor, the value that virtual draws give, or infinite without them.  NaN where
            no games tie it to the anchor.
        low, high: the error on each side; where the results bound the rating on one side only, a
            bound that holds at 97.5 % and an infinite end; both infinite without any bound.
        tally: games won, drawn and lost.
        group: number of the set of players whose results tie each to each other; 0 is the best.
        within: rating among the group's players alone, whose mean is 0; always finite.
        superiority_to_next: likelihood of being stronger than the next in the list; NaN for the
            last and where the two cannot be compared.
    """

    player: str
    rating: float
    low: float
    high: float
    tally: Tally
    group: int
    within: float
    superiority_to_next: float


@dataclass(frozen=True)
class Ratings:
    """A rated pool.

    Attributes:
        players: best first; without virtual draws by groups.
        first_advantage: advantage of moving first, in Elo points; None: it cannot be estimated.
        draw: Davidson's nu; None: nothing was drawn, or draws count as half a win.
        superiority: likelihood that the first is stronger than the second, by two names: of every
            two players, or (see :func:`rate`) of each and the next.
        warnings: remarks for the reader, one line each.
        anchor: player whose rating was given; empty: the mean was.
        method: method of the intervals.
    """

    players: tuple[PlayerRating, ...]
    first_advantage: Estimate | None
    draw: Estimate | None
    superiority: dict[tuple[str, str], float]
    warnings: tuple[str, ...]
    anchor: str
    method: str

    def __getitem__(self, player: str) -> PlayerRating:
        """Return one player's rating."""
        for rating in self.players:
            if rating.player == player:
                return rating
        raise KeyError(player)

    @property
    def draw_rate(self) -> float | None:
        """The share of draws between equals as the model sees it, first-player advantage apart."""
        return None if self.draw is None else self.draw.value / (2 + self.draw.value)


def rate(
    games: Iterable[RatedGame],
    anchor: str | None = None,
    anchor_rating: float = 0.0,
    prior: float = 0.0,
    method: str = "sandwich",
    resamples: int = 1000,
    seed: int = 0,
    draws: str = "davidson",
    first_advantage: bool = True,
    virtual_draws: float = 0.0,
    every_pair: bool = True,
    progress: StepProgress = lambda what, done, of: None,
) -> Ratings:
    """Rate players by their games.

    Args:
        games: in any order; see :class:`RatedGame`.
        anchor: the player whose rating is ``anchor_rating``.  By default ``random`` where there is
            one; else the mean of all is ``anchor_rating`` (of the largest group, where not all can
            be compared).
        anchor_rating: in Elo points.
        prior: virtual games of each player against a virtual average one, half of them won: 0 is
            maximum likelihood; with 1 or 2 undefeated players get a finite rating, and all
            differences shrink a little.
        method: of the intervals: ``sandwich`` (large samples, fast), or ``bootstrap``, which draws
            pairs of games anew.
        resamples: how many samples the bootstrap draws.
        seed: of the bootstrap.
        draws: ``davidson``, or ``half``: a draw is half a win and half a loss, and 400 points are
            an expected *score* of ten to one.  The two are the same where nothing is drawn.
        first_advantage: whether to estimate it, if the games name the first player.
        virtual_draws: draws added to each pairing between groups of players whose difference the
            likelihood leaves without bound, so that its estimate is finite; differences within a
            group stay maximum likelihood.  0: such ratings are infinite.  One draw adds half a win
            and half a loss, the usual correction of log odds (J. B. S. Haldane, Ann. Hum. Genet.
            20 (1956) 309-311).  Intervals never use them.
        every_pair: whether to compare every two players of a pool of up to
            :data:`MATRIX_PLAYERS`; if not, or in a larger one, those next to each other.
        progress: called with what is computed, how many are done, and of how many.

    Raises:
        ConfigError: games that cannot be rated (:class:`GamesError`), an unknown anchor or method.
    """
    if not isfinite(anchor_rating):
        raise ConfigError(f"anchor_rating={anchor_rating}: must be a finite number")
    for name, value in (("prior", prior), ("virtual_draws", virtual_draws)):
        if not (isfinite(value) and value >= 0):
            raise ConfigError(f"{name}={value}: must be at least 0")
    if method not in METHODS:
        raise ConfigError(f"method={method}: choose one of {', '.join(METHODS)}")
    if draws not in DRAW_MODELS:
        raise ConfigError(f"draws={draws}: choose one of {', '.join(DRAW_MODELS)}")
    if resamples < 40:
        raise ConfigError(f"resamples={resamples}: a 95 % interval needs at least 40")
    counts = count_games(games)
    players = len(counts.players)
    if players > MOST_PLAYERS:
        raise ConfigError(
            f"{players} players: at most {MOST_PLAYERS} can be rated at once; rate those who met "
            "each other in files of their own"
        )
    if method == "bootstrap" and resamples * players**2 > _MOST_BYTES:
        raise ConfigError(
            f"method=bootstrap: {resamples} resamples of {players} players need "
            f"{resamples * players**2 / 1e9:.0f} GB; choose fewer resamples, or method=sandwich"
        )
    if anchor is not None and anchor not in counts.players:
        raise ConfigError(f"anchor={anchor}: has no games; there are: {', '.join(counts.players)}")
    pool = _Pool(counts, anchor, prior, draws, first_advantage, virtual_draws, progress)
    return pool.ratings(
        anchor_rating, method, resamples, seed, every_pair and players <= MATRIX_PLAYERS
    )


class _Pool:
    """Players, their groups, and the fit of the games within groups."""

    def __init__(
        self,
        counts: Counts,
        anchor: str | None,
        prior: float,
        draws: str,
        advantage: bool,
        virtual_draws: float,
        progress: StepProgress,
    ) -> None:
        self.progress = progress
        self.counts = counts
        self.names = counts.players
        self.size = len(counts.players)
        self.table = counts.table()
        self.prior = prior
        self.virtual_draws = virtual_draws
        self.warnings: list[str] = []
        if prior:
            self.reached: BoolArray = np.ones((self.size, self.size), dtype=bool)
        else:
            self.reached = reach(beats(counts.low, counts.high, self.table, self.size))[0]
        self.groups = groups(self.reached)
        self.group_of = np.zeros(self.size, dtype=np.int64)
        for number, group in enumerate(self.groups):
            self.group_of[group] = number
        self.warnings += group_warnings(self.groups, self.reached, self.names)
        if anchor is None and "random" in self.names:
            anchor = "random"
        self.anchor = anchor
        # Games across groups have probability 1 at the (infinite) maximum: what is finite depends
        # on the games within groups alone.
        inside = self.group_of[counts.low] == self.group_of[counts.high]
        self.inner = counts.only(inside)
        self.design = self._design(self.inner, self.table[:, inside], draws, advantage)
        self.fit = self._fit(self.table[:, inside])
        self.one_sided = OneSided(counts, self.design, self.reached)
        self.reference: list[int] = max(self.groups, key=len)
        if anchor is not None:
            self.reference = self.groups[int(self.group_of[self.names.index(anchor)])]

    def _design(self, counts: Counts, table: FloatArray, draws: str, advantage: bool) -> Design:
        design = Design(
            low=counts.low,
            high=counts.high,
            side=counts.side,
            players=self.size,
            advantage=advantage and bool(counts.side.any()),
            draws=draws == "davidson" and bool(table[..., DRAW].any()),
            group=self.group_of,
            prior=self.prior,
        )
        if design.advantage and not told_apart(design):
            design = replace(design, advantage=False)
            self.warnings.append(
                "who moved first cannot be told apart from who played: "
                "no first-player advantage is estimated"
            )
        return design

    def _fit(self, table: FloatArray) -> Fit:
        """Fit; leave out a parameter that has no maximum, with a warning."""
        fit = maximise(self.design, table)
        if not fit.bounded[0] and self.design.draws:
            without = replace(self.design, draws=False)
            other = maximise(without, table)
            if other.bounded[0] or not self.design.advantage:
                self.warnings.append(
                    "no result goes against the order of strength (or none is decided): the rate "
                    "of draws cannot be estimated, a draw counts as half a win and half a loss"
                )
                self.design, fit = without, other
        if not fit.bounded[0] and self.design.advantage:
            self.warnings.append(
                "whoever moved first never did worse than the ratings alone allow: the "
                "first-player advantage has no bound and is left out"
            )
            self.design = replace(self.design, advantage=False)
            fit = self._fit(table)
        return fit

    def ratings(
        self, anchor_rating: float, method: str, resamples: int, seed: int, every_pair: bool
    ) -> Ratings:
        """Return the ratings with intervals."""
        theta = self.fit.beta[0, : self.size]
        origin = self.reference if self.anchor is None else [self.names.index(self.anchor)]
        value = np.full(self.size, nan)
        value[self.reference] = theta[self.reference] - theta[origin].mean()
        low, high = value.copy(), value.copy()
        spread = SandwichErrors(self.inner, self.design, self.fit)
        samples = None
        if method == "bootstrap":
            samples = ResampledIntervals(
                self.counts, self.inner, self.design, self.fit, resamples, seed, self.progress
            )
            low[self.reference], high[self.reference] = samples.interval(self.reference, origin)
        else:
            error = Z95 * spread.errors(self.reference, origin)
            low[self.reference] = value[self.reference] - error
            high[self.reference] = value[self.reference] + error
        if spread.guessed:
            self.warnings.append(
                "some results do not vary at all between pairs: those intervals come from the "
                "model, not from the spread of the results"
            )
        if len(self.groups) > 1:
            self._bounds(origin, value, low, high)
            if self.virtual_draws:
                self._place(origin, value)
        order = self._order(value)
        superiority = self._superiority(order, every_pair, spread, samples)
        rows = []
        for place, i in enumerate(order):
            following = order[place + 1] if place + 1 < self.size else None
            group = self.groups[self.group_of[i]]
            rows.append(
                PlayerRating(
                    player=self.names[i],
                    rating=anchor_rating + ELO * float(value[i]),
                    low=anchor_rating + ELO * float(low[i]),
                    high=anchor_rating + ELO * float(high[i]),
                    tally=self._tally(i),
                    group=int(self.group_of[i]),
                    within=ELO * float(theta[i] - theta[group].mean()),
                    superiority_to_next=(nan if following is None else superiority[i, following]),
                )
            )
        advantage, draw = self._parameters(spread, samples)
        return Ratings(
            players=tuple(rows),
            first_advantage=advantage,
            draw=draw,
            superiority={
                (self.names[i], self.names[j]): value
                for (i, j), value in sorted(superiority.items())
            },
            warnings=tuple(self.warnings),
            anchor=self.anchor or "",
            method=method,
        )

    def _tally(self, player: int) -> Tally:
        low = self.table[0, self.counts.low == player].sum(axis=0)
        high = self.table[0, self.counts.high == player].sum(axis=0)
        wins, draws, losses = low + high[[LOSS, DRAW, WIN]]
        return Tally(wins=int(wins), draws=int(draws), losses=int(losses))

    def _bounds(
        self, origin: list[int], value: FloatArray, low: FloatArray, high: FloatArray
    ) -> None:
        """Fill in those outside the reference group: infinite, with a bound on one side."""
        other = origin[0] if self.anchor is not None else self._middle()
        shift = 0.0
        if self.anchor is None:
            theta = self.fit.beta[0]
            shift = float(theta[other] - theta[self.reference].mean())
        outside = [i for i in range(self.size) if self.group_of[i] != self.group_of[other]]
        for number, i in enumerate(outside):
            self.progress("bounds", number, len(outside))
            value[i], low[i], high[i] = nan, -inf, inf
            if self.reached[i, other]:
                value[i], low[i] = inf, shift + self.one_sided.bound(i, other)
            elif self.reached[other, i]:
                value[i], high[i] = -inf, shift - self.one_sided.bound(other, i)

    def _place(self, origin: list[int], value: FloatArray) -> None:
        """Replace infinite strengths by those that virtual draws between groups give."""
        counts, table = self.counts, self.table[0].copy()
        apart = self.group_of[counts.low] != self.group_of[counts.high]
        pairing = counts.low * self.size + counts.high
        cells = np.bincount(pairing)[pairing]
        table[:, WIN] += np.where(apart, self.virtual_draws / 2 / cells, 0.0)
        table[:, LOSS] += np.where(apart, self.virtual_draws / 2 / cells, 0.0)
        theta = maximise(one_group(counts, self.design), table[None]).beta[0, : self.size]
        inner = self.fit.beta[0, : self.size]
        center = theta[self.reference].mean() - inner[self.reference].mean() + inner[origin].mean()
        met = np.zeros((1, self.size, self.size), dtype=bool)
        met[0, counts.low, counts.high] = met[0, counts.high, counts.low] = True
        tied = reach(met)[0, origin[0]]
        for group in self.groups:
            if tied[group[0]] and group != self.reference:
                value[group] = theta[group].mean() - center + inner[group] - inner[group].mean()
        draws = "1 virtual draw" if self.virtual_draws == 1 else f"{self.virtual_draws:g} draws"
        self.warnings.append(
            f"ratings with a bound on one side only are placed by {draws} in each pairing that "
            "ties them to the others (virtual_draws=0: infinite); the bound holds without"
        )

    def _order(self, value: FloatArray) -> list[int]:
        """Return the players, best first: by rating, and by groups where those are infinite."""
        theta = self.fit.beta[0, : self.size]
        shown = np.zeros(self.size)
        if self.virtual_draws:
            shown = np.nan_to_num(value, nan=-inf)
        return sorted(
            range(self.size),
            key=lambda i: (-shown[i], self.group_of[i], -theta[i], self.names[i]),
        )

    def _middle(self) -> int:
        """Return the player of the reference group nearest its mean."""
        theta = self.fit.beta[0]
        mean = float(theta[self.reference].mean())
        return min(self.reference, key=lambda i: abs(float(theta[i]) - mean))

    def _superiority(
        self,
        order: list[int],
        every_pair: bool,
        spread: SandwichErrors,
        samples: ResampledIntervals | None,
    ) -> dict[tuple[int, int], float]:
        """Return the likelihood that the first is stronger than the second, by two players.

        Of every two, or of each player and the next in ``order``.
        """
        theta = self.fit.beta[0, : self.size]
        found: dict[tuple[int, int], float] = {}
        for place, i in enumerate(order):
            self.progress("likelihoods of superiority", place, self.size)
            others = order if every_pair else order[place + 1 : place + 2]
            inside = [j for j in others if j != i and self.group_of[j] == self.group_of[i]]
            if samples is not None:
                row = samples.superiority(i, inside).tolist()
            else:
                with np.errstate(divide="ignore", invalid="ignore"):
                    distance = (theta[i] - theta[inside]) / spread.differences(i, inside)
                row = [_NORMAL.cdf(z) for z in distance.tolist()]
            found.update(((i, j), value) for j, value in zip(inside, row, strict=True))
            for j in others:
                if self.group_of[j] == self.group_of[i] or (i, j) in found:
                    continue
                value = nan
                if self.reached[i, j]:
                    value = 1 - self.one_sided.equal(i, j)
                elif self.reached[j, i]:
                    value = self.one_sided.equal(j, i)
                found[i, j] = value
                if every_pair:
                    found[j, i] = 1 - value
        return found

    def _parameters(
        self, spread: SandwichErrors, samples: ResampledIntervals | None
    ) -> tuple[Estimate | None, Estimate | None]:
        """Return the first-player advantage in Elo points and Davidson's nu."""
        found: list[Estimate | None] = []
        for present, column, change in (
            (self.design.advantage, self.size, lambda v: ELO * v),
            (self.design.draws, -1, lambda v: exp(min(v, 700.0))),
        ):
            if not present:
                found.append(None)
                continue
            value = float(self.fit.beta[0, column])
            if samples is None:
                error = Z95 * sqrt(spread.covariance[column, column])
                low, high = value - error, value + error
            else:
                low, high = samples.of(column)
            found.append(Estimate(change(value), change(low), change(high)))
        return found[0], found[1]
