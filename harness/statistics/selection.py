"""The best of several settings, and how good it really is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.statistics.column import Column
from harness.statistics.jackknife import Floats
from harness.statistics.runs import Row


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
    rows = [*settings, base]
    return best_by_half(
        [_scores(row, column) for row in rows], [_by_half(row, column) for row in rows]
    )


def best_by_half(whole: Sequence[Floats], halves: Sequence[Floats]) -> Best | None:
    """Return what the best setting gains, as ``best_of``.

    Args:
        whole: Of each setting, then of the baseline, the scores of its runs (runs,).
        halves: The same on each half of the clusters (runs, 2); nan on one that is empty.
    """
    runs = min(len(one) for one in halves)
    if runs < 2 or len(halves) < 2:
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
    means = [float(np.mean(one)) for one in whole]
    return Best(float(np.mean(gains)), max(means[:-1]) - means[-1])


def _by_half(row: Row, column: Column) -> Floats:
    """Return the score of each run on each half of the clusters (runs, 2), points.

    It is nan on a half that is empty in some language.
    """
    sides = [
        np.sum([w * run.sums[t].languages[c].by_half for (t, c), w in column.weights.items()], 0)
        for unit in row.units(column)
        for run in unit
    ]
    return np.array(sides).reshape(-1, 2)


def _scores(row: Row, column: Column) -> Floats:
    """Return the score of each run (runs,), points."""
    return np.array(
        [
            sum(w * run.sums[t].languages[c].score for (t, c), w in column.weights.items())
            for unit in row.units(column)
            for run in unit
        ]
    )
