"""A difference between rows of runs, and its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.statistics.jackknife import Floats
from harness.statistics.moderation import RunVariances
from harness.statistics.power import smallest_effect
from harness.statistics.uncertainty import Uncertainty, combine

Kind = Literal["runs", "one seed", "items only", "fixed"]
Numbers = int | NDArray[np.intp]
NAN = float("nan")
TINY = 1e-9  # points, within which an estimate is 0
FEW = 64  # rows whose pairs are all in memory at once
ROUNDING = 1e-12  # of the spreads it is the difference of, below which a spread is 0


class NoInterval(HarnessError):
    """There are too few clusters for an interval; names the target and the language."""


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95 % interval, over fresh runs and fresh test items.

    Attributes:
        estimate: In points.
        half: Half of the interval's width, points.
        error: √V, its standard error, points.
        df: Degrees of freedom of the interval.
        p: Two-sided p-value; nan where only the items count.
        share_runs: The share of V that the runs bring, 0 to 1; nan where it is not known.
        runs: Runs of the row.
        base_runs: Runs of the baseline; 0 for a row's own score.
        clusters: Clusters of test items.
        kind: ``runs``; ``one seed`` where a row has one and takes the spread of the others;
            ``items only`` where nothing is known of another seed; ``fixed`` where nothing was
            trained.
        sharing: Whether run variances are ``shared`` between rows or a row's ``own``.
    """

    estimate: float
    half: float
    error: float
    df: float
    p: float
    share_runs: float
    runs: int
    base_runs: int
    clusters: int
    kind: Kind
    sharing: Literal["shared", "own"]

    @property
    def low(self) -> float:
        """Return the interval's lower end, points."""
        return self.estimate - self.half

    @property
    def high(self) -> float:
        """Return the interval's upper end, points."""
        return self.estimate + self.half

    @property
    def smallest(self) -> float:
        """Return the smallest true effect that this cell would have shown with 80 % power."""
        return smallest_effect(self.error**2, self.df)


@dataclass(frozen=True)
class Panel:
    """One column of all rows: all that intervals in it are made of.

    Attributes:
        scores: Of each row the scores of its runs, points.
        mixtures: Of each row M, the spread of a run's own mixture with the items (rows,); nan
            with one run, 0 if fixed.
        fixed: Of each row whether nothing was trained.
        items: Jackknife covariances of the rows' mean scores (strata, rows, rows).
        clusters: Clusters of each stratum (strata,).
    """

    scores: tuple[Floats, ...]
    mixtures: Floats
    fixed: tuple[bool, ...]
    items: Floats
    clusters: Floats

    def save(self, path: Path) -> None:
        """Write the panel as safetensors, so that it need not be made again."""
        from safetensors.numpy import save_file

        tensors: dict[str, NDArray[Any]] = {
            "scores": np.concatenate(self.scores),
            "runs": np.array([len(one) for one in self.scores]),
            "mixtures": self.mixtures,
            "fixed": np.array(self.fixed),
            "items": self.items,
            "clusters": self.clusters,
        }
        save_file(tensors, path)

    @classmethod
    def load(cls, path: Path) -> Panel:
        """Read a panel that ``save`` has written."""
        from safetensors.numpy import load_file

        parts = load_file(path)
        ends = np.cumsum(parts["runs"])[:-1]
        return cls(
            scores=tuple(np.split(parts["scores"], ends)),
            mixtures=parts["mixtures"],
            fixed=tuple(bool(one) for one in parts["fixed"]),
            items=parts["items"],
            clusters=parts["clusters"],
        )

    @cached_property
    def means(self) -> Floats:
        """Return each row's mean score (rows,), nan without a run."""
        # the mean of equal numbers may differ from them in the last digit
        values = np.full(len(self.scores), np.nan)
        for places, some in self._by_count():
            values[places] = np.where((some == some[:, :1]).all(1), some[:, 0], some.mean(1))
        return values

    def _by_count(self) -> Iterator[tuple[list[int], Floats]]:
        """Yield the rows that have equally many runs, and their scores (rows, runs)."""
        counts: dict[int, list[int]] = {}
        for place, one in enumerate(self.scores):
            counts.setdefault(len(one), []).append(place)
        for count, places in counts.items():
            if count:
                yield places, np.stack([self.scores[place] for place in places])

    @cached_property
    def runs(self) -> Floats:
        """Return how many runs each row has (rows,)."""
        return np.array([float(len(one)) for one in self.scores])

    @cached_property
    def variances(self) -> Floats:
        """Return the sample variance of each row's runs (rows,): 0 if fixed, nan with one.

        Runs that score the same by chance have at least their mixture with the items; it is 0
        where they answer alike, as if nothing was trained.
        """
        values = np.full(len(self.scores), np.nan)
        for places, some in self._by_count():
            if some.shape[1] > 1:
                each = some.var(1, ddof=1)
                values[places] = np.where(each > ROUNDING, each, self.mixtures[places])
        return np.where(self.fixed, 0.0, values)

    def spreads(self, rows: Sequence[Numbers], signs: Sequence[float]) -> tuple[Floats, Floats]:
        """Return the items' spread of signed sums of rows, and its degrees of freedom.

        Strata's spreads add; their degrees of freedom by Satterthwaite.

        Args:
            rows: Of each term of the sums its row, or an array of rows (sums,).
            signs: The terms' signs.
        """
        terms = list(zip(np.broadcast_arrays(*rows), signs, strict=True))
        each = sum(v * w * self.items[:, m, n] for m, v in terms for n, w in terms)
        scale = sum(w * w * self.items[:, n, n] for n, w in terms)
        each = np.where(each > ROUNDING * np.asarray(scale), each, 0.0)
        total = each.sum(0)
        less_one = (self.clusters - 1).reshape(-1, *[1] * (each.ndim - 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            df = total**2 / (each**2 / less_one).sum(0)
        return total, np.where(total > 0, df, less_one.sum())

    def mixtures_or_mean(self) -> Floats:
        """Return each row's M; of a row with one run the mean of the others'."""
        several = [m for m, fixed in zip(self.mixtures, self.fixed, strict=True) if not fixed]
        known = [m for m in several if not np.isnan(m)]
        return np.where(np.isnan(self.mixtures), np.mean(known) if known else 0.0, self.mixtures)


def uncertainty(
    panel: Panel, rows: Sequence[Numbers], signs: Sequence[float], spread_of_runs: RunVariances
) -> Uncertainty:
    """Return what the intervals of signed sums of rows are made of.

    Args:
        panel: The column.
        rows: Of each term of the sums its row, or an array of rows (sums,).
        signs: The terms' signs.
        spread_of_runs: The column's run variances.
    """
    runs, mixtures = np.maximum(panel.runs, 1), panel.mixtures_or_mean()
    return _combined(rows, signs, panel.spreads(rows, signs), runs, mixtures, spread_of_runs)


def _combined(
    rows: Sequence[Numbers],
    signs: Sequence[float],
    items: tuple[Floats, Floats],
    runs: Floats,
    mixtures: Floats,
    spread_of_runs: RunVariances,
) -> Uncertainty:
    """Return what the intervals of signed sums of rows are made of, in one column or several.

    Args:
        rows: Of each term of the sums its row, or an array of rows (sums,).
        signs: The terms' signs.
        items: The items' spreads (..., sums), and their degrees of freedom.
        runs: Runs of each row (..., rows).
        mixtures: M of each row (..., rows).
        spread_of_runs: The run variances (..., rows).
    """
    alone, items_df = items
    variances, df = spread_of_runs.variance, spread_of_runs.df
    only = sum(np.isnan(variances[..., n]) for n in rows) > 0  # the items alone
    terms = list(zip(np.broadcast_arrays(*rows), signs, strict=True))
    of_runs = [
        (np.where(only, 0.0, w * w * variances[..., n] / runs[..., n]), df[..., n])
        for n, w in terms
    ]
    mixed = sum(w * w * mixtures[..., n] / runs[..., n] for n, w in terms)
    pool = spread_of_runs.pool
    return combine(
        of_runs, pool[0] if pool.ndim == 1 else pool, alone, np.where(only, 0.0, mixed), items_df
    )


def contrasts(
    panel: Panel, rows: Sequence[Numbers], signs: Sequence[float], spread_of_runs: RunVariances
) -> list[Interval]:
    """Return signed sums of rows with their intervals.

    Args:
        panel: The column.
        rows: Of each term of the sums an array of rows (sums,), or one row for all sums.
        signs: The terms' signs: +1 and −1 for differences, +1 alone for rows' own scores.
        spread_of_runs: The column's run variances (``Moderation.of``).

    Raises:
        NoInterval: The column has a stratum with a single cluster.
    """
    one = spread_of_runs
    several = RunVariances(one.variance[None], one.df[None], one.pool[None], one.shared)
    return contrasts_of([panel], rows, signs, several)[0]


def contrasts_of(
    panels: Sequence[Panel],
    rows: Sequence[Numbers],
    signs: Sequence[float],
    spread_of_runs: RunVariances,
) -> list[list[Interval]]:
    """Return the same signed sums of rows in several columns, as ``contrasts``.

    Args:
        panels: The columns, of the same rows.
        rows: Of each term of the sums an array of rows (sums,), or one row for all sums.
        signs: The terms' signs.
        spread_of_runs: The columns' run variances (columns, rows).

    Raises:
        NoInterval: A column has a stratum with a single cluster.
    """
    if any((panel.clusters < 2).any() for panel in panels):
        raise NoInterval("a single cluster of test items")
    some = [np.atleast_1d(one) for one in np.broadcast_arrays(*rows)]
    items = [panel.spreads(some, signs) for panel in panels]
    spreads, degrees = (np.stack([one[part] for one in items]) for part in (0, 1))
    runs, means = (np.stack([getattr(p, name) for p in panels]) for name in ("runs", "means"))
    mixtures = np.stack([panel.mixtures_or_mean() for panel in panels])
    one = _combined(some, signs, (spreads, degrees), np.maximum(runs, 1), mixtures, spread_of_runs)
    estimates = sum(w * means[:, n] for n, w in zip(some, signs, strict=True))
    estimates = np.where(np.abs(estimates) > TINY, estimates, 0.0)
    variance, shape = one.variance, np.shape(estimates)
    columns: list[Any] = [estimates, one.half_width(), np.sqrt(variance), one.df]
    columns += [one.p_value(estimates), one.runs, variance]
    for up in (True, False):
        counts = [runs[:, n] for n, sign in zip(some, signs, strict=True) if (sign > 0) == up]
        columns.append(np.min(counts, axis=0) if counts else 0.0)
    columns.append(_kinds(panels, some, runs, spread_of_runs))
    values = zip(*(np.broadcast_to(each, shape).tolist() for each in columns), strict=True)
    sharing: Literal["shared", "own"] = "shared" if spread_of_runs.shared else "own"
    return [
        [_interval(cell, int(panel.clusters.sum()), sharing) for cell in zip(*each, strict=True)]
        for each, panel in zip(values, panels, strict=True)
    ]


def _interval(cell: tuple[Any, ...], clusters: int, sharing: Literal["shared", "own"]) -> Interval:
    """Return an interval of its numbers, in the order of ``contrasts_of``."""
    estimate, half, error, df, p, of_runs, variance, runs, base_runs, kind = cell
    items_only = kind == "items only"
    return Interval(
        estimate=estimate,
        half=half,
        error=error,
        df=df,
        p=NAN if items_only else p,
        # nothing is known of the runs' share, or nothing varies
        share_runs=NAN if items_only or not variance else of_runs / variance,
        runs=int(runs),
        base_runs=int(base_runs),
        clusters=clusters,
        kind=kind,
        sharing=sharing,
    )


def _kinds(
    panels: Sequence[Panel],
    rows: Sequence[NDArray[np.intp]],
    runs: Floats,
    spread_of_runs: RunVariances,
) -> NDArray[np.object_]:
    """Return the kind of each interval (columns, sums)."""
    fixed = np.array([panel.fixed for panel in panels])
    single = (runs < 2) & ~fixed
    unknown = np.isnan(spread_of_runs.variance)
    kinds = np.full((len(panels), len(rows[0])), "runs", object)
    kinds[np.any([single[:, n] for n in rows], axis=0)] = "one seed"
    kinds[np.any([unknown[:, n] for n in rows], axis=0)] = "items only"
    kinds[np.all([fixed[:, n] for n in rows], axis=0)] = "fixed"
    return kinds


def contrast(
    panel: Panel, rows: Sequence[int], signs: Sequence[float], spread_of_runs: RunVariances
) -> Interval:
    """Return one signed sum of rows with its interval; as ``contrasts``."""
    return contrasts(panel, rows, signs, spread_of_runs)[0]


def difference(panel: Panel, row: int, base: int, spread_of_runs: RunVariances) -> Interval:
    """Return a row's score less a baseline's, with its interval.

    The runs are not paired by seed; the items are paired.

    Args:
        panel: The column.
        row: Number of the row.
        base: Number of the baseline.
        spread_of_runs: The column's run variances.
    """
    return contrast(panel, (row, base), (1.0, -1.0), spread_of_runs)


def p_values(panel: Panel, spread_of_runs: RunVariances) -> Floats:
    """Return the p-values of the differences between all rows (rows, rows); 1 on the diagonal."""
    count = len(panel.scores)
    p = np.ones((count, count))
    if count <= FEW:
        left, right = np.triu_indices(count, 1)
        made = uncertainty(panel, (left, right), (1.0, -1.0), spread_of_runs)
        p[left, right] = made.p_value(panel.means[left] - panel.means[right])
        p[right, left] = p[left, right]
        return p
    for row in range(count - 1):  # all pairs at once take a lot of memory where rows are many
        others = np.arange(row + 1, count)
        made = uncertainty(panel, (row, others), (1.0, -1.0), spread_of_runs)
        p[row, others] = made.p_value(panel.means[row] - panel.means[others])
        p[others, row] = p[row, others]
    return p
