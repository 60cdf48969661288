"""The best of several settings, and how good it really is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.statistics.column import Column
from harness.statistics.jackknife import Floats
from harness.statistics.runs import Row, Run


@dataclass(frozen=True)
class Best:
    """What the best setting of a column gains over the baseline, in points.

    Attributes:
        honest: Chosen on other runs and other test items than it is read off.
        naive: The highest difference; optimistic, for chance chose it, too.
    """

    honest: float
    naive: float


def best_of(settings: Sequence[Row], base: Row, column: Column) -> Best | None:
    """Return what the best setting gains; None with fewer than two runs of a row or empty halves.

    For each run and each half of the clusters the setting is chosen that is best on the other
    runs and that half, and read off this run and the other half.

    Args:
        settings: The rows to choose from.
        base: The baseline.
        column: The column.
    """
    halves = [_by_half(row, column) for row in (*settings, base)]
    runs = min(len(one) for one in halves)
    if runs < 2 or not settings:
        return None
    scores = np.stack([one[:runs] for one in halves[:-1]])  # (settings, runs, halves)
    against = halves[-1].mean(0)
    if not (np.isfinite(scores).all() and np.isfinite(against).all()):
        return None
    gains = []
    for run in range(runs):
        others = np.delete(scores, run, 1).mean(1)
        for half in range(2):
            choice = int(others[:, half].argmax())
            gains.append(scores[choice, run, 1 - half] - against[1 - half])
    whole = [_score(row, column) for row in (*settings, base)]
    return Best(float(np.mean(gains)), float(max(whole[:-1]) - whole[-1]))


def _by_half(row: Row, column: Column) -> Floats:
    """Return the score of each run on each half of the clusters (runs, 2), points.

    It is nan on a half that is empty in some language.
    """
    runs = [run for unit in row.units(column) for run in unit]
    return np.array([_halves(run, column) for run in runs]).reshape(-1, 2)


def _halves(run: Run, column: Column) -> Floats:
    scores = np.zeros(2)
    for (target, language), weight in column.weights.items():
        one = run.sums[target].languages[language]
        a, b = (np.bincount(one.halves, part, 2) for part in (one.a, one.b))
        scores += weight * 100 * np.divide(a, b, out=np.full(2, np.nan), where=b > 0)
    return scores


def _score(row: Row, column: Column) -> float:
    """Return a row's mean score over its runs, points."""
    runs = [run for unit in row.units(column) for run in unit]
    return float(
        np.mean(
            [
                sum(
                    w * run.sums[t].languages[code].score for (t, code), w in column.weights.items()
                )
                for run in runs
            ]
        )
    )
