"""Adjusted p-values, counts, ranks and sets against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.statistics import at_least, best_set, bh, holm, rank_intervals

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(P_VALUES)
def test_holm_steps_down(p: list[float]) -> None:
    ranked = sorted(p)
    for value, adjusted in zip(p, holm(p), strict=True):
        expected = max((len(p) - j) * ranked[j] for j in range(ranked.index(value) + 1))
        assert adjusted == pytest.approx(min(1.0, expected))


@given(P_VALUES)
def test_bh_steps_up(p: list[float]) -> None:
    ranked = sorted(p)
    last = {value: j for j, value in enumerate(ranked)}
    for value, adjusted in zip(p, bh(p), strict=True):
        expected = min(len(p) / (j + 1) * ranked[j] for j in range(last[value], len(p)))
        assert adjusted == pytest.approx(min(1.0, expected))


@given(P_VALUES)
def test_what_is_not_tested_is_not_in_the_family(p: list[float]) -> None:
    mixed = [np.nan, *p, np.nan]
    for adjust in (holm, bh):
        assert np.isnan(adjust(mixed)[[0, -1]]).all()
        assert adjust(mixed)[1:-1] == pytest.approx(adjust(p))


def test_rows_are_families_of_their_own() -> None:
    p = np.array([[0.01, 0.04], [0.5, 0.001]])
    assert holm(p) == pytest.approx(np.stack([holm(p[0]), holm(p[1])]))
    assert bh(p) == pytest.approx(np.stack([bh(p[0]), bh(p[1])]))


def test_on_how_many_targets_at_least() -> None:
    estimates = [1.0, 2.0, -1.0, 0.2]
    assert at_least([0.001, 0.002, 0.001, 0.9], estimates, up=True) == 2
    assert at_least([0.001, 0.002, 0.001, 0.9], estimates, up=False) == 1
    assert at_least([0.001, np.nan, 0.001, 0.9], estimates, up=True) == 1
    assert at_least([], [], up=True) == 0


def test_rank_intervals_and_best_sets() -> None:
    p = np.ones((3, 3))
    p[0, 2] = p[2, 0] = 0.001
    scores = [70.0, 69.0, 60.0]
    assert rank_intervals(p, scores).tolist() == [[1, 2], [1, 3], [2, 3]]
    assert best_set(p, scores).tolist() == [True, True, False]
    assert rank_intervals(np.ones((1, 1)), [50.0]).tolist() == [[1, 1]]
    assert best_set(np.ones((1, 1)), [50.0]).tolist() == [True]
