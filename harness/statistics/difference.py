"""A difference between rows of runs, and its interval."""

from __future__ import annotations

from collections.abc import Sequence
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
TINY = 1e-9  # points, within which an estimate is 0
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
        return np.array(
            [
                np.nan if not len(one) else one[0] if (one == one[0]).all() else one.mean()
                for one in self.scores
            ]
        )

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
        values = []
        for one, mixture, fixed in zip(self.scores, self.mixtures, self.fixed, strict=True):
            if fixed:
                values.append(0.0)
            elif len(one) < 2:
                values.append(np.nan)
            else:
                variance = float(one.var(ddof=1))
                values.append(variance if variance > ROUNDING else float(mixture))
        return np.array(values)

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
    alone, items_df = panel.spreads(rows, signs)
    runs, mixtures = np.maximum(panel.runs, 1), panel.mixtures_or_mean()
    variances, df = spread_of_runs.variance, spread_of_runs.df
    only = sum(np.isnan(variances[n]) for n in rows) > 0  # the items alone
    terms = list(zip(np.broadcast_arrays(*rows), signs, strict=True))
    return combine(
        [(np.where(only, 0.0, w * w * variances[n] / runs[n]), df[n]) for n, w in terms],
        spread_of_runs.pool[0],
        alone,
        np.where(only, 0.0, sum(w * w * mixtures[n] / runs[n] for n, w in terms)),
        items_df,
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
    if (panel.clusters < 2).any():
        raise NoInterval("a single cluster of test items")
    one = uncertainty(panel, rows, signs, spread_of_runs)
    means, variance = panel.means, np.atleast_1d(one.variance)
    estimates = np.atleast_1d(sum(w * means[n] for n, w in zip(rows, signs, strict=True)))
    estimates = np.where(np.abs(estimates) > TINY, estimates, 0.0)
    halves, p = np.atleast_1d(one.half_width()), np.atleast_1d(one.p_value(estimates))
    df, of_runs = (np.broadcast_to(part, variance.shape) for part in (one.df, one.runs))
    terms = np.stack([np.broadcast_to(n, variance.shape) for n in rows], axis=-1)
    found = []
    for i, used in enumerate(terms.tolist()):
        kind = _kind(panel, used, spread_of_runs)
        runs = [(len(panel.scores[n]), sign) for n, sign in zip(used, signs, strict=True)]
        found.append(
            Interval(
                estimate=float(estimates[i]),
                half=float(halves[i]),
                error=float(np.sqrt(variance[i])),
                df=float(df[i]),
                p=float("nan") if kind == "items only" else float(p[i]),
                share_runs=_share(float(of_runs[i]), float(variance[i]), kind),
                runs=min((count for count, sign in runs if sign > 0), default=0),
                base_runs=min((count for count, sign in runs if sign < 0), default=0),
                clusters=int(panel.clusters.sum()),
                kind=kind,
                sharing="shared" if spread_of_runs.shared else "own",
            )
        )
    return found


def _share(of_runs: float, variance: float, kind: Kind) -> float:
    """Return the runs' share of a variance; nan where nothing is known of it."""
    if kind == "items only" or not variance:
        return float("nan")
    return of_runs / variance


def _kind(panel: Panel, rows: Sequence[int], spread_of_runs: RunVariances) -> Kind:
    if all(panel.fixed[i] for i in rows):
        return "fixed"
    if np.isnan(spread_of_runs.variance[rows]).any():
        return "items only"
    one = any(panel.runs[i] < 2 and not panel.fixed[i] for i in rows)
    return "one seed" if one else "runs"


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
    for row in range(count - 1):  # all pairs at once take a lot of memory where rows are many
        others = np.arange(row + 1, count)
        made = uncertainty(panel, (row, others), (1.0, -1.0), spread_of_runs)
        p[row, others] = made.p_value(panel.means[row] - panel.means[others])
        p[others, row] = p[row, others]
    return p
