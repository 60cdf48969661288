"""Rows of runs: columns, bad input, tests of two runs, the best of several."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from support.statistics_made import drawn, language, row, run

from harness.errors import HarnessError
from harness.statistics import Column, NoInterval, Panel, Row, Run, difference, moderate, panels_of
from harness.statistics.flips import flip_p
from harness.statistics.selection import best_of

XNLI = Column.of_target("xnli", ("en", "de"))


def panel(rows: list[Row], column: Column = XNLI) -> Panel:
    (made,) = panels_of(rows, [column])
    assert isinstance(made, Panel)
    return made


def test_a_column_is_made_of_the_jackknife_of_its_languages() -> None:
    rows = [row("base", 0.5), row("mnli", 0.6)]
    made = panel(rows)
    for i, one in enumerate(rows):
        scores = [
            100 * np.mean([run.sums["xnli"].languages[c].a.mean() for c in ("en", "de")])
            for run in one.runs
        ]
        assert made.scores[i] == pytest.approx(scores)
    left_out = []
    for c in range(60):  # a cluster leaves both languages, and all runs, together
        means = [
            np.mean(
                [
                    100 * np.delete(run.sums["xnli"].languages[code].a, c).mean()
                    for run in one.runs
                    for code in ("en", "de")
                ]
            )
            for one in rows
        ]
        left_out.append(means[1] - means[0])
    expected = 59 / 60 * ((np.array(left_out) - np.mean(left_out)) ** 2).sum()
    spread, df = made.spreads((1, 0), (1.0, -1.0))
    assert spread == pytest.approx(expected)
    assert df == pytest.approx(59)


def test_languages_without_a_common_cluster_are_strata() -> None:
    rows = [row("base", 0.5, joint=False), row("mnli", 0.6, joint=False)]
    made = panel(rows)
    assert made.clusters.tolist() == [60, 60]
    parts = [panel(rows, Column.of_language("xnli", code)) for code in ("en", "de")]
    spread = sum(float(part.spreads((1, 0), (1.0, -1.0))[0]) for part in parts) / 4
    assert made.spreads((1, 0), (1.0, -1.0))[0] == pytest.approx(spread)


def test_a_mean_of_targets_has_the_strata_of_all() -> None:
    rows = [row("base", 0.5, targets=("xnli", "udpos")), row("b", 0.6, targets=("xnli", "udpos"))]
    columns = [Column.of_target(name, ("en", "de")) for name in ("xnli", "udpos")]
    xnli, udpos, both = panels_of(rows, [*columns, Column.mean("mean", columns)])
    assert isinstance(xnli, Panel) and isinstance(udpos, Panel) and isinstance(both, Panel)
    assert both.scores[0] == pytest.approx((xnli.scores[0] + udpos.scores[0]) / 2)
    assert both.mixtures == pytest.approx((xnli.mixtures + udpos.mixtures) / 4)
    assert both.items.shape == (2, 2, 2)


def test_the_transfer_gap_is_english_less_the_mean_of_the_others() -> None:
    rows = [row("base", 0.5)]
    gap = Column.gap("xnli", ("en", "de"))
    assert gap is not None
    english, german = (
        np.array([100 * r.sums["xnli"].languages[c].a.mean() for r in rows[0].runs])
        for c in ("en", "de")
    )
    assert panel(rows, gap).scores[0] == pytest.approx(english - german)
    assert Column.gap("tatoeba", ("de", "sw")) is None
    assert Column.gap("x", ("en",)) is None


def test_entries_without_a_sum_count_as_zero() -> None:
    """As in mining: a run's sentences with neither gold nor predicted pairs are not stored."""
    dense = run(1, {"x": {"de": language([2, 0, 0, 2], [2, 0, 1, 3])}}, joint=False)
    sparse = run(
        2,
        {"x": {"de": language([2, 2], [2, 2], numbers=np.array([0, 3], np.int32), clusters=4)}},
        joint=False,
    )
    column = Column.of_target("x", ("de",))
    made = panel([Row("a", (dense,)), Row("b", (sparse,))], column)
    assert made.clusters.tolist() == [4]
    assert made.means == pytest.approx([100 * 4 / 6, 100.0])


def test_runs_on_one_intermediate_training_are_one_unit() -> None:
    shared = row("mnli", 0.6, unit="0123")
    made = panel([row("base", 0.5), shared])
    assert [len(scores) for scores in made.scores] == [3, 1]
    alone = panel([row("base", 0.5), row("mnli", 0.6)])
    assert made.scores[1][0] == pytest.approx(alone.means[1])
    assert math.isnan(made.variances[1])


def test_what_was_not_trained_is_fixed_also_with_one_run() -> None:
    same = drawn(1, 0.5, trained=False)
    fixed = Row("base", (same, replace(same, seed=2), replace(same, seed=3)))
    made = panel([fixed, row("mnli", 0.6)])
    assert made.fixed == (True, False)
    assert made.variances[0] == 0
    assert panel([Row("one", (same,)), row("mnli", 0.6)]).fixed == (True, False)


def test_unequal_numbers_of_runs() -> None:
    made = panel([row("base", 0.5, runs=5), row("mnli", 0.6, runs=2)])
    runs = moderate(made.variances, made.runs - 1).of(made.variances, made.runs - 1)
    one = difference(made, 1, 0, runs)
    assert (one.runs, one.base_runs) == (2, 5)
    assert one.half > 0


# ------------------------------------------------------------------------------------ bad input
def test_rows_on_other_data_are_refused_by_name() -> None:
    other = run(9, {"xnli": {code: language([1, 0, 1], data="e") for code in ("en", "de")}})
    with pytest.raises(HarnessError, match="xnli en: base and mnli were scored on different"):
        panel([row("base", 0.5), Row("mnli", (other,))])


def test_copies_of_one_run_are_refused() -> None:
    one = drawn(1, 0.5)
    with pytest.raises(HarnessError, match="mnli: all 2 runs answer alike"):
        panel([row("base", 0.5), Row("mnli", (one, replace(one, seed=2)))])


def test_runs_that_share_no_target_are_not_copies() -> None:
    first, second = drawn(1, 0.5, targets=("xnli",)), drawn(2, 0.5, targets=("pawsx",))
    made = panel([row("base", 0.5), Row("mnli", (first, second))])
    assert [len(scores) for scores in made.scores] == [3, 1]


def test_a_seed_twice_and_no_runs_are_refused() -> None:
    with pytest.raises(HarnessError, match="mnli: seed 1 is there twice"):
        Row("mnli", (drawn(1, 0.5), drawn(1, 0.6)))
    with pytest.raises(HarnessError, match="mnli: no runs"):
        Row("mnli", ())


@pytest.mark.parametrize(
    ("a", "b"),
    [([1.0], [1.0]), ([1.0, 0, 0], [1.0, 0, 0])],
    ids=["one cluster", "one holds all"],
)
def test_one_cluster_gives_no_interval(a: list[float], b: list[float]) -> None:
    rows = [Row(name, (run(i, {"xnli": {"en": language(a, b)}}),)) for i, name in enumerate("ab")]
    (made,) = panels_of(rows, [Column.of_target("xnli", ("en",))])
    assert isinstance(made, NoInterval)
    assert "xnli en: one cluster holds all test items" in str(made)


def test_no_gold_and_no_predictions_score_zero() -> None:
    empty = language([0, 0, 0], [0, 0, 0])
    some = language([1, 0, 1])
    rows = [
        Row("a", (run(1, {"x": {"en": some, "de": empty}}, joint=False),)),
        Row("b", (run(2, {"x": {"en": some, "de": empty}}, joint=False),)),
    ]
    made = panel(rows, Column.of_target("x", ("en", "de")))
    assert made.means == pytest.approx([100 / 3, 100 / 3])


def test_a_run_without_a_language_is_left_out_of_its_columns() -> None:
    short = drawn(77, 0.6).only("xnli", ["en"])
    rows = [row("base", 0.5), Row("mnli", (*row("mnli", 0.6).runs, short))]
    assert len(panel(rows).scores[1]) == 3
    assert len(panel(rows, Column.of_language("xnli", "en")).scores[1]) == 4


# ------------------------------------------------------------------------ tests of two single runs
def exact_flip_p(left: Run, right: Run) -> float:
    """The share of all 2^J assignments of clusters to sides that are as extreme."""
    pairs = [
        (left.sums["xnli"].languages[c].a, right.sums["xnli"].languages[c].a) for c in ("en", "de")
    ]
    count = len(pairs[0][0])
    found = []
    for signs in itertools.product([1, -1], repeat=count):
        found.append(sum(float((np.array(signs) * (a - b)).mean()) for a, b in pairs))
    return float(np.mean(np.abs(found) >= abs(found[0]) - 1e-12))


def test_sign_flips_give_the_share_of_all_assignments() -> None:
    left, right = drawn(5, 0.8, items=11), drawn(6, 0.4, items=11)
    exact = exact_flip_p(left, right)
    assert flip_p(left.sums, right.sums, XNLI) == pytest.approx(exact, abs=0.015)
    assert flip_p(left.sums, right.sums, XNLI) == flip_p(left.sums, right.sums, XNLI)


def test_equal_runs_are_never_told_apart() -> None:
    one = drawn(5, 0.8)
    assert flip_p(one.sums, one.sums, XNLI) == 1.0
    apart = replace(one, sums={"xnli": replace(one.sums["xnli"], joint=False)})
    other = drawn(6, 0.1, joint=False)
    assert flip_p(apart.sums, other.sums, XNLI) < 0.001


# ------------------------------------------------------------------------------ the best of several
def test_the_best_of_equal_settings_gains_nothing() -> None:
    """Nine equal settings: the highest difference shows a gain, the honest one none."""
    honest, naive = [], []
    for study in range(40):
        settings = [row(f"s{study}-{i}", 0.5, items=200) for i in range(9)]
        best = best_of(settings, row(f"base{study}", 0.5, items=200), XNLI)
        assert best is not None
        honest.append(best.honest)
        naive.append(best.naive)
    error = np.std(honest) / math.sqrt(len(honest))
    assert abs(np.mean(honest)) < 4 * error
    assert np.mean(naive) > 1.0


def test_a_setting_that_is_best_is_found() -> None:
    settings = [row("a", 0.5), row("b", 0.9), row("c", 0.5)]
    best = best_of(settings, row("base", 0.5), XNLI)
    assert best is not None
    assert best.honest == pytest.approx(best.naive, abs=4)
    assert best.honest > 25
    assert best_of(settings, row("base", 0.5, runs=1), XNLI) is None
    assert best_of([], row("base", 0.5), XNLI) is None
