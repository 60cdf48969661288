"""How often the 95 % intervals of differences cover the truth, in simulated studies.

    OMP_NUM_THREADS=1 python benchmarks/coverage.py [table ...] [--worlds 1.0]

Tables: methods items grid family ranks power tagging. Exits with 1 if a number is outside the
bounds that docs/statistics.md names. `--worlds 0.1` draws a tenth of the worlds, with wider bounds.

A world is drawn down to the single answer. Run s of row m is right on item i of cluster c in
language l if this sum is above 0, every term normal and drawn afresh:

    level of m and l  +  seed (of the run, and half as much by language)
    + difficulty (cluster, item, item by language)
    + what the row changes on the item + what the run changes on it + the rest

so that the true difference is known: the probability that a sum of normals is above 0.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

from harness.statistics import Panel, bh, holm, moderate, rank_intervals
from harness.statistics.difference import p_values, uncertainty
from harness.statistics.jackknife import Floats, covariances, left_out, spread
from harness.statistics.moderation import RunVariances
from harness.statistics.power import Spreads, planned_effect
from harness.statistics.uncertainty import Uncertainty, combine

CLUSTER, ITEM, LANGUAGE, ROW, RUN, REST = 0.9, 0.6, 0.5, 0.2, 0.35, 0.35
"""Standard deviations of the terms, in the order of the sum above."""


@dataclass(frozen=True)
class World:
    """A target with a row and its baseline.

    Attributes:
        clusters: Clusters of test items.
        items: Items of a cluster.
        languages: Languages; an item is the same in all of them.
        seed_sd: Standard deviation of the seed's term.
        fixed: Whether the baseline is not trained, so that all its runs are equal.
        tagging: Whether an item is a sentence with several chunks, scored by F1.
        gain: Mean shift of the row's level.
    """

    clusters: int
    items: int
    languages: int
    seed_sd: float
    fixed: bool = False
    tagging: bool = False
    gain: float = 0.05

    def levels(self) -> tuple[Floats, Floats]:
        """Return mean levels and standard deviations of the sums, of row and baseline."""
        rng = np.random.default_rng(7)
        items = sum(sd**2 for sd in (CLUSTER, ITEM, LANGUAGE, ROW, RUN, REST))
        seeds = 1.25 * self.seed_sd**2
        sds = np.sqrt([items + seeds, items + (0 if self.fixed else seeds)])
        base = ndtri(0.75) + rng.normal(0, 0.3, self.languages)
        row = ndtri(np.clip(ndtr(base) + self.gain * rng.uniform(0.5, 1.5, len(base)), 0.02, 0.98))
        return np.stack([row * sds[0], base * sds[1]]), sds

    def truth(self) -> float:
        """Return the true difference, 0 to 1; of tagging by the mean of very large draws."""
        if not self.tagging:
            levels, sds = self.levels()
            share = ndtr(levels / sds[:, None]).mean(-1)
            return float(share[0] - share[1])
        large, rng = replace(self, clusters=self.clusters * 100), np.random.default_rng(99)
        sums = (large.draw(rng, 1) for _ in range(60))
        scores = [(a.sum(-1) / b.sum(-1)).mean(-1)[:, 0] for a, b in sums]
        return float(np.mean([one[0] - one[1] for one in scores]))

    def draw(self, rng: np.random.Generator, runs: int) -> tuple[Floats, Floats]:
        """Return the sums by cluster: a and b (2, runs, languages, clusters)."""

        def normal(sd: float, *shape: int) -> np.ndarray:
            return rng.standard_normal(shape, dtype=np.float32) * np.float32(sd)

        count, per, languages = self.clusters, self.items, self.languages
        levels = self.levels()[0].astype(np.float32)
        hard = normal(CLUSTER, 1, count, 1) + normal(ITEM, 1, count, per)
        hard = hard + normal(LANGUAGE, languages, count, per)
        chunks = rng.integers(2, 9, (1, count, per)) if self.tagging else None
        a, b = np.empty((2, 2, runs, languages, count))
        for m in range(2):
            row = normal(ROW, 1, count, per)
            for s in range(runs):
                if m and s and self.fixed:
                    a[m, s], b[m, s] = a[m, 0], b[m, 0]
                    continue
                seed = normal(self.seed_sd, 1) + normal(self.seed_sd / 2, languages)
                seed = 0 * seed if m and self.fixed else seed
                level = (levels[m] + seed)[:, None, None]
                value = level + hard + row + normal(RUN, 1, count, per)
                value = value + normal(REST, languages, count, per)
                if chunks is None:
                    a[m, s], b[m, s] = (value > 0).sum(-1), per
                else:
                    gold = np.broadcast_to(chunks, value.shape)
                    right = rng.binomial(gold, ndtr(value))
                    wrong = rng.binomial(gold - right, 0.8)
                    a[m, s], b[m, s] = 2 * right.sum(-1), (right + wrong + gold).sum(-1)
        return a, b


SHAPES = {
    "XNLI-like, runs rule": World(557, 3, 15, 0.04),
    "XQuAD-like, both": World(240, 5, 11, 0.015),
    "small test, items rule": World(200, 1, 9, 0.01),
    "retrieval, baseline fixed": World(500, 1, 12, 0.04, fixed=True),
}


# ---------------------------------------------------------------- the interval, many worlds at once
def two_rows(theta: Floats, z: Floats, clusters: int) -> tuple[Floats, Uncertainty]:
    """Return differences and their uncertainty for two rows that share with nobody.

    Args:
        theta: Scores (worlds, 2, runs).
        z: Delete-one differences (worlds, 2, runs, clusters).
        clusters: J.
    """
    runs, means = theta.shape[-1], z.mean(-2)
    variance = theta.var(-1, ddof=1)
    variance = np.where(variance < 1e-20, 0.0, variance)
    mixture = spread(z - means[..., None, :], clusters).sum(-1) / (runs - 1)
    sides = [(variance[..., i] / runs, runs - 1) for i in range(2)]
    alone = spread(means[..., 0, :] - means[..., 1, :], clusters)
    made = combine(sides, np.inf, alone, mixture.sum(-1) / runs, clusters - 1)
    return theta[..., 0, :].mean(-1) - theta[..., 1, :].mean(-1), made


def panel(theta: Floats, z: Floats, fixed: tuple[bool, ...], one_run: int = -1) -> Panel:
    """Return a column of rows with scores (rows, runs) and differences (rows, runs, clusters)."""
    counts = [1 if i == one_run else theta.shape[1] for i in range(len(theta))]
    clusters = z.shape[-1]
    means = np.stack([z[i, :k].mean(0) for i, k in enumerate(counts)])
    mixtures = [
        spread(z[i, :k] - means[i], clusters).sum() / (k - 1) if k > 1 else np.nan
        for i, k in enumerate(counts)
    ]
    return Panel(
        scores=tuple(theta[i, :k] for i, k in enumerate(counts)),
        mixtures=np.where(fixed, 0.0, mixtures),
        fixed=fixed,
        items=covariances(means, clusters)[None],
        clusters=np.array([float(clusters)]),
    )


def scores_of(a: Floats, b: Floats) -> tuple[Floats, Floats, Floats]:
    """Return scores (2, runs), differences (2, runs, clusters), and those by language."""
    by_language = left_out(a, b)
    return (a.sum(-1) / b.sum(-1)).mean(-1), by_language.mean(2), by_language


def plain(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    seed_sd: Floats,
    lasting: float,
    mixture: float,
    *,
    clusters: int,
    tail: str = "normal",
    correlation: float = 0.0,
) -> tuple[Floats, Floats]:
    """Return scores (…, rows, runs) and differences of worlds without items; truth 0.

    Args:
        rng: Draws the worlds.
        shape: (…, rows, runs).
        seed_sd: Standard deviation of a run (…, rows).
        lasting: Standard deviation over clusters of what a row changes, times √2.
        mixture: Standard deviation over clusters of what a run changes.
        clusters: J.
        tail: Of the runs: normal, t5, skewed, or failing (one in twenty 8 s.d. lower).
        correlation: Between the rows' runs of one seed.
    """
    if tail == "t5":
        u = rng.standard_t(5, shape) / np.sqrt(5 / 3)
    elif tail == "skewed":
        u = (rng.chisquare(4, shape) - 4) / np.sqrt(8)
    else:
        u = rng.standard_normal(shape)
    if tail == "failing":
        u = u - 8 * ((rng.random(shape) < 0.05) - 0.05)
    if correlation:
        first = u[..., :1, :]
        u[..., 1:, :] = correlation * first + np.sqrt(1 - correlation**2) * u[..., 1:, :]
    rows = rng.standard_normal((*shape[:-1], 1, clusters), np.float32) * (lasting / np.sqrt(2))
    z = (rows + rng.standard_normal((*shape, clusters), np.float32) * mixture) / clusters
    theta = u * np.asarray(seed_sd)[..., None] + z.sum(-1)
    return theta, (z - z.mean(-1, keepdims=True)) * (clusters / (clusters - 1))


# ---------------------------------------------------------------- the tables
@dataclass
class Bounds:
    """Checks numbers against their bounds; wider with fewer worlds."""

    worlds: float
    outside: int = 0

    def text(self, value: float, low: float, high: float) -> str:
        """Return a percentage, marked if it is outside."""
        slack = 0.0 if self.worlds >= 1 else 0.5
        good = low - slack <= value <= high + slack
        self.outside += not good
        return f"{value:.1f}" + ("" if good else f" [OUTSIDE {low:g}–{high:g}]")

    def count(self, worlds: int) -> int:
        """Return how many worlds to draw."""
        return max(50, round(worlds * self.worlds))


def other_methods(
    a: Floats, b: Floats, rng: np.random.Generator, resamples: int
) -> Iterator[tuple[str, float, float]]:
    """Yield of each method that is not ours its name, and its interval's ends."""
    runs, languages, clusters = a.shape[1:]
    theta, z, by_language = scores_of(a, b)
    pairs = theta[0] - theta[1]
    mean, error = pairs.mean(), pairs.std(ddof=1) / np.sqrt(runs)

    def around(name: str, half: float, middle: float = mean) -> tuple[str, float, float]:
        return name, middle - half, middle + half

    yield around("seed s.d. / √k, 1.96", 1.96 * error)
    yield around("the same, Student t", stdtrit(runs - 1, 0.975) * error)
    rows = by_language[0].mean(0) - by_language[1].mean(0)
    yield around(
        "rows independent, no seeds", 1.96 * np.sqrt(spread(rows, clusters).sum()) / languages
    )
    item = spread(z[0].mean(0) - z[1].mean(0), clusters)
    yield around("clustered, no seeds (Miller)", 1.96 * np.sqrt(item))
    weights = rng.multinomial(clusters, np.full(clusters, 1 / clusters), resamples)
    sums = np.stack([a, b]).reshape(-1, clusters).astype(np.float32) @ weights.T.astype(np.float32)
    top, bottom = sums.reshape(2, 2, runs, languages, resamples)
    drawn = (top / bottom).mean(2)
    chosen = np.take_along_axis(drawn, rng.integers(0, runs, (2, runs, resamples)), 1).mean(1)
    low, high = np.percentile(chosen[0] - chosen[1], [2.5, 97.5])
    yield "bootstrap seeds × clusters", low, high
    own = (drawn[0] - drawn[1])[np.arange(runs), rng.integers(0, resamples, runs)]
    yield around("runs on own resamples", 1.96 * own.std(ddof=1) / np.sqrt(runs), own.mean())
    paired_z = z[0] - z[1]
    mixture = spread(paired_z - paired_z.mean(0), clusters).sum() / (runs - 1) / runs
    paired = combine([(error**2, runs - 1)], np.inf, item, mixture, clusters - 1)
    yield around("two-way t, paired by seed", float(paired.half_width()))


def table_methods(bounds: Bounds) -> None:
    """Print what several methods cover, on worlds of single answers."""
    worlds = bounds.count(1500)
    for runs in (3, 5):
        print(f"\n## k = {runs}: coverage % (half-width, points), {worlds} worlds")
        for name, world in SHAPES.items():
            rng, truth = np.random.default_rng([1, runs]), world.truth()
            hits: dict[str, int] = {}
            widths: dict[str, float] = {}
            for _ in range(worlds):
                a, b = world.draw(rng, runs)
                theta, z, _ = scores_of(a, b)
                mean, made = two_rows(theta, z, world.clusters)
                half = float(made.half_width())
                for method, low, high in [
                    *other_methods(a, b, rng, 400),
                    ("section 3, own", mean - half, mean + half),
                ]:
                    hits[method] = hits.get(method, 0) + bool(low <= truth <= high)
                    widths[method] = widths.get(method, 0.0) + (high - low) / 2
            print(f"{name}:")
            for method, hit in hits.items():
                print(
                    f"  {method:32}{100 * hit / worlds:6.1f} ({100 * widths[method] / worlds:.2f})"
                )


def covered_items(world: World, runs: int, worlds: int) -> tuple[float, float]:
    """Return how often our interval covers the truth (%), and its mean half-width (points)."""
    rng, truth, hit, width = np.random.default_rng([11, runs]), world.truth(), 0, 0.0
    for _ in range(worlds):
        theta, z, _ = scores_of(*world.draw(rng, runs))
        mean, made = two_rows(theta, z, world.clusters)
        half = float(made.half_width())
        hit, width = hit + (abs(mean - truth) <= half), width + half
    return 100 * hit / worlds, 100 * width / worlds


def table_items(bounds: Bounds) -> None:
    """Print what our interval covers, on more worlds of single answers."""
    worlds = bounds.count(4000)
    print(f"\n## section 3, own, worlds of single answers, {worlds} each: coverage %")
    for runs in (3, 5, 10):
        line = []
        for name, world in SHAPES.items():
            covered, width = covered_items(world, runs, worlds // 4 if runs == 10 else worlds)
            share = bounds.text(covered, 94, 98.5 if world.fixed else 96)
            line.append(f"{name} {share} ({width:.2f})")
        print(f"  k={runs:2}: " + "; ".join(line), flush=True)


def covered_alone(
    runs: int,
    share: float,
    tail: str,
    correlation: float,
    sds: tuple[int, int],
    worlds: int,
) -> float:
    """Return how often our interval of two rows alone covers the truth, percent.

    Args:
        runs: Of either row.
        share: The runs' share of the variance.
        tail: How runs are distributed.
        correlation: Between the rows' runs of one seed.
        sds: Standard deviations of the rows' runs; 0 for a baseline that is not trained.
        worlds: How many to draw.
    """
    clusters, hit = 60, 0
    seeds = (sds[0] ** 2 + sds[1] ** 2 - 2 * correlation) / runs
    items = seeds * (1 - share) / share * (4 if tail == "failing" else 1)
    for part in range(0, worlds, 2000):
        theta, z = plain(
            np.random.default_rng([runs, int(100 * share), part]),
            (min(2000, worlds - part), 2, runs),
            np.asarray(sds, float),
            np.sqrt(items * clusters / 2),
            np.sqrt(items * clusters * runs / 4),
            clusters=clusters,
            tail=tail,
            correlation=correlation,
        )
        if not sds[1]:
            theta[:, 1], z[:, 1] = theta[:, 1, :1], z[:, 1, :1]
        mean, made = two_rows(theta, z, clusters)
        hit += int((abs(mean) <= made.half_width()).sum())
    return 100 * hit / worlds


def table_grid(bounds: Bounds) -> None:
    """Print what our interval covers by the runs' share of the variance and their distribution."""
    worlds = bounds.count(12_000)
    print(f"\n## section 3, own, {worlds} worlds: coverage % at shares of runs .2 .4 .6 .8 .95")
    for tail, correlation, sds, low, high in (
        ("normal", 0.0, (1, 1), 94, 96),
        ("normal", 0.0, (2, 1), 94, 96),
        ("t5", 0.0, (1, 1), 94, 97),
        ("skewed", 0.0, (1, 1), 94, 97),
        ("failing", 0.0, (1, 1), 94, 98),
        ("normal", 0.5, (1, 1), 95, 100),
        ("normal", 0.0, (1, 0), 94, 98.5),
    ):
        print(f"runs {tail}, correlation {correlation}, s.d. {sds[0]}:{sds[1]}")
        for runs in (3, 5, 10):
            line = [
                bounds.text(covered_alone(runs, share, tail, correlation, sds, worlds), low, high)
                for share in (0.2, 0.4, 0.6, 0.8, 0.95)
            ]
            print(f"  k={runs:2}  " + "  ".join(line), flush=True)


@dataclass
class Found:
    """What a table of a family counts, as shares of studies or cells."""

    covered: float = 0.0
    half: float = 0.0
    holm_false: float = 0.0
    bh_false: float = 0.0
    bh_true: float = 0.0
    studies: int = 0


def family(
    runs: int, settings: int, targets: int, unequal: float, *, studies: int, alone: bool
) -> Found:
    """Return what the intervals and marks of a study's table get right.

    Two targets have a fixed baseline; 30 % of the cells have an effect of 3 standard errors. With
    ``runs`` 1 the first setting has one run and all other rows three.

    Args:
        runs: Of each row.
        settings: Rows besides the baseline.
        targets: Columns.
        unequal: Standard deviation of the log of the rows' run spreads within a target.
        studies: How many to draw.
        alone: Whether each row keeps its own spread.
    """
    found, clusters, rows, drawn = Found(), 60, settings + 1, max(runs, 3) if runs == 1 else runs
    for study in range(studies):
        rng = np.random.default_rng([study, runs, settings])
        level = 0.7 * np.exp(rng.normal(0, 0.4, (targets, 1)))
        sd = level * np.exp(rng.normal(0, unequal, (targets, rows)) - unequal**2)
        sd[-2:, 0] = 0  # a fixed baseline has no seed
        theta, z = plain(rng, (targets, rows, drawn), sd, 4.0, 6.0, clusters=clusters)
        error = np.sqrt(2 * level**2 / drawn + (16 + 72 / drawn) / clusters)
        effects = (rng.random((targets, settings)) < 0.3) * 3 * error
        theta[:, 1:] += effects[..., None]
        panels = []
        for t in range(targets):
            fixed = t >= targets - 2
            if fixed:
                theta[t, 0], z[t, 0] = theta[t, 0, :1], z[t, 0, :1]
            panels.append(
                panel(theta[t], z[t], (fixed, *[False] * settings), 1 if runs == 1 else -1)
            )
        cells = [1] if runs == 1 else list(range(1, rows))
        p, hit, half = _family_cells(panels, cells, effects, alone=alone)
        truth = effects[:, [cell - 1 for cell in cells]] == 0
        found.covered += hit
        found.half += half
        found.holm_false += bool(((holm(p.ravel()).reshape(p.shape) <= 0.05) & truth).any())
        marks = bh(p.ravel()).reshape(p.shape) <= 0.05
        found.bh_false += (marks & truth).sum() / max(1, marks.sum())
        found.bh_true += marks[~truth].mean() if (~truth).any() else 0.0
        found.studies += 1
    return found


def _family_cells(
    panels: list[Panel], cells: list[int], effects: Floats, *, alone: bool
) -> tuple[Floats, float, float]:
    """Return p-values (targets, cells), the share of cells covered, the mean half-width."""
    variances = [one.variances for one in panels]
    freedom = moderate(variances, [one.runs - 1 for one in panels])
    p, hits, halves = [], [], []
    for t, one in enumerate(panels):
        runs = (
            RunVariances(variances[t], one.runs - 1, np.array([np.inf]), shared=False)
            if alone
            else freedom.of(variances[t], one.runs - 1)
        )
        made = uncertainty(one, (np.array(cells), 0), (1.0, -1.0), runs)
        means = one.means[cells] - one.means[0]
        half = made.half_width()
        p.append(made.p_value(means))
        hits.append(abs(means - effects[t, [c - 1 for c in cells]]) <= half)
        halves.append(half)
    return np.array(p), float(np.mean(hits)), float(np.mean(halves))


def table_family(bounds: Bounds) -> None:
    """Print what a study's table covers, and how many of its marks are false."""
    studies = bounds.count(400)
    print(
        f"\n## studies with shared spreads, {studies} each: coverage % (half-width); own beside it"
    )
    for settings, targets in ((9, 9), (3, 3), (1, 9)):
        for unequal in (0.0, 0.4, 0.6):
            for runs in (1, 2, 3, 5, 10):
                if (runs != 3 or unequal == 0.6) and (settings, targets) != (9, 9):
                    continue
                if unequal == 0.6 and runs != 3:
                    continue
                f = family(runs, settings, targets, unequal, studies=studies, alone=False)
                n = f.studies / 100
                low = 94 if runs > 2 else 93
                shared = bounds.text(
                    f.covered / n, low, 96 if targets > 3 and settings > 1 else 97.5
                )
                line = f"  {settings} × {targets}, spreads {unequal}, k={runs:2}: {shared}"
                line += f" ({f.half / f.studies:.2f})"
                if runs > 1:
                    own = family(runs, settings, targets, unequal, studies=studies // 4, alone=True)
                    false = bounds.text(f.bh_false / n, 0, 6)
                    wrong = bounds.text(f.holm_false / n, 0, 6 if not unequal else 9)
                    line += (
                        f" | own {own.covered / own.studies * 100:.1f}"
                        f" ({own.half / own.studies:.2f}); false marks {false} %, any false by Holm"
                        f" {wrong} %; effects found {f.bh_true / n:.0f} %,"
                        f" own {own.bh_true / own.studies * 100:.0f} %"
                    )
                print(line, flush=True)


def ranks_hold(gap: float, studies: int) -> tuple[float, float]:
    """Return how many of ten entries' rank intervals hold the true ranks (%), and their width.

    Args:
        gap: Distance of neighbours, in standard errors of their difference.
        studies: Boards to draw.
    """
    entries, runs, clusters, holds, width = 10, 3, 100, 0.0, 0.0
    means = np.arange(entries)[::-1] * gap
    means = means * np.sqrt(2 * 0.49 / runs + (25 + 72 / runs) / clusters)
    first = 1 + (means[None] > means[:, None]).sum(1)
    last = entries - (means[None] < means[:, None]).sum(1)
    for study in range(studies):
        rng = np.random.default_rng([study, int(10 * gap)])
        theta, z = plain(rng, (entries, runs), np.full(entries, 0.7), 5.0, 6.0, clusters=clusters)
        one = panel(theta + means[:, None], z, (False,) * entries)
        spreads = moderate(one.variances, one.runs - 1).of(one.variances, one.runs - 1)
        ranks = rank_intervals(p_values(one, spreads), one.means)
        holds += ((ranks[:, 0] <= first) & (last <= ranks[:, 1])).mean()
        width += (ranks[:, 1] - ranks[:, 0]).mean()
    return 100 * holds / studies, width / studies


def table_ranks(bounds: Bounds) -> None:
    """Print how often rank intervals hold the true rank of ten entries."""
    studies = bounds.count(400)
    print(f"\n## rank intervals of ten entries, 3 runs, {studies} boards: % that hold (width)")
    for gap in (0.0, 0.1, 0.5, 1.0, 2.0, 4.0):
        holds, width = ranks_hold(gap, studies)
        share = bounds.text(holds, 94, 100)
        print(f"  neighbours {gap} s.e. apart: {share} ({width:.1f})", flush=True)


def table_power(bounds: Bounds) -> None:
    """Print the smallest effect by plan, and the power that it really has."""
    worlds = bounds.count(4000)
    print("\n## smallest effect with 80 % power, points: alone (power found) | ten rows share")
    for name, clusters, lasting, mixture in (
        ("XNLI-like, 1,670 premises", 1670, 4.0, 6.0),
        ("XQuAD-like, 240 paragraphs", 240, 5.0, 8.0),
    ):
        line, spreads = [], Spreads.of_clusters(clusters, 0.6, lasting, mixture)
        for runs in (2, 3, 5, 10):
            effect = planned_effect(runs, spreads)
            few = min(clusters, 200)  # as many clusters as make the same spread, for speed
            scale = np.sqrt(few / clusters)
            theta, z = plain(
                np.random.default_rng([runs, clusters]),
                (worlds, 2, runs),
                np.array([0.6, 0.6]),
                lasting * scale,
                mixture * scale,
                clusters=few,
            )
            theta[:, 0] += effect
            mean, made = two_rows(theta, z, few)
            power = 100 * float((made.p_value(mean) <= 0.05).mean())
            found = bounds.text(power, *((60, 80) if runs == 2 else (76, 84)))
            shared = planned_effect(runs, spreads, pool=10 * (runs - 1))
            line.append(f"k={runs} {effect:.1f} ({found} %) | {shared:.1f}")
        one = planned_effect(1, spreads, pool=18)
        print(f"  {name}: k=1 – | {one:.1f}; " + "; ".join(line), flush=True)


def table_tagging(bounds: Bounds) -> None:
    """Print what our interval covers for F1 from sums by sentence."""
    worlds = bounds.count(2500)
    print(f"\n## F1 from sums by sentence, 6 languages, k = 3, {worlds} worlds: coverage %")
    for clusters in (50, 200):
        world = World(clusters, 1, 6, 0.02, tagging=True, gain=0.03)
        rng, truth, hit, width = np.random.default_rng(1), world.truth(), 0, 0.0
        for _ in range(worlds):
            theta, z, _ = scores_of(*world.draw(rng, 3))
            mean, made = two_rows(theta, z, clusters)
            half = float(made.half_width())
            hit, width = hit + (abs(mean - truth) <= half), width + half
        share = bounds.text(100 * hit / worlds, 93.5, 97)
        print(f"  {clusters} sentences: {share} ({100 * width / worlds:.2f})", flush=True)


TABLES: dict[str, Callable[[Bounds], None]] = {
    "methods": table_methods,
    "items": table_items,
    "grid": table_grid,
    "family": table_family,
    "ranks": table_ranks,
    "power": table_power,
    "tagging": table_tagging,
}


def main() -> int:
    """Print the tables; return 1 if a number is outside its bounds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", metavar="table", help=" ".join(TABLES))
    parser.add_argument("--worlds", type=float, default=1.0, help="Share of the worlds to draw.")
    options = parser.parse_args()
    bounds = Bounds(options.worlds)
    for name in options.tables or TABLES:
        start = time.process_time()
        TABLES[name](bounds)
        print(f"[{name}: {time.process_time() - start:.0f} CPU s]", flush=True)
    print(f"{bounds.outside} numbers outside their bounds")
    return int(bounds.outside > 0)


if __name__ == "__main__":
    sys.exit(main())
