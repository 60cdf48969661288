"""Intervals of differences: the formulas against their definitions, and their limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.statistics import Panel, contrast, difference, moderate, smallest_effect
from harness.statistics.difference import p_values
from harness.statistics.jackknife import covariances, left_out, spread
from harness.statistics.power import Spreads, planned_effect
from harness.statistics.uncertainty import combine

Floats = np.ndarray


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def panel_of(theta: list[Floats], z: list[Floats], fixed: tuple[bool, ...] | None = None) -> Panel:
    """A column of one stratum from scores (runs,) and differences (runs, clusters) of each row."""
    fixed = fixed or (False,) * len(theta)
    clusters = z[0].shape[-1]
    mixtures = [
        spread(one - one.mean(0), clusters).sum() / (len(one) - 1) if len(one) > 1 else math.nan
        for one in z
    ]
    return Panel(
        scores=tuple(theta),
        mixtures=np.where(fixed, 0.0, mixtures),
        fixed=fixed,
        items=covariances(np.stack([one.mean(0) for one in z]), clusters)[None],
        clusters=np.array([float(clusters)]),
    )


def drawn(rows: int, runs: int, clusters: int = 30, seed: int = 0) -> tuple[Floats, Floats]:
    """Scores (rows, runs) and differences (rows, runs, clusters) around them."""
    generator = rng(seed)
    z = generator.normal(size=(rows, runs, clusters)) / clusters
    z += generator.normal(size=(rows, 1, clusters)) / clusters
    theta = 60 + generator.normal(size=(rows, runs))
    return theta, z - z.mean(-1, keepdims=True)


@given(st.integers(0, 10**6), st.integers(2, 12))
def test_left_out_is_the_score_less_the_score_without_a_cluster(seed: int, clusters: int) -> None:
    generator = rng(seed)
    b = generator.integers(1, 9, clusters).astype(float)
    a = np.floor(b * generator.random(clusters))
    expected = [
        a.sum() / b.sum() - np.delete(a, c).sum() / np.delete(b, c).sum() for c in range(clusters)
    ]
    assert left_out(a, b) == pytest.approx(expected, abs=1e-12)


def test_a_language_with_neither_gold_nor_predictions_has_no_differences() -> None:
    assert (left_out(np.zeros(5), np.zeros(5)) == 0).all()


@given(st.integers(0, 10**6), st.integers(0, 5))
def test_a_spread_counts_the_clusters_that_are_left_out_as_zeros(seed: int, more: int) -> None:
    z = rng(seed).normal(size=7)
    whole = np.concatenate([z, np.zeros(more)])
    mean = whole.mean()
    expected = (len(whole) - 1) / len(whole) * ((whole - mean) ** 2).sum()
    assert spread(z, len(whole)) == pytest.approx(expected)
    rows = rng(seed).normal(size=(3, 7))
    matrix = covariances(rows, len(whole))
    assert matrix[0, 0] + matrix[2, 2] - 2 * matrix[0, 2] == pytest.approx(
        spread(rows[0] - rows[2], len(whole))
    )


def test_the_worked_example_of_the_documentation() -> None:
    """docs/statistics.md computes this one by hand."""
    row = [np.array([60.0, 62.0, 61.0]), np.array([58.0, 59.0, 60.0])]
    z = [np.array([[1.0, -1, 0, 0]] * 3) / 2, np.array([[0.0, 0, 1, -1]] * 3) / 2]
    panel = panel_of(row, z)
    runs = moderate(panel.variances, panel.runs - 1).of(panel.variances, panel.runs - 1)
    one = difference(panel, 0, 1, runs)
    assert (one.estimate, one.runs, one.base_runs, one.clusters) == (2.0, 3, 3, 4)
    of_runs, of_items = 2 / 3, 3 / 4 * 4 * 0.25
    assert one.error == pytest.approx(math.sqrt(of_runs + of_items))
    assert one.share_runs == pytest.approx(of_runs / (of_runs + of_items))
    df = (of_runs + of_items) ** 2 / (of_runs**2 / 4 + of_items**2 / 3)
    assert one.df == pytest.approx(min(df, 3))
    assert one.half == pytest.approx(stats.t.ppf(0.975, one.df) * one.error)
    assert one.p == pytest.approx(2 * stats.t.sf(2 / one.error, one.df))
    assert (one.kind, one.sharing) == ("runs", "own")
    assert (one.low, one.high) == (2 - one.half, 2 + one.half)


def test_without_items_it_is_welchs_interval() -> None:
    theta, _ = drawn(2, 5)
    panel = panel_of(list(theta), [np.zeros((5, 40))] * 2)
    runs = moderate(panel.variances, panel.runs - 1).of(panel.variances, panel.runs - 1)
    one = difference(panel, 0, 1, runs)
    expected = stats.ttest_ind(theta[0], theta[1], equal_var=False)
    assert one.p == pytest.approx(expected.pvalue, rel=1e-6)
    assert one.df == pytest.approx(expected.df)


def test_without_seeds_it_is_the_jackknife_of_the_items() -> None:
    _, z = drawn(2, 4)
    panel = panel_of(
        [np.full(4, 61.0), np.full(4, 60.0)], [one[:1].repeat(4, 0) for one in z], (True, True)
    )
    one = difference(panel, 0, 1, moderate(panel.variances, 3).of(panel.variances, 3))
    assert one.kind == "fixed"
    assert one.error == pytest.approx(math.sqrt(spread(z[0, 0] - z[1, 0], 30)))
    assert one.df == 29


def test_equal_fixed_rows_differ_by_nothing_with_certainty() -> None:
    _, z = drawn(1, 1)
    panel = panel_of([np.array([60.0])] * 2, [z[0]] * 2, (True, True))
    one = difference(panel, 0, 1, moderate(panel.variances, 0).of(panel.variances, 0))
    assert (one.estimate, one.half, one.p, one.kind) == (0.0, 0.0, 1.0, "fixed")


@given(st.integers(0, 10**6), st.integers(2, 6), st.booleans())
def test_a_p_value_is_the_level_whose_interval_ends_at_zero(
    seed: int, runs: int, fixed: bool
) -> None:
    generator = rng(seed)
    sides = [(generator.uniform(0.1, 2), runs - 1), (0.0 if fixed else 0.7, runs - 1)]
    made = combine(sides, np.inf, generator.uniform(0.1, 2), 0.05, 50)
    estimate = generator.uniform(0.2, 4)
    p = float(made.p_value(estimate))
    assert float(made.half_width(1 - p)) == pytest.approx(estimate, rel=1e-6)
    assert bool(made.split) == (fixed and runs - 1 < 8)


def test_rows_with_one_run_take_the_spread_of_the_others() -> None:
    theta, z = drawn(10, 3)
    scores = [theta[0], theta[1][:1], *theta[2:]]
    panel = panel_of(scores, [z[0], z[1][:1], *z[2:]])
    runs = moderate(panel.variances, panel.runs - 1).of(panel.variances, panel.runs - 1)
    one = difference(panel, 1, 0, runs)
    assert (one.kind, one.sharing, one.runs, one.base_runs) == ("one seed", "shared", 1, 3)
    assert one.half > difference(panel, 2, 0, runs).half
    assert 0 < one.p <= 1


def test_one_run_alone_has_the_interval_of_its_items_and_no_p_value() -> None:
    theta, z = drawn(2, 3)
    panel = panel_of([theta[0][:1], theta[1]], [z[0][:1], z[1]])
    runs = moderate(panel.variances, panel.runs - 1).of(panel.variances, panel.runs - 1)
    one = difference(panel, 0, 1, runs)
    assert one.kind == "items only"
    assert math.isnan(one.p) and math.isnan(one.share_runs)
    assert one.error == pytest.approx(math.sqrt(spread(z[0][0] - z[1].mean(0), 30)))


def test_a_row_alone_and_a_difference_of_differences() -> None:
    theta, z = drawn(4, 3)
    panel = panel_of(list(theta), list(z))
    runs = moderate(panel.variances, 2).of(panel.variances, 2)
    alone = contrast(panel, (0,), (1.0,), runs)
    assert alone.estimate == pytest.approx(theta[0].mean())
    assert alone.base_runs == 0
    both = contrast(panel, (0, 1, 2, 3), (1.0, -1.0, -1.0, 1.0), runs)
    first, second = difference(panel, 0, 1, runs), difference(panel, 2, 3, runs)
    assert both.estimate == pytest.approx(first.estimate - second.estimate)
    assert both.error > max(first.error, second.error)


def test_all_pairs_have_the_p_values_of_their_differences() -> None:
    theta, z = drawn(4, 3)
    panel = panel_of(list(theta), list(z))
    runs = moderate(panel.variances, 2).of(panel.variances, 2)
    p = p_values(panel, runs)
    for i in range(4):
        for j in range(4):
            expected = 1.0 if i == j else difference(panel, i, j, runs).p
            assert p[i, j] == pytest.approx(expected)


def test_runs_that_score_alike_by_chance_have_at_least_their_mixture() -> None:
    _, z = drawn(2, 2)
    panel = panel_of([np.array([50.0, 50.0]), np.array([49.0, 50.0])], list(z))
    assert panel.variances[0] == pytest.approx(panel.mixtures[0])
    assert panel.variances[0] > 0


def test_fixed_rows_of_different_counts_are_equal() -> None:
    """The mean of equal numbers depends on their count in the last digit."""
    _, z = drawn(1, 1)
    for score in rng(3).uniform(0, 100, 50):
        scores = [np.full(3, score), np.full(5, score)]
        panel = panel_of(scores, [z[0].repeat(3, 0), z[0].repeat(5, 0)], (True, True))
        one = difference(panel, 0, 1, moderate(panel.variances, 2).of(panel.variances, 2))
        assert (one.estimate, one.p) == (0.0, 1.0)


def test_a_trained_row_whose_runs_answer_alike_is_still_tested() -> None:
    theta, z = drawn(2, 3)
    panel = panel_of([np.full(3, 70.0), theta[1]], [z[0][:1].repeat(3, 0), z[1]])
    runs = moderate(panel.variances, 2).of(panel.variances, 2)
    one = difference(panel, 0, 1, runs)
    assert (one.kind, one.runs) == ("runs", 3)
    assert 0 < one.p < 0.05


def test_strata_add_and_their_degrees_of_freedom_follow_satterthwaite() -> None:
    theta, z = drawn(2, 3)
    one = panel_of(list(theta), list(z))
    two = Panel(
        one.scores,
        2 * one.mixtures,
        one.fixed,
        np.concatenate([one.items] * 2),
        np.concatenate([one.clusters] * 2),
    )
    spread_of_one, df_of_one = one.spreads((0, 1), (1.0, -1.0))
    spread_of_two, df_of_two = two.spreads((0, 1), (1.0, -1.0))
    assert spread_of_two == pytest.approx(2 * spread_of_one)
    assert df_of_two == pytest.approx(2 * df_of_one)


def test_equal_spreads_are_pooled_and_unequal_ones_drawn_together() -> None:
    variances = np.full((4, 6), 0.5)
    equal = moderate(variances, 2)
    assert equal.freedom == math.inf
    assert equal.of(variances, 2).variance == pytest.approx(0.5)
    assert equal.of(variances[0], 2).df == pytest.approx(12)
    unequal = np.exp(rng().normal(0, 2, (9, 10)))
    moderated = moderate(unequal, 2)
    assert moderated.freedom is not None and moderated.freedom < 10
    posterior = moderated.of(unequal, 2).variance
    assert np.ptp(np.log(posterior)) < np.ptp(np.log(unequal))


def test_the_prior_is_that_of_limma() -> None:
    """The trigamma equation holds for d0, and the prior is the scale of the fitted F."""
    df, d0, s0 = 4, 6.0, 0.3
    generator = rng(1)
    true = s0 * d0 / generator.chisquare(d0, 4000)
    variances = true * generator.chisquare(df, 4000) / df
    moderated = moderate(variances, df)
    assert moderated.freedom == pytest.approx(d0, rel=0.15)
    with_one_run = np.append(variances, np.nan)
    assert moderated.of(with_one_run, df).variance[-1] == pytest.approx(s0, rel=0.1)


def test_few_rows_share_nothing_and_fixed_ones_stay_at_zero() -> None:
    few = np.array([[0.5, 0.2, 0.0]])
    own = moderate(few, 2)
    assert own.freedom is None
    assert (own.of(few, 2).variance == few).all()
    many = np.array([[0.5, 0.2, 0.0, 0.4, 0.1, 0.3, 0.6, 0.2, 0.9, 0.3]])
    assert moderate(many, 2).of(many, 2).variance[0, 2] == 0


def test_a_column_with_one_live_cell() -> None:
    variances = np.array([[0.5, 0.2, 0.7, 0.4, 0.1, 0.3, 0.6, 0.2, 0.9, 0.3], [0.4] + [0.0] * 9])
    moderated = moderate(variances, 2)
    runs = moderated.of(variances[1], 2)
    assert np.isfinite(runs.variance).all()
    assert runs.pool == 2


def test_the_smallest_effect_is_seen_in_80_of_100_studies() -> None:
    variance, df = 0.4, 7.0
    effect = smallest_effect(variance, df)
    critical = stats.t.ppf(0.975, df)
    assert stats.nct.sf(critical, df, effect / math.sqrt(variance)) == pytest.approx(0.8, abs=1e-6)
    assert smallest_effect(0.0, 3) == 0


@pytest.mark.parametrize(
    ("clusters", "item", "mixture", "alone", "shared"),
    [
        (1670, 4.0, 6.0, [4.6, 2.1, 1.3, 0.9], [1.9, 1.5, 1.2, 0.8]),
        (240, 5.0, 8.0, [4.8, 2.6, 1.8, 1.4], [2.6, 2.1, 1.7, 1.3]),
    ],
)
def test_planned_effects(
    clusters: int, item: float, mixture: float, alone: list[float], shared: list[float]
) -> None:
    runs = (2, 3, 5, 10)
    spreads = Spreads.of_clusters(clusters, 0.6, item, mixture)
    planned = [planned_effect(k, spreads) for k in runs]
    assert planned == pytest.approx(alone, abs=0.051)
    pooled = [planned_effect(k, spreads, pool=10 * (k - 1)) for k in runs]
    assert pooled == pytest.approx(shared, abs=0.051)
    assert planned_effect(1, spreads) == math.inf
    assert planned_effect(3, Spreads.of_mean([spreads] * 4)) < planned[1]
