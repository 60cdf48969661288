"""Many comparisons: adjusted p-values, on how many targets at least, ranks, best sets."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.statistics.jackknife import Floats

LEVEL = 0.05


def holm(p: ArrayLike) -> Floats:
    """Return p-values adjusted so that no true hypothesis is rejected, but for 5 in 100 families.

    Source: Holm 1979.

    Args:
        p: P-values (..., hypotheses) of one family; nan is not in it and stays nan.
    """
    values = np.asarray(p, float)
    order = np.argsort(values, -1)  # nan comes last
    ranked = np.take_along_axis(values, order, -1)
    left = (~np.isnan(values)).sum(-1, keepdims=True) - np.arange(values.shape[-1])
    steps = np.minimum(1.0, np.maximum.accumulate(ranked * np.maximum(left, 1), -1))
    adjusted = np.empty_like(steps)
    np.put_along_axis(adjusted, order, steps, -1)
    return adjusted


def bh(p: ArrayLike) -> Floats:
    """Return q-values: marks at q ≤ 0.05 are false in 5 of 100 on average.

    Source: Benjamini and Hochberg 1995.

    Args:
        p: P-values (..., hypotheses) of one family; nan is not in it and stays nan.
    """
    values = np.asarray(p, float)
    order = np.argsort(values, -1)  # nan comes last
    ranked = np.take_along_axis(values, order, -1)
    tested = (~np.isnan(values)).sum(-1, keepdims=True)
    scaled = ranked * tested / (1 + np.arange(values.shape[-1]))
    steps = np.minimum(1.0, np.fmin.accumulate(scaled[..., ::-1], -1)[..., ::-1])
    adjusted = np.empty_like(steps)
    np.put_along_axis(adjusted, order, np.where(np.isnan(ranked), np.nan, steps), -1)
    return adjusted


def at_least(p: ArrayLike, estimates: ArrayLike, *, up: bool) -> int:
    """Return k̂: on how many targets at least a row is better (or worse) than the baseline.

    The number that Holm rejects among the one-sided p-values, whatever their dependence. Source:
    Dror et al. 2017, k-Bonferroni.

    Args:
        p: Two-sided p-values by target; nan is not tested.
        estimates: The differences.
        up: Whether better is asked for.
    """
    values, sizes = np.asarray(p, float), np.asarray(estimates, float)
    if not values.size:
        return 0
    one_sided = np.where((sizes > 0) == up, values / 2, 1 - values / 2)
    return int((holm(np.where(np.isnan(values), np.nan, one_sided)) <= LEVEL).sum())


def rank_intervals(p: ArrayLike, scores: ArrayLike) -> NDArray[np.intp]:
    """Return between which ranks each entry is, 95 % for each entry.

    [1 + significantly better, entries − significantly worse], by Holm over an entry's differences
    to all others. Source: Mogstad et al. 2024 (csranks, arXiv 2401.15205).

    Args:
        p: P-values (entries, entries) of the differences between any two; the diagonal is unused.
        scores: The entries' scores (entries,).

    Returns:
        (entries, 2) lowest and highest rank, from 1.
    """
    values, size = np.array(p, float), np.asarray(scores, float)
    np.fill_diagonal(values, np.nan)
    significant = holm(values) <= LEVEL
    better = (significant & (size[None, :] > size[:, None])).sum(1)
    worse = (significant & (size[None, :] < size[:, None])).sum(1)
    return np.stack([1 + better, len(size) - worse], axis=1)


def best_set(p: ArrayLike, scores: ArrayLike) -> NDArray[np.bool_]:
    """Return which entries are not told apart from the observed best one.

    Args:
        p: P-values (entries, entries) of the differences between any two.
        scores: The entries' scores (entries,).
    """
    best = int(np.argmax(scores))
    against = np.array(p, float)[best]
    against[best] = np.nan
    return ~(holm(against) <= LEVEL)
