"""Margin mining and one-to-one pairs against plain loops."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import mining_loops

from harness.errors import HarnessError, NotFinite
from harness.search import arrays, mining
from harness.search.matching import one_to_one
from harness.search.mining import MININGS, Mined, Mining, mine

RELAXED = settings(deadline=None, max_examples=60)


def unit(count, seed, width=6):
    rows = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def near(count, seed, width=6):
    """Rows that all lie to one side, as encoders' embeddings do: no cosine is near zero."""
    rows = unit(count, seed, width) * 0.5 + np.eye(width, dtype=np.float32)[0]
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


# -- mining ----------------------------------------------------------------------------------------


def pairs(found: Mined) -> list[tuple[int, int]]:
    return list(zip(found.left.tolist(), found.right.tolist(), strict=True))


@RELAXED
@given(
    st.integers(1, 14),
    st.integers(1, 14),
    st.integers(1, 6),
    st.sampled_from(["ratio", "distance", "csls", "absolute"]),
    st.sampled_from(["max", "intersection", "forward", "backward"]),
    st.sampled_from(["fp32", "bf16", "Flat"]),
    st.integers(0, 10**6),
)
def test_mining_is_the_published_procedure(left, right, k, margin, retrieval, how, seed):
    source, english = near(left, seed), near(right, seed + 1)
    wide = source.astype(float).tolist(), english.astype(float).tolist()
    expected = mining_loops.mine(*wide, k, margin, retrieval)
    every = [score for _, _, score in mining_loops.mine(*wide, k, margin, "forward")]
    every += [score for _, _, score in mining_loops.mine(*wide, k, margin, "backward")]
    distinct = sorted(set(np.round(every, 9)))
    assume(all(b - a > 1e-5 for a, b in pairwise(distinct)))
    got = mine(source, english, Mining(k, margin, retrieval), how=how, threads=1)
    if retrieval in ("max", "intersection"):
        assert pairs(got) == [pair[:2] for pair in expected]
    else:  # a pair that is in twice may stand with another of its score
        assert sorted(pairs(got)) == sorted(pair[:2] for pair in expected)
    np.testing.assert_allclose(got.scores, [s for *_, s in expected], rtol=1e-4, atol=1e-5)


@RELAXED
@given(
    st.integers(4, 40), st.integers(4, 40), st.sampled_from([1, 2, 4]),
    st.sampled_from(["distance", "csls", "absolute"]),
    st.sampled_from(["max", "intersection", "forward", "backward"]),
    st.sampled_from(["ties", "duplicates", "huge dimension", "large norms"]),
    st.integers(0, 10**6),
)  # fmt: skip
def test_ties_are_taken_as_the_loop_takes_them(left, right, k, margin, retrieval, kind, seed):
    """Whole numbers, whose sums and means are not rounded, so that equal margins are equal."""
    draw = np.random.default_rng(seed)
    sides = [draw.integers(-2, 3, size=(count, 5)) for count in (left, right)]
    if kind == "duplicates":
        sides = [rows[draw.integers(0, 4, size=len(rows))] for rows in sides]
    if kind == "huge dimension":
        sides = [rows + 300 * np.eye(5, dtype=int)[2] for rows in sides]
    if kind == "large norms":
        sides = [rows * 2 ** draw.integers(0, 6, size=(len(rows), 1)) for rows in sides]
    expected = mining_loops.mine(sides[0].tolist(), sides[1].tolist(), k, margin, retrieval)
    for how in ("fp32", "bf16"):
        got = mine(*sides, Mining(k, margin, retrieval), how=how, threads=1)
        assert pairs(got) == [pair[:2] for pair in expected]
        assert got.scores.tolist() == [score for *_, score in expected]


@RELAXED
@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 10**6))
def test_pairs_are_one_to_one_and_the_best_come_first(left, right, seed):
    got = mine(near(left, seed), near(right, seed + 1))
    assert len(set(got.left.tolist())) == len(got) == len(set(got.right.tolist()))
    assert len(got) <= min(left, right) and (len(got) > 0) == (left > 0 and right > 0)
    assert (got.left.dtype, got.right.dtype, got.scores.dtype) == (np.int64, np.int64, np.float32)
    assert got.scores.tolist() == sorted(got.scores.tolist(), reverse=True)


@pytest.mark.parametrize("what", ["right angles", "zeros"])
def test_no_margin_comes_out_of_what_is_not_finite(what):
    source, english = np.eye(4, 8, dtype=np.float32), np.eye(4, 8, 4, dtype=np.float32)
    if what == "zeros":
        source[:] = 0
    with pytest.raises(NotFinite, match=r"row 1: not finite: margin nan"):
        mine(source, english, Mining(2))
    assert pairs(mine(source, english, Mining(2, "absolute"))) == [(0, 0)]  # all are the same


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_embeddings_that_are_not_finite_are_refused(value):
    source, english = near(5, 1), near(5, 2)
    english[3, 1] = value
    with pytest.raises(NotFinite, match=r"^right row 4: not finite in float32$"):
        mine(source, english)


def test_all_rows_the_same_pair_in_their_order():
    same = np.tile(np.array([0.5, -0.5, 0.5, 0.5], np.float32), (9, 1))  # sums without rounding
    for how in ("fp32", "bf16"):
        got = mine(same, same[:7], how=how)
        assert pairs(got)[0] == (0, 0) and got.scores.tolist() == [1]


def test_mean_shift_takes_what_all_have_in_common():
    source, english = unit(40, 1, 24), unit(30, 2, 24)
    english[:20] = source[:20] + 0.05 * english[:20]
    crowd = np.zeros(24, np.float32)
    crowd[0] = 4
    shifted = mine(source + crowd, english + crowd, Mining(4, "absolute", mean_shift=True))
    assert {(i, i) for i in range(20)} <= set(pairs(shifted)[:20])
    plain = mine(source, english, Mining(4, "absolute", mean_shift=True))
    assert pairs(plain)[:20] == pairs(shifted)[:20]


def test_the_mean_of_many_rows_is_theirs():
    """Summed row by row in float32, a mean of millions of rows is off by a hundredth."""
    rows = np.full((5_000_000, 2), 0.7, np.float32)
    rows[0] = [0.7, 0.2]
    shifted = mining._shifted(rows)
    mean = arrays.mean_of(arrays.tensor(rows)).numpy()
    np.testing.assert_allclose(mean, rows.astype(np.float64).mean(axis=0), rtol=1e-12)
    assert shifted[0] @ [0, 1] < -0.999
    assert mining._shifted(rows[:0]).shape == (0, 2)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"neighbours": 0}, "neighbours: 0; expected a whole number from 1"),
        ({"neighbours": 2.5}, "neighbours: 2.5"),
        ({"margin": "rato"}, "unknown margin 'rato'; did you mean ratio"),
        ({"retrieval": "fwd"}, "unknown retrieval 'fwd'"),
    ],
)
def test_settings_that_are_not_allowed(what, message):
    with pytest.raises(HarnessError, match=message):
        Mining(**what)


def test_published_procedures_have_names():
    assert list(MININGS) == ["xtreme-paper", "xtreme-script", "x-stilts"]
    assert Mining() == MININGS["xtreme-paper"]
    source, english = near(9, 1), near(8, 2)
    by_name = [pairs(mine(source, english, name)) for name in MININGS]
    assert by_name == [pairs(mine(source, english))] * 3  # they differ in the layer alone
    with pytest.raises(HarnessError, match="unknown mining 'xtreme'; did you mean xtreme-"):
        mine(source, english, "xtreme")
    for other in (None, [], 3):
        with pytest.raises(HarnessError, match="unknown mining"):
            mine(source, english, other)


def test_hidden_translations_are_found():
    source = near(30, 1, width=24)
    english = np.concatenate([near(10, 2, width=24), source[::-1]])
    assert set(pairs(mine(source, english))[:30]) == {(i, 39 - i) for i in range(30)}


def test_margin_prefers_the_pair_that_stands_out():
    """A sentence near to everything is no translation of anything (why cosine is not used)."""

    def at(*degrees):
        angles = np.radians(degrees)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    source, english = at(0, 40), at(2, 5, 8, 43)
    similar = source @ english.T
    assert similar[0, 0] > similar[1, 3]  # cosine alone would put the crowded pair first
    assert pairs(mine(source, english))[0] == (1, 3)


# -- one to one ------------------------------------------------------------------------------------

CANDIDATES = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(-3, 3)), max_size=40
)


def columns(candidates):
    left, right, scores = np.array(candidates, np.int64).reshape(-1, 3).T
    return left, right, (scores / 4).astype(np.float32)


@settings(deadline=None, max_examples=150)
@given(CANDIDATES)
def test_rounds_take_what_the_loop_takes(candidates):
    """Ties included: of equal scores the earlier pair comes first."""
    left, right, scores = columns(candidates)
    assert one_to_one(left, right, scores).tolist() == mining_loops.greedy(
        left.tolist(), right.tolist(), scores.tolist()
    )


def test_a_chain_of_pairs_is_not_gone_through_again_for_each():
    """Each pair is the best but one of its neighbour: a round settles one of 60,000."""
    count = 60_000
    left = np.arange(count) // 2
    right = (np.arange(count) + 1) // 2
    scores = np.linspace(2, 1, count).astype(np.float32)
    taken = one_to_one(left, right, scores)
    assert taken.tolist() == mining_loops.greedy(left.tolist(), right.tolist(), scores.tolist())
