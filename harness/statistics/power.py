"""Before a study: the smallest true effect that it would most likely show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import nctdtr, stdtrit

from harness.statistics.multiple import LEVEL

POWER = 0.8


def smallest_effect(variance: float, df: float) -> float:
    """Return the smallest true effect that is told apart from 0 in 80 of 100 studies, points.

    The root x of 1 − F(t(df, 0.975); df, x) = 0.8, F the noncentral t distribution, times √V.

    Args:
        variance: V, of the estimate.
        df: Its degrees of freedom.
    """
    if not variance > 0:
        return 0.0
    critical = float(stdtrit(df, 1 - LEVEL / 2))
    low, high = 0.0, 1.0
    while nctdtr(df, high, critical) > 1 - POWER and high < 1e4:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        if nctdtr(df, middle, critical) > 1 - POWER:
            low = middle
        else:
            high = middle
    return high * math.sqrt(variance)


@dataclass(frozen=True)
class Spreads:
    """What the runs and the test items of a target vary by; all in points squared.

    Attributes:
        run: Variance of a run's score, σ².
        item: What the items add to the variance of a lasting difference of two rows.
        mixture: The share of σ² that one run mixes with the items.
        clusters: Clusters of test items.
        sides: How many sides of a difference have runs: 1 where the baseline is not trained.
    """

    run: float
    item: float
    mixture: float
    clusters: float
    sides: float = 2.0

    @classmethod
    def of_clusters(
        cls,
        clusters: float,
        run_sd: float,
        item_sd: float,
        mixture_sd: float,
        sides: float = 2.0,
    ) -> Spreads:
        """Return the spreads from standard deviations of a seed and of single clusters, points."""
        mixture = mixture_sd**2 / clusters
        return cls(run_sd**2 + mixture, item_sd**2 / clusters, mixture, clusters, sides)

    @classmethod
    def of_mean(cls, targets: Sequence[Spreads]) -> Spreads:
        """Return the spreads of the mean of targets that are trained apart."""
        squares = len(targets) ** 2
        return cls(
            run=sum(one.run * one.sides / 2 for one in targets) / squares,
            item=sum(one.item for one in targets) / squares,
            mixture=sum(one.mixture * one.sides / 2 for one in targets) / squares,
            clusters=sum(one.clusters for one in targets),
        )


def planned_effect(runs: int, spreads: Spreads, pool: float | None = None) -> float:
    """Return the smallest effect of a setting against its baseline, both with as many runs.

    Welch's degrees of freedom for two rows alone are themselves estimated, so they count
    1.5·(k − 1) and not 2·(k − 1).

    Args:
        runs: k, of either side.
        spreads: What runs and items vary by.
        pool: Degrees of freedom of all rows that share their spreads; None for two rows alone.

    Returns:
        Points; inf for one run that shares with nothing.
    """
    alone_df = 1.5 * (runs - 1) if spreads.sides > 1 else runs - 1.0
    runs_df = alone_df if pool is None else pool
    if not runs_df:
        return math.inf
    of_runs = spreads.sides * spreads.run / runs
    alone = spreads.item + spreads.sides * spreads.mixture / runs
    variance = of_runs + spreads.item
    df = variance**2 / (of_runs**2 / runs_df + alone**2 / (spreads.clusters - 1))
    return smallest_effect(variance, df)
