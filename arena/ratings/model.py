"""The model behind the ratings, and its maximum of likelihood, for many samples at once.

Davidson's extension of the Bradley-Terry model to draws: with the players' strengths
:math:`\\theta` in natural units, the first player's advantage :math:`h` and
:math:`\\eta = \\theta_a - \\theta_b + h \\cdot side`,

    P(a wins) : P(draw) : P(b wins)  =  exp(eta / 2) : exp(delta) : exp(-eta / 2)

Sources: R. A. Bradley and M. E. Terry, Biometrika 39 (1952) 324-345; R. R. Davidson, JASA 65 (1970)
317-328 (draws, nu = exp(delta)); R. R. Davidson and R. J. Beaver, Biometrics 33 (1977) 693-702 (a
multiplicative effect of order; here split evenly between the two players).

It is an exponential family in (theta, h, delta): its likelihood is concave, its information matrix
is the same observed or expected, and the estimate depends on a player's score alone.  Rao and
Kupper's model (JASA 62 (1967) 194-204) has none of the three.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plywise.arena.ratings.counts import DRAW, LOSS, WIN, FloatArray, IntArray

_MAX_STEPS = 60
_MAX_CHANGE = 4.0  # natural units a Newton step may change a parameter by
_TOLERANCE = 1e-9  # of the Newton decrement, in units of log-likelihood
_FLAT = 1e-7  # information below this: the likelihood rises without end in that direction


@dataclass(frozen=True)
class Design:
    """The parameters, and the dependence of cells on them.

    Attributes:
        x: (cells, linear parameters) derivatives of eta: one column for each player, then one for
            the first player's advantage where it is estimated.
        players: number of columns that are players.
        draws: whether delta is estimated; if not, draws count as half a win and half a loss.
        gauge: (groups, players) 0/1: each group's strengths sum to 0.
        prior: number of virtual games of each player with one of strength 0, half of them won.
        offset: (cells,) known part of eta.
    """

    x: FloatArray
    players: int
    draws: bool
    gauge: FloatArray
    prior: float = 0.0
    offset: FloatArray | float = 0.0

    @property
    def advantage(self) -> bool:
        """Whether the first player's advantage is estimated."""
        return bool(self.x.shape[1] > self.players)

    @property
    def size(self) -> int:
        """Number of parameters."""
        return int(self.x.shape[1]) + self.draws


@dataclass(frozen=True)
class Fit:
    """Maxima of the likelihood.

    Attributes:
        beta: (samples, parameters) players, advantage, delta, as far as the design has them.
        information: (samples, parameters, parameters) minus the second derivatives, with the gauge
            added, so that it can be inverted.
        value: (samples,) log-likelihood, prior included.
        bounded: (samples,) whether the maximum exists; if not, ``beta`` is the last step's.
    """

    beta: FloatArray
    information: FloatArray
    value: FloatArray
    bounded: np.ndarray


def linear(
    low: IntArray, high: IntArray, side: IntArray, players: int, advantage: bool
) -> FloatArray:
    """Return (cells, players + advantage) the derivatives of eta."""
    x = np.zeros((len(low), players + advantage))
    cells = np.arange(len(low))
    x[cells, low] = 1.0
    x[cells, high] = -1.0
    if advantage:
        x[:, players] = side
    return x


def probabilities(design: Design, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (samples, cells, 3) the logarithms of the outcomes' probabilities, and those."""
    half = (beta[:, : design.x.shape[1]] @ design.x.T + design.offset) / 2
    delta = beta[:, -1:] if design.draws else np.full((len(beta), 1), -np.inf)
    total = np.logaddexp(np.logaddexp(half, -half), delta)
    logs = np.stack([half - total, delta - total, -half - total], axis=-1)
    return logs, np.exp(logs)


def halved(design: Design, table: FloatArray) -> FloatArray:
    """Return the table with draws as half a win and half a loss, if the design has no delta."""
    if design.draws:
        return table
    result = np.zeros_like(table)
    result[..., WIN] = table[..., WIN] + table[..., DRAW] / 2
    result[..., LOSS] = table[..., LOSS] + table[..., DRAW] / 2
    return result


def log_likelihood(design: Design, table: FloatArray, beta: FloatArray) -> FloatArray:
    """Return (samples,) the log-likelihood of ``table`` (samples, cells, 3), prior included."""
    logs, _ = probabilities(design, beta)
    # 0 games of an outcome with probability 0 add nothing.
    terms = np.where(table > 0, table * np.where(table > 0, logs, 0.0), 0.0)
    value: FloatArray = terms.sum(axis=(1, 2))
    if design.prior:
        theta = beta[:, : design.players]
        loss = np.logaddexp(0, theta) + np.logaddexp(0, -theta)
        value -= np.asarray(design.prior / 2 * loss.sum(axis=1), dtype=np.float64)
    return value


def derivatives(
    design: Design, table: FloatArray, beta: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the gradient (samples, parameters) and the information, gauge added."""
    _, p = probabilities(design, beta)
    games = table.sum(axis=2)
    expected = (p[..., WIN] - p[..., LOSS]) / 2
    residual = (table[..., WIN] - table[..., LOSS]) / 2 - games * expected
    n, size = design.x.shape[1], design.size
    gradient = np.zeros((len(beta), size))
    gradient[:, :n] = residual @ design.x
    information = np.zeros((len(beta), size, size))
    weight = games * ((p[..., WIN] + p[..., LOSS]) / 4 - expected**2)
    information[:, :n, :n] = (design.x.T * weight[:, None, :]) @ design.x
    if design.draws:
        drawn = p[..., DRAW]
        gradient[:, n] = (table[..., DRAW] - games * drawn).sum(axis=1)
        cross = -(games * drawn * expected) @ design.x
        information[:, :n, n] = information[:, n, :n] = cross
        information[:, n, n] = (games * drawn * (1 - drawn)).sum(axis=1)
    k = design.players
    theta = beta[:, :k]
    if design.prior:
        share = 1 / (1 + np.exp(-theta))
        gradient[:, :k] -= design.prior * (share - 0.5)
        diagonal = np.arange(k)
        information[:, diagonal, diagonal] += design.prior * share * (1 - share)
    else:
        gradient[:, :k] -= theta @ design.gauge.T @ design.gauge
        information[:, :k, :k] += design.gauge.T @ design.gauge
    return gradient, information


def maximise(design: Design, table: FloatArray, start: FloatArray | None = None) -> Fit:
    """Return the maximum of likelihood of each sample, by Newton's method with halved steps.

    Args:
        design: the parameters.
        table: (samples, cells, 3) wins, draws, losses of each cell's ``low``.
        start: (parameters,) first step; None: all players equal.
    """
    table = halved(design, table)
    samples = len(table)
    beta = np.zeros((samples, design.size)) if start is None else np.tile(start, (samples, 1))
    if start is None and design.draws:
        drawn = table[..., DRAW].sum(axis=1)
        # With equal players delta is log(2 draws / decided games).
        beta[:, -1] = np.log(2 * (drawn + 0.5) / (table.sum(axis=(1, 2)) - drawn + 0.5))
    value = log_likelihood(design, table, beta)
    moving = np.arange(samples)
    for _ in range(_MAX_STEPS):
        gradient, information = derivatives(design, table[moving], beta[moving])
        step = _solve(information, gradient)
        decrement = (step * gradient).sum(axis=1)
        step *= np.minimum(1, _MAX_CHANGE / np.maximum(np.abs(step).max(axis=1), 1e-300))[:, None]
        for _ in range(12):
            proposed = beta[moving] + step
            new = log_likelihood(design, table[moving], proposed)
            worse = new < value[moving] - 1e-10 * (1 + np.abs(value[moving]))
            if not worse.any():
                break
            step[worse] /= 2
        beta[moving], value[moving] = proposed, new
        moving = moving[decrement > _TOLERANCE]
        if not len(moving):
            break
    _, information = derivatives(design, table, beta)
    least = np.linalg.eigvalsh(information)[:, 0]
    bounded = least > _FLAT
    bounded[moving] = False
    return Fit(beta, information, value, bounded)


def _solve(information: FloatArray, gradient: FloatArray) -> FloatArray:
    # A ridge far below any information that games give keeps flat directions solvable.
    ridge = 1e-9 * np.eye(information.shape[-1])
    solved = np.linalg.solve(information + ridge, gradient[..., None])[..., 0]
    return np.asarray(solved, dtype=np.float64)
