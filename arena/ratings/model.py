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

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from plywise.arena.ratings.counts import DRAW, LOSS, WIN, FloatArray, IntArray

_MAX_STEPS = 60
_MAX_CHANGE = 4.0  # natural units a Newton step may change a parameter by
_TOLERANCE = 1e-9  # of the Newton decrement, in units of log-likelihood
_FLAT = 1e-7  # information below this: the likelihood rises without end in that direction


@dataclass(frozen=True)
class Design:
    """The parameters, and the dependence of cells on them.

    The parameters are the players' strengths, then the first player's advantage and delta where
    they are estimated.

    Attributes:
        low, high: (cells,) players of each cell.
        side: (cells,) who moved first: 1 ``low``, -1 ``high``, 0 nobody or unknown.
        players: number of players.
        advantage: whether the first player's advantage is estimated.
        draws: whether delta is estimated; if not, draws count as half a win and half a loss.
        group: (players,) number of each player's group; each group's strengths sum to 0.
        prior: number of virtual games of each player with one of strength 0, half of them won.
        offset: (cells,) known part of eta.
    """

    low: IntArray
    high: IntArray
    side: IntArray
    players: int
    advantage: bool
    draws: bool
    group: IntArray
    prior: float = 0.0
    offset: FloatArray | float = 0.0

    @property
    def size(self) -> int:
        """Number of parameters."""
        return self.players + self.advantage + self.draws

    @property
    def shared(self) -> tuple[FloatArray, FloatArray]:
        """Derivatives by advantage and delta: of eta (shared, cells), of delta (shared,)."""
        present = [self.advantage, self.draws]
        of_eta = np.stack([self.side, np.zeros_like(self.side)]).astype(np.float64)
        return of_eta[present], np.array([0.0, 1.0])[present]


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


def sums(index: IntArray, values: FloatArray, size: int) -> FloatArray:
    """Return (samples, size): the sums of ``values`` (samples, cells) by ``index`` (cells,)."""
    samples = len(values)
    place = (np.arange(samples)[:, None] * size + index).ravel()
    found: FloatArray = np.bincount(place, values.ravel(), samples * size).astype(np.float64)
    return found.reshape(samples, size)


def told_apart(design: Design) -> bool:
    """Return whether the first player's advantage can be told from the players' strengths.

    It cannot where some strengths alone give each cell its ``side``.
    """
    side = design.side.astype(np.float64)[None]
    level = replace(design, draws=False, advantage=False, prior=0.0)
    slope, laplacian = by_player(level, side), between_players(level, np.ones_like(side))
    strengths = np.linalg.solve(laplacian[0] + _gauge(level), slope[0])
    rest = side[0] - strengths[design.low] + strengths[design.high]
    return bool(np.abs(rest).max(initial=0.0) > 1e-6)


def probabilities(design: Design, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (samples, cells, 3) the logarithms of the outcomes' probabilities, and those."""
    eta = beta[:, design.low] - beta[:, design.high] + design.offset
    if design.advantage:
        eta += beta[:, design.players, None] * design.side
    half = eta / 2
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


def cell_likelihoods(design: Design, table: FloatArray, beta: FloatArray) -> FloatArray:
    """Return (samples, cells) the log-likelihood of ``table`` (samples, cells, 3)."""
    logs, _ = probabilities(design, beta)
    # 0 games of an outcome with probability 0 add nothing.
    terms = np.where(table > 0, table * np.where(table > 0, logs, 0.0), 0.0)
    return np.asarray(terms.sum(axis=2), dtype=np.float64)


def log_likelihood(design: Design, table: FloatArray, beta: FloatArray) -> FloatArray:
    """Return (samples,) the log-likelihood of ``table`` (samples, cells, 3), prior included."""
    value: FloatArray = cell_likelihoods(design, table, beta).sum(axis=1)
    if design.prior:
        theta = beta[:, : design.players]
        loss = np.logaddexp(0, theta) + np.logaddexp(0, -theta)
        value -= np.asarray(design.prior / 2 * loss.sum(axis=1), dtype=np.float64)
    return value


class CellDerivatives(NamedTuple):
    """Derivatives of the log-likelihood by eta and delta, (samples, cells); second ones negated."""

    eta: FloatArray
    delta: FloatArray
    eta_eta: FloatArray
    eta_delta: FloatArray
    delta_delta: FloatArray


def cell_derivatives(design: Design, table: FloatArray, beta: FloatArray) -> CellDerivatives:
    """Return the derivatives of each cell's part of the log-likelihood."""
    _, p = probabilities(design, beta)
    games, drawn = table.sum(axis=2), p[..., DRAW]
    expected = (p[..., WIN] - p[..., LOSS]) / 2
    return CellDerivatives(
        eta=(table[..., WIN] - table[..., LOSS]) / 2 - games * expected,
        delta=table[..., DRAW] - games * drawn,
        eta_eta=games * ((p[..., WIN] + p[..., LOSS]) / 4 - expected**2),
        eta_delta=-games * drawn * expected,
        delta_delta=games * drawn * (1 - drawn),
    )


class SharedDerivatives(NamedTuple):
    """Derivatives by parameters that no player owns; second ones negated.

    Attributes:
        first: (samples, shared).
        second: (samples, shared, shared).
        by_strength: (samples, shared, players).
    """

    first: FloatArray
    second: FloatArray
    by_strength: FloatArray


def shared_derivatives(
    design: Design, cells: CellDerivatives, of_eta: FloatArray, of_delta: FloatArray
) -> SharedDerivatives:
    """Return the derivatives by parameters on which eta and delta depend linearly.

    Args:
        design: the cells' players.
        cells: derivatives by eta and delta.
        of_eta: (shared, cells) derivatives of each cell's eta.
        of_delta: (shared,) derivatives of delta.
    """
    eta_by = cells.eta_eta[:, None] * of_eta + cells.eta_delta[:, None] * of_delta[:, None]
    delta_by = cells.eta_delta[:, None] * of_eta + cells.delta_delta[:, None] * of_delta[:, None]
    samples, shared = eta_by.shape[:2]
    by_strength = by_player(design, eta_by.reshape(samples * shared, eta_by.shape[2]))
    return SharedDerivatives(
        first=cells.eta @ of_eta.T + cells.delta.sum(axis=1)[:, None] * of_delta,
        second=eta_by @ of_eta.T + delta_by.sum(axis=2)[..., None] * of_delta,
        by_strength=by_strength.reshape(samples, shared, design.players),
    )


def derivatives(
    design: Design, table: FloatArray, beta: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the gradient (samples, parameters) and the information, gauge added."""
    cells = cell_derivatives(design, table, beta)
    shared = shared_derivatives(design, cells, *design.shared)
    k = design.players
    gradient = np.concatenate([by_player(design, cells.eta), shared.first], axis=1)
    information = np.empty((len(beta), design.size, design.size))
    information[:, :k, :k] = between_players(design, cells.eta_eta)
    information[:, k:, :k] = shared.by_strength
    information[:, :k, k:] = shared.by_strength.transpose(0, 2, 1)
    information[:, k:, k:] = shared.second
    theta = beta[:, :k]
    if design.prior:
        share = 1 / (1 + np.exp(-theta))
        gradient[:, :k] -= design.prior * (share - 0.5)
        diagonal = np.arange(k)
        information[:, diagonal, diagonal] += design.prior * share * (1 - share)
    else:
        gradient[:, :k] -= sums(design.group, theta, k)[:, design.group]
        information[:, :k, :k] += _gauge(design)
    return gradient, information


def by_player(design: Design, values: FloatArray) -> FloatArray:
    """Return (samples, players) each player's sum of ``values`` (samples, cells), less as high."""
    k = design.players
    return sums(design.low, values, k) - sums(design.high, values, k)


def between_players(design: Design, weight: FloatArray) -> FloatArray:
    """Return (samples, players, players) the graph's Laplacian with weights (samples, cells)."""
    k = design.players
    between = sums(design.low * k + design.high, weight, k * k).reshape(-1, k, k)
    laplacian = -between - between.transpose(0, 2, 1)
    diagonal = np.arange(k)
    laplacian[:, diagonal, diagonal] += sums(design.low, weight, k) + sums(design.high, weight, k)
    return laplacian


def _gauge(design: Design) -> FloatArray:
    """Return (players, players): 1 where two are of one group."""
    same: FloatArray = (design.group[:, None] == design.group).astype(np.float64)
    return same


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
