"""Variances of few runs, drawn towards those of the other rows (Smyth 2004, limma's squeezeVar)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, polygamma

from harness.statistics.jackknife import Floats

LEAST_RESIDUAL = 8
"""Fewer residual degrees of freedom (cells less columns) than these: nothing is shared."""
NO_EXCESS = 1e-4
"""Excess of the log-variances' variance up to which all variances of a column count as equal."""


@dataclass(frozen=True)
class RunVariances:
    """The variances of the runs of a column's rows.

    Attributes:
        variance: Of each row's runs (..., rows), points squared; 0 of a fixed row; nan where it
            is not known, for a row with one run where nothing is shared.
        df: Degrees of freedom of each (..., rows).
        pool: Those of the column in all (..., 1).
        shared: Whether they were drawn towards the column's own prior.
    """

    variance: Floats
    df: Floats
    pool: Floats
    shared: bool


@dataclass(frozen=True)
class Moderation:
    """How much the run variances of a family of rows and targets say about one another.

    Attributes:
        freedom: Degrees of freedom of the prior, d0: inf if all variances of a column are equal,
            None if there are too few cells to share anything.
    """

    freedom: float | None

    def of(self, variances: ArrayLike, df: ArrayLike) -> RunVariances:
        """Return the moderated variances of columns, each drawn towards its own prior.

        Args:
            variances: Sample variance of each row's runs (..., rows): 0 for a fixed row, nan for
                a row with one run.
            df: Runs less one (..., rows).
        """
        s2 = np.asarray(variances, float)
        runs = np.broadcast_to(np.asarray(df, float), s2.shape)
        live = np.nan_to_num(s2) > 0
        pool = np.where(live, runs, 0).sum(-1, keepdims=True)
        if self.freedom is None:
            return RunVariances(s2, np.where(live, runs, 0), pool, shared=False)
        known = np.where(live, runs, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            if np.isinf(self.freedom):
                prior = np.where(live, s2 * runs, 0).sum(-1, keepdims=True) / pool
                posterior = np.broadcast_to(prior, s2.shape)
            else:
                half = self.freedom / 2
                mean = np.where(live, _logs(s2, runs, live), 0).sum(-1, keepdims=True)
                mean = mean / live.sum(-1, keepdims=True)
                prior = np.exp(mean + digamma(half) - np.log(half))
                weighted = self.freedom * prior + np.where(live, runs * s2, 0)
                posterior = weighted / (self.freedom + known)
        fixed = np.nan_to_num(s2, nan=1.0) == 0
        return RunVariances(
            np.where(fixed, 0, posterior),
            np.where(fixed, 0, np.minimum(self.freedom + known, pool)),
            pool,
            shared=True,
        )


def moderate(variances: ArrayLike, df: ArrayLike) -> Moderation:
    """Return how much the run variances of a family say about one another.

    With e = ln s² − ψ(ν/2) + ln(ν/2), the excess E = Σ(e − ē of the column)² / (cells − columns) −
    mean ψ′(ν/2) gives d0 by ψ′(d0/2) = E. Source: Smyth 2004, sections 6.1 and 6.2.

    Args:
        variances: Sample variances of the runs (targets, rows), of all rows of a checkpoint and
            recipe, baseline included; 0 for a fixed row, nan for a row with one run.
        df: Runs less one (targets, rows).
    """
    s2 = np.atleast_2d(np.asarray(variances, float))
    runs = np.broadcast_to(np.asarray(df, float), s2.shape)
    live = np.nan_to_num(s2) > 0
    residual = int(live.sum() - live.any(-1).sum())
    if residual < LEAST_RESIDUAL:
        return Moderation(None)
    logs = np.where(live, _logs(s2, runs, live), 0)
    means = logs.sum(-1, keepdims=True) / np.maximum(1, live.sum(-1, keepdims=True))
    squares = np.where(live, (logs - means) ** 2, 0).sum()
    excess = float(squares / residual - polygamma(1, runs[live] / 2).mean())
    return Moderation(np.inf if excess <= NO_EXCESS else 2 * _trigamma_inverse(excess))


def _logs(s2: Floats, df: Floats, live: np.ndarray) -> Floats:
    """Return ln s² less its bias, for the live cells."""
    half = np.where(live, df, 2) / 2
    logs: Floats = np.log(np.where(live, s2, 1)) - digamma(half) + np.log(half)
    return logs


def _trigamma_inverse(value: float) -> float:
    """Return the x with ψ′(x) = value, by Newton's method (Smyth 2004, appendix)."""
    x = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(polygamma(1, x))
        x += trigamma * (1 - trigamma / value) / float(polygamma(2, x))
    return x
