"""Nearest neighbours, margin mining and the threshold against plain references."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.errors import NotFinite
from harness.search import nearest
from harness.search.mining import Candidate, fit_threshold, mine

RELAXED = settings(deadline=None, max_examples=60)


def unit(count, seed, width=6):
    rows = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def near(count, seed, width=6):
    """Rows that all lie to one side, as encoders' embeddings do: no cosine is near zero."""
    rows = unit(count, seed, width) * 0.5 + np.eye(width, dtype=np.float32)[0]
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


# -- nearest ---------------------------------------------------------------------------------------


@RELAXED
@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 20), st.integers(0, 10**6))
def test_nearest_is_the_brute_force(queries, rows, k, seed):
    k = min(k, rows)
    left, right = unit(queries, seed), unit(rows, seed + 1)
    scores, found = nearest(left, right, k)
    similar = left.astype(np.float64) @ right.T.astype(np.float64)
    order = np.argsort(-similar, axis=1)[:, :k]
    assert scores.shape == found.shape == (queries, k)
    np.testing.assert_allclose(scores, np.take_along_axis(similar, order, 1), atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(similar, found, 1), scores, atol=1e-5)
    assert all(len(set(row)) == k for row in found.tolist())


def test_nearest_takes_other_types_and_orders():
    rows = unit(9, 3)
    scores, found = nearest(np.asfortranarray(rows.astype(np.float64)), rows[::-1], 1)
    assert found[:, 0].tolist() == list(range(8, -1, -1))
    np.testing.assert_allclose(scores, 1, atol=1e-5)


def test_inner_product_not_distance():
    queries = np.array([[1, 0]], dtype=np.float32)
    index = np.array([[0.9, 0], [5, 5], [-9, 0]], dtype=np.float32)
    assert nearest(queries, index, 3)[1].tolist() == [[1, 0, 2]]


# -- mining ----------------------------------------------------------------------------------------


def reference_mining(source, english, k):
    """The published procedure in plain Python (ratio margin, retrieval "max")."""
    cosine = [[float(np.dot(x.astype(float), y.astype(float))) for y in english] for x in source]
    across = [list(column) for column in zip(*cosine, strict=True)]

    def around(row):
        best = sorted(row, reverse=True)[:k]
        return sum(best) / len(best)

    mean_source, mean_english = [around(row) for row in cosine], [around(row) for row in across]

    def margin(i, j):
        return cosine[i][j] / ((mean_source[i] + mean_english[j]) / 2)

    def best_of(row):
        return sorted(range(len(row)), key=lambda place: -row[place])[:k]

    candidates = [
        max(((margin(i, j), i, j) for j in best_of(cosine[i])), key=lambda c: c[0])
        for i in range(len(source))
    ] + [
        max(((margin(i, j), i, j) for i in best_of(across[j])), key=lambda c: c[0])
        for j in range(len(english))
    ]
    taken, left, right = [], set(), set()
    for score, i, j in sorted(candidates, key=lambda c: -c[0]):
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
            taken.append((i, j, score))
    return taken


@RELAXED
@given(st.integers(1, 14), st.integers(1, 14), st.integers(1, 6), st.integers(0, 10**6))
def test_mining_is_the_published_procedure(left, right, k, seed):
    source, english = near(left, seed), near(right, seed + 1)
    expected = reference_mining(source, english, k)
    margins = sorted(score for _, _, score in expected)
    assume(all(b - a > 1e-4 for a, b in pairwise(margins)))
    got = mine(source, english, k)
    assert [pair[:2] for pair in got] == [pair[:2] for pair in expected]
    np.testing.assert_allclose([s for *_, s in got], [s for *_, s in expected], rtol=1e-4)


@RELAXED
@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 10**6))
def test_pairs_are_one_to_one_and_the_best_come_first(left, right, seed):
    got = mine(near(left, seed), near(right, seed + 1), 4)
    assert len({i for i, *_ in got}) == len(got) == len({j for _, j, _ in got})
    assert len(got) <= min(left, right) and (len(got) > 0) == (left > 0 and right > 0)
    assert all(isinstance(i, int) and isinstance(j, int) for i, j, _ in got)
    scores = [score for *_, score in got]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("what", ["right angles", "infinite"])
def test_no_margin_comes_out_of_what_is_not_finite(what):
    source, english = np.eye(4, 8, dtype=np.float32), np.eye(4, 8, 4, dtype=np.float32)
    if what == "infinite":
        source[2] = np.inf
        english = english + source[::-1]
    with pytest.raises(NotFinite, match=r"row \d+: not finite: margin"):
        mine(source, english, 2)


def test_hidden_translations_are_found():
    source = near(30, 1, width=24)
    english = np.concatenate([near(10, 2, width=24), source[::-1]])
    found = {(i, j) for i, j, _ in mine(source, english, 4)[:30]}
    assert found == {(i, 39 - i) for i in range(30)}


def test_margin_prefers_the_pair_that_stands_out():
    """A sentence near to everything is no translation of anything (why cosine is not used)."""

    def at(*degrees):
        angles = np.radians(degrees)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    source, english = at(0, 40), at(2, 5, 8, 43)
    similar = source @ english.T
    assert similar[0, 0] > similar[1, 3]  # cosine alone would put the crowded pair first
    assert mine(source, english, 4)[0][:2] == (1, 3)


# -- the threshold ---------------------------------------------------------------------------------


def f1_at(threshold, candidates, gold):
    taken = {(c.source, c.english) for c in candidates if c.score >= threshold}
    right = len(taken & gold)
    return 2 * right / (len(taken) + len(gold)) if right else 0.0


CANDIDATES = st.lists(st.tuples(st.integers(50, 150), st.booleans()), max_size=15)


@settings(deadline=None, max_examples=300)
@given(CANDIDATES, st.integers(0, 5), st.randoms(use_true_random=False))
def test_no_cut_point_beats_the_fitted_threshold(drawn, unfound, draw):
    candidates = [Candidate(f"s{i}", f"e{i}", score / 100) for i, (score, _) in enumerate(drawn)]
    gold = {(f"s{i}", f"e{i}") for i, (_, right) in enumerate(drawn) if right}
    gold |= {(f"s{i}", "elsewhere") for i in range(unfound)}
    draw.shuffle(candidates)
    threshold = fit_threshold(candidates, gold)
    cuts = [c.score for c in candidates] + [0.0, 9.0]
    best = max(f1_at(cut, candidates, gold) for cut in cuts)
    assert f1_at(threshold, candidates, gold) == pytest.approx(best)


def test_the_threshold_lies_midway():
    scores = {"a": 1.5, "b": 1.2, "c": 1.0, "d": 0.8}
    candidates = [Candidate(name, name, score) for name, score in scores.items()]
    assert fit_threshold(candidates, {("a", "a"), ("b", "b")}) == pytest.approx(1.1)
    assert fit_threshold(candidates, {("a", "a")}) == pytest.approx(1.35)


def test_the_best_candidate_may_be_the_last_one():
    """Trap 5: the official script reads past the end here."""
    candidates = [Candidate("a", "a", 1.3), Candidate("b", "b", 1.1)]
    threshold = fit_threshold(candidates, {("b", "b"), ("a", "a")})
    assert threshold == pytest.approx(1.1)
    assert all(c.score >= threshold for c in candidates)
    assert fit_threshold(candidates[:1], {("a", "a")}) == pytest.approx(1.3)


@pytest.mark.parametrize("gold", [set(), {("x", "y")}])
def test_without_a_right_candidate_it_is_defined(gold):
    """Trap 5: the official script has no threshold then."""
    assert fit_threshold([Candidate("a", "b", 1.2)], gold) == 0.0
    assert fit_threshold([], gold) == 0.0


def test_equal_scores_are_taken_together():
    candidates = [Candidate("a", "a", 1.2), *(Candidate(n, n, 1.0) for n in "bcdefgh")]
    gold = {("a", "a"), ("b", "b")}
    threshold = fit_threshold(candidates, gold)
    assert [c.source for c in candidates if c.score >= threshold] == ["a"]
