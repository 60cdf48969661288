"""The two-way interval: runs and clusters of test items, both drawn afresh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

from harness.statistics.jackknife import Floats

FEW = 8  # degrees of freedom below which a fixed side's interval is made of two quantiles


@dataclass(frozen=True)
class Uncertainty:
    """What an estimate's interval is made of; all values broadcast.

    Attributes:
        runs: S, the variance that the runs bring, points squared.
        runs_df: ν, its degrees of freedom.
        items: R, what the test items add to it.
        alone: The spread of the items by itself, which has the runs' mixture in it.
        items_df: Clusters less one, over strata by Satterthwaite.
        df: Degrees of freedom of the whole.
        split: Whether one side is fixed and ν is small, so that each part has its own quantile.
    """

    runs: Floats
    runs_df: Floats
    items: Floats
    alone: Floats
    items_df: Floats
    df: Floats
    split: NDArray[np.bool_]

    @property
    def variance(self) -> Floats:
        """Return V = S + R."""
        return self.runs + self.items

    def half_width(self, level: ArrayLike = 0.95) -> Floats:
        """Return half of the interval's width, points.

        t(df)·√V; where one side is fixed and ν is small √(t(ν)²·S + t(J−1)²·R), and no less than
        what the items give alone.
        """
        q = (1 + np.asarray(level)) / 2
        by_items = stdtrit(self.items_df, q) ** 2
        two = stdtrit(self.runs_df, q) ** 2 * self.runs + by_items * self.items
        two = np.maximum(two, by_items * self.alone)
        half: Floats = np.sqrt(np.where(self.split, two, stdtrit(self.df, q) ** 2 * self.variance))
        return half

    def p_value(self, estimate: ArrayLike) -> Floats:
        """Return the two-sided p-value of an estimate: the level whose interval ends at 0.

        An estimate of 0 has p = 1, also where nothing varies.
        """
        size = np.abs(np.asarray(estimate, float))
        with np.errstate(divide="ignore", invalid="ignore"):
            p = np.where(size > 0, 2 * stdtr(self.df, -size / np.sqrt(self.variance)), 1.0)
        if np.any(self.split):
            low, high = np.full(p.shape, -14.0), np.zeros(p.shape)  # powers of ten
            for _ in range(45):
                middle = (low + high) / 2
                inside = self.half_width(1 - 10**middle) > size
                low, high = np.where(inside, middle, low), np.where(inside, high, middle)
            p = np.where(self.split & (size > 0), 10**high, p)
        return np.minimum(1.0, p)


def combine(
    sides: Sequence[tuple[ArrayLike, ArrayLike]],
    pool: ArrayLike,
    alone: ArrayLike,
    mixture: ArrayLike,
    items_df: ArrayLike,
) -> Uncertainty:
    """Return what the interval of a signed sum of rows is made of.

    S = Σ s̃²/k, for runs are independent within and between rows; R = max(0, spread − mixture), for
    what a run mixes with the items is in S already. ν and df are Satterthwaite's. Sources: Welch
    1947; Satterthwaite 1946; two-way variance Cameron, Gelbach and Miller 2011.

    Args:
        sides: Of each row its variance over its number of runs, s̃²/k (0 if fixed), and the
            variance's degrees of freedom.
        pool: Degrees of freedom of the column in all, which ν cannot exceed.
        alone: Spread of the items.
        mixture: Sum of the rows' own mixtures, each over its number of runs.
        items_df: Degrees of freedom of the spread.
    """
    parts = [(np.asarray(part, float), np.asarray(df, float)) for part, df in sides]
    item, degrees = np.asarray(alone, float), np.asarray(items_df, float)
    runs: Floats = np.asarray(sum(part for part, _ in parts), float)
    with np.errstate(divide="ignore", invalid="ignore"):
        below = sum(np.where(part > 0, part**2 / df, 0) for part, df in parts)
        runs_df = np.where(runs > 0, np.minimum(runs**2 / below, pool), 1.0)
        items = np.maximum(0, item - mixture)
        least = np.full(np.shape(runs), np.inf)
        for part, df in parts:
            least = np.minimum(least, np.where(part > 0, df, np.inf))
        df = (runs + items) ** 2 / (runs**2 / runs_df + item**2 / degrees)
        df = np.where(runs > 0, np.clip(df, np.minimum(least, degrees), degrees), degrees)
    some = np.any([np.broadcast_to(part > 0, runs.shape) for part, _ in parts], axis=0)
    every = np.all([np.broadcast_to(part > 0, runs.shape) for part, _ in parts], axis=0)
    return Uncertainty(
        runs=runs,
        runs_df=runs_df,
        items=items,
        alone=item,
        items_df=degrees,
        df=df,
        split=some & ~every & (runs_df < FEW),
    )
