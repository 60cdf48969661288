"""The threshold of the best F1, against the loop and against every other cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import mining_loops

from harness.search.threshold import fit_threshold

DRAWN = st.lists(st.tuples(st.integers(50, 150), st.booleans()), max_size=15)


def fitted(candidates, gold):
    scores = np.array([score for score, _ in candidates], np.float32)
    return fit_threshold(scores, np.array([right for _, right in candidates], bool), gold)


def f1_at(threshold, candidates, gold):
    taken = [right for score, right in candidates if np.float32(score) >= threshold]
    return 2 * sum(taken) / (len(taken) + gold) if any(taken) else 0.0


@settings(deadline=None, max_examples=150)
@given(DRAWN, st.integers(0, 5))
def test_no_cut_point_beats_the_fitted_threshold(drawn, unfound):
    candidates = [(float(np.float32(score / 100)), right) for score, right in drawn]
    gold = sum(right for _, right in candidates) + unfound
    threshold = fitted(candidates, gold)
    assert threshold == mining_loops.threshold_of(candidates, gold)
    best = max(f1_at(cut, candidates, gold) for cut in [*(s for s, _ in candidates), 0.0, 9.0])
    assert f1_at(threshold, candidates, gold) == pytest.approx(best)


def test_it_lies_midway():
    candidates = [(1.0, False), (1.5, True), (0.8, False), (1.2, True)]
    assert fitted(candidates, 2) == pytest.approx(1.1)
    assert fitted([(score, score == 1.5) for score, _ in candidates], 1) == pytest.approx(1.35)


def test_the_best_candidate_may_be_the_last_one():
    """Trap 5: the official script reads past the end here."""
    assert fitted([(1.3, True), (1.1, True)], 2) == pytest.approx(1.1)
    assert fitted([(1.3, True)], 1) == pytest.approx(1.3)


@pytest.mark.parametrize("candidates", [[], [(1.2, False)]])
def test_without_a_right_candidate_it_is_defined(candidates):
    """Trap 5: the official script has no threshold then."""
    assert fitted(candidates, 3) == 0.0


def test_equal_scores_are_taken_together():
    candidates = [(1.2, True), (1.0, True), *[(1.0, False)] * 6]
    threshold = fitted(candidates, 2)
    assert [score for score, _ in candidates if score >= threshold] == [1.2]
