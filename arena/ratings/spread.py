"""Uncertainty of a pool's ratings: sandwich errors and intervals from resampled clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from plywise.arena.ratings.counts import Counts, FloatArray
from plywise.arena.ratings.errors import (
    StepProgress,
    corrected_interval,
    kind_scores,
    resample,
    sandwich,
    strength_differences,
)
from plywise.arena.ratings.model import Design, Fit


def one_group(counts: Counts, design: Design) -> Design:
    """Return the design over all games, whose strengths sum to 0 over all players."""
    group = np.zeros_like(design.group)
    return replace(design, low=counts.low, high=counts.high, side=counts.side, group=group)


class SandwichErrors:
    """Standard errors from the sandwich covariance.

    Attributes:
        guessed: whether some came from the model, since those results do not vary at all.
    """

    def __init__(self, counts: Counts, design: Design, fit: Fit) -> None:
        self.covariance = sandwich(counts, design, fit)
        self.model = np.linalg.inv(fit.information[0])
        self.guessed = False

    def errors(self, players: Sequence[int], origin: Sequence[int]) -> FloatArray:
        """Return (players,) standard errors of strengths over the mean of ``origin``."""
        contrast = np.zeros((len(players), len(self.covariance)))
        contrast[np.arange(len(players)), players] = 1.0
        contrast[:, origin] -= 1 / len(origin)
        robust, model = (
            ((contrast @ v) * contrast).sum(axis=1) for v in (self.covariance, self.model)
        )
        return self._errors(robust, model)

    def differences(self, i: int, others: list[int]) -> FloatArray:
        """Return (others,) standard errors of the differences between ``i`` and ``others``."""
        robust, model = (
            v[i, i] + np.diagonal(v)[others] - 2 * v[i, others]
            for v in (self.covariance, self.model)
        )
        return self._errors(robust, model)

    def _errors(self, robust: FloatArray, model: FloatArray) -> FloatArray:
        robust, model = np.sqrt(np.maximum(0, robust)), np.sqrt(np.maximum(0, model))
        # Where all clusters turned out the same, their spread says nothing (20 draws of 20).
        silent = robust < 1e-4 * model
        self.guessed |= bool(np.any(silent & (model > 1e-9)))
        errors: FloatArray = np.where(silent, model, robust)
        return errors


class ResampledIntervals:
    """Intervals from resampled clusters."""

    def __init__(
        self,
        counts: Counts,
        inner: Counts,
        design: Design,
        fit: Fit,
        resamples: int,
        seed: int,
        progress: StepProgress,
    ) -> None:
        whole = one_group(counts, design)
        self.beta, self.reached, self.bounded = resample(
            counts, whole, fit, resamples, seed, progress
        )
        self.fit = fit
        self.influence = kind_scores(inner, design, fit) @ np.linalg.inv(fit.information[0])
        self.frequency = counts.frequency

    def interval(self, players: Sequence[int], origin: list[int]) -> tuple[FloatArray, FloatArray]:
        """Return both ends for ``players``, of strengths over the mean of ``origin``."""
        low, high = strength_differences(self.beta, self.reached, self.bounded, origin, players)
        theta = self.fit.beta[0]
        center = self.influence[:, origin].mean(axis=1)
        ends = [
            (0.0, 0.0)
            if list(origin) == [i]
            else corrected_interval(
                low[:, column],
                high[:, column],
                float(theta[i] - theta[origin].mean()),
                self.influence[:, i] - center,
                self.frequency,
            )
            for column, i in enumerate(players)
        ]
        return np.array([end[0] for end in ends]), np.array([end[1] for end in ends])

    def of(self, column: int) -> tuple[float, float]:
        """Return both ends of one parameter's interval."""
        values = self.beta[:, column]
        value, influence = float(self.fit.beta[0, column]), self.influence[:, column]
        return corrected_interval(values, values, value, influence, self.frequency)

    def superiority(self, i: int, others: list[int]) -> FloatArray:
        """Return (others,) the share of samples in which ``i`` is stronger; half of the ties."""
        low, high = strength_differences(self.beta, self.reached, self.bounded, [i], others)
        weaker = ((low < 0) + (high < 0).astype(float)) / 2
        ties = (low == 0) & (high == 0)
        share: FloatArray = (weaker + ties / 2).mean(axis=0)
        return share
