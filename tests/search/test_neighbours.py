"""Nearest neighbours in every mode against a brute force in float64."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError, NotFinite
from harness.search import blocks, nearest, nearest_both, top_k
from harness.search.neighbours import SearchFacts

RELAXED = settings(deadline=None, max_examples=60)
MODES = ["fp32", "bf16", "Flat"]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks so small that a few rows fill several, and groups read in several portions."""
    monkeypatch.setattr(blocks, "ROWS", 48)
    monkeypatch.setattr(blocks, "COLUMNS", 64)
    monkeypatch.setattr(top_k, "HITS", 150)


def rows_of(kind, count, seed, width=7):
    """Rows as encoders give them, and worse."""
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(count, width))
    if kind == "ties":
        rows = draw.integers(-2, 3, size=(count, width))  # products are whole numbers
    if kind == "duplicates":
        rows = rows[draw.integers(0, max(1, count // 5), size=count)]
    if kind == "near":  # all to one side
        rows = rows * 0.3 + np.eye(width)[0]
    if kind == "huge dimension":  # as XLM-R's
        rows[:, 2] = 300 + rows[:, 2]
    if kind == "large norms":
        rows = rows * 10.0 ** draw.integers(-3, 9, size=(count, 1))
    if kind == "zeros":
        rows[:: 1 + seed % 3] = 0
    if kind == "tiny":
        rows = rows * 1e-12
    return rows.astype(np.float32)


KINDS = ["normal", "ties", "duplicates", "near", "huge dimension", "large norms", "zeros", "tiny"]


def check(queries, index, k, found):
    """Hold one direction against the brute force: right but for what float32 cannot tell apart."""
    a, b = queries.astype(np.float64), index.astype(np.float64)
    similar = a @ b.T
    k = min(k, len(index))
    assert found.scores.shape == found.rows.shape == (len(queries), k)
    assert (found.scores.dtype, found.rows.dtype) == (np.float32, np.int64)
    # a sum of products in float32 may be off by this (Higham, 3.1)
    norms = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)[None]
    slack = 1e-30 + (a.shape[1] + 1) * 2.0**-24 * norms
    own = np.take_along_axis(similar, found.rows, 1)
    assert (np.abs(own - found.scores) <= np.take_along_axis(slack, found.rows, 1)).all()
    assert (np.diff(found.scores, axis=1) <= 0).all(), "the best first"
    assert all(len(set(row)) == k for row in found.rows.tolist())
    last = np.sort(similar, axis=1)[:, ::-1][:, k - 1 : k]
    away = slack.max(axis=1, keepdims=True)
    assert (own >= last - 2 * away).all(), "a better one was missed"
    equal = found.scores[:, 1:] == found.scores[:, :-1]
    assert (found.rows[:, 1:] > found.rows[:, :-1])[equal].all(), "equal ones in their order"


@RELAXED
@given(
    st.integers(1, 150), st.integers(1, 150), st.integers(1, 20), st.sampled_from(KINDS),
    st.sampled_from(MODES), st.integers(1, 3), st.integers(0, 10**6),
)  # fmt: skip
def test_both_ways_are_the_brute_force(count, others, k, kind, how, threads, seed):
    left, right = rows_of(kind, count, seed), rows_of(kind, others, seed + 1)
    found = nearest_both(left, right, k, how=how, threads=threads)
    check(left, right, k, found.forward)
    check(right, left, k, found.backward)


@RELAXED
@given(
    st.integers(1, 90), st.integers(1, 300), st.integers(1, 320), st.sampled_from(KINDS),
    st.sampled_from(MODES), st.integers(0, 10**6),
)  # fmt: skip
def test_one_way_is_the_brute_force_for_any_k(count, others, k, kind, how, seed):
    queries, index = rows_of(kind, count, seed), rows_of(kind, others, seed + 1)
    check(queries, index, k, nearest(queries, index, k, how=how, threads=1))


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 150), st.integers(1, 150), st.integers(1, 9), st.integers(0, 10**6))
def test_ties_go_to_the_lower_row_whatever_the_mode_and_threads(count, others, k, seed):
    """Whole numbers, so that no product is rounded: all answers are the same to the last bit."""
    left, right = rows_of("ties", count, seed), rows_of("ties", others, seed + 1)
    similar = left @ right.T
    for how, threads in (("fp32", 1), ("fp32", 3), ("bf16", 1), ("bf16", 2), ("Flat", 1)):
        found = nearest_both(left, right, k, how=how, threads=threads)
        for one, sides in ((found.forward, similar), (found.backward, similar.T)):
            order = np.argsort(-sides, axis=1, kind="stable")[:, :k]
            np.testing.assert_array_equal(one.scores, np.take_along_axis(sides, order, 1))
            if how != "Flat":  # which of equal ones faiss keeps is its own choice
                np.testing.assert_array_equal(one.rows, order)


@pytest.mark.parametrize("order", ["rising", "falling"])
def test_similarities_in_order_are_found_too(order):
    """Rising, every block is above all before it, and all of it has to be read."""
    index = np.linspace(1, 2, 500, dtype=np.float32)[:, None] @ np.ones((1, 3), np.float32)
    index = index if order == "rising" else np.ascontiguousarray(index[::-1])
    queries = np.ones((40, 3), np.float32)
    check(queries, index, 5, nearest(queries, index, 5, how="fp32"))
    check(queries, index, 5, nearest(queries, index, 5, how="bf16"))


def test_inner_product_not_distance():
    queries = np.array([[1, 0]], dtype=np.float32)
    index = np.array([[0.9, 0], [5, 5], [-9, 0]], dtype=np.float32)
    assert nearest(queries, index, 3).rows.tolist() == [[1, 0, 2]]


def test_minus_zero_is_zero():
    index = np.array([[-0.0], [0.0], [-0.0]], np.float32)
    assert nearest(np.ones((1, 1), np.float32), index, 2, how="fp32").rows.tolist() == [[0, 1]]


@pytest.mark.parametrize("how", MODES)
@pytest.mark.parametrize("kind", [np.float64, np.float16, "fortran", "reversed", "lists", "ints"])
def test_other_types_and_orders_are_taken(how, kind):
    rows = np.round(rows_of("normal", 40, 3) * 4) / 4  # the same in float16
    other = {
        "fortran": np.asfortranarray(rows),
        "reversed": rows[::-1][::-1],
        "lists": rows.tolist(),
        "ints": (rows * 4).astype(int),
    }.get(kind) if isinstance(kind, str) else rows.astype(kind)  # fmt: skip
    scale = 4 if kind == "ints" else 1
    found = nearest(other, rows[::-1], 3, how=how)
    expected = nearest(rows * np.float32(scale), np.ascontiguousarray(rows[::-1]), 3, how="fp32")
    np.testing.assert_array_equal(found.scores, expected.scores)


def test_rows_that_must_not_be_written_are_read_where_they_are(tmp_path):
    rows = rows_of("normal", 50, 3)
    rows.tofile(tmp_path / "rows")
    mapped = np.memmap(tmp_path / "rows", np.float32, "r", shape=rows.shape)
    found, expected = nearest(mapped, mapped, 2), nearest(rows, rows, 2)
    np.testing.assert_array_equal(found.rows, expected.rows)


@pytest.mark.parametrize("how", ["auto", *MODES])
def test_sides_without_rows_have_no_neighbours(how):
    some, none = rows_of("normal", 3, 1), np.zeros((0, 7), np.float32)
    for left, right in ((some, none), (none, some), (none, none)):
        found = nearest_both(left, right, 4, how=how)
        assert found.forward.rows.shape == (len(left), min(4, len(right)))
        assert found.backward.scores.shape == (len(right), min(4, len(left)))


@pytest.mark.parametrize("how", MODES)
def test_more_than_there_are_gives_all(how):
    left, right = rows_of("normal", 5, 1), rows_of("normal", 3, 2)
    found = nearest_both(left, right, 10**9, how=how)
    assert found.forward.rows.shape == (5, 3) and found.backward.rows.shape == (3, 5)
    assert sorted(found.forward.rows[0].tolist()) == [0, 1, 2]


ROWS = rows_of("normal", 6, 1)


@pytest.mark.parametrize(
    ("left", "right", "more", "message"),
    [
        (ROWS, ROWS[:, :3], {}, "^left: 7 dimensions, right: 3; expected one model's$"),
        (ROWS[0], ROWS, {}, "^left: float32, 7; expected real numbers"),
        (ROWS[:, :0], ROWS[:, :0], {}, "^left: float32, 6 x 0; expected"),
        (ROWS, ROWS * 1j, {}, "^right: complex64, 6 x 7; expected real"),
        (ROWS, [[1, 2], [3]], {}, "^right: not an array"),
        (ROWS, [["a"]], {}, "^right: <U1, 1 x 1; expected real"),
        (ROWS, ROWS.astype(float) * 1e300, {}, "^right row 1: not finite in float32$"),
        (ROWS * 1e20, ROWS * 1e20, {}, "products may exceed float32"),
        (ROWS * 1e-25, ROWS * 1e-25, {}, "^left: rows so small that products underflow float32; "),
        (ROWS, np.diag([1e-40] + [1] * 6), {}, "^right: rows so small that products underflow"),
        (np.eye(3) * 1e-25, np.eye(3) * 1e-25, {"how": "Flat"}, "^left: .*scale them, e.g. to no"),
        (ROWS, ROWS, {"k": 0}, "^k: 0; expected a whole number from 1"),
        (ROWS, ROWS, {"k": 1.5}, "^k: 1.5; expected"),
        (ROWS, ROWS, {"k": True}, "^k: True; expected"),
        (ROWS, ROWS, {"threads": -1}, "^threads: -1; expected a whole number from 0"),
        (ROWS, ROWS, {"k": "4"}, "^k: '4'; expected"),
        (ROWS, ROWS, {"how": "exact"}, "^how 'exact': faiss cannot search this index of 6 rows"),
        (
            ROWS,
            ROWS,
            {"how": "IVF64,Flat"},
            "^how 'IVF64,Flat': faiss cannot search .*expected auto",
        ),
        (ROWS, ROWS, {"how": "IVF0,Flat"}, "^how 'IVF0,Flat': faiss cannot search .*nprobe"),
        (ROWS, ROWS, {"how": "HNSW0"}, "^how 'HNSW0': HNSW needs at least 2 links; expected"),
        (ROWS, ROWS, {"how": "HNSW1"}, "^how 'HNSW1': HNSW needs at least 2 links"),
        (ROWS, ROWS, {"how": "IVF2_HNSW01,Flat"}, "HNSW needs at least 2 links"),
        (ROWS, ROWS, {"how": None}, "^how: None; expected auto, fp32, bf16 or a faiss index"),
        (ROWS, ROWS, {"how": ["fp32"]}, "^how: \\['fp32'\\]; expected auto"),
        (ROWS, ROWS, {"how": "Flat", "device": "cuda"}, "faiss searches on the CPU"),
        (ROWS, ROWS, {"device": "tpu7"}, "^device 'tpu7': "),
        (ROWS, ROWS, {"device": "meta"}, "^device 'meta': holds no numbers"),
        (ROWS, ROWS, {"device": "meta", "how": "bf16"}, "^device 'meta': holds no numbers"),
        (ROWS, ROWS, {"device": None}, "^device: None; expected cpu or"),
        (ROWS, ROWS, {"device": None, "how": "Flat"}, "^device: None; expected cpu or"),
        (torch.ones(3, 7, requires_grad=True), ROWS, {}, "^left: not an array .*detach"),
        (ROWS, torch.ones(3, 7).bfloat16(), {}, r"^right: not an array .*BFloat16.*\.float\(\)"),
        (ROWS, torch.ones(3, 7, device="meta"), {}, "^right: not an array "),
    ],
)
def test_what_cannot_be_searched_is_told_in_a_line(left, right, more, message):
    with pytest.raises(HarnessError, match=message) as told, np.errstate(over="ignore"):
        nearest_both(left, right, **{"k": 2, **more})
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("how", MODES)
@pytest.mark.parametrize("zero", ["some", "left", "both"])
def test_rows_of_zeros_are_not_too_small(how, zero):
    left, right = ROWS.copy(), ROWS * 1e-12
    left[: 2 if zero == "some" else None] = 0
    right[: None if zero == "both" else 1] = 0
    found = nearest_both(left, right, 2, how=how)
    assert (found.forward.scores[:2] == 0).all()
    check(left, right, 2, found.forward)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["left", "right"])
def test_what_is_not_finite_is_told_with_its_row(value, side):
    sides = {"left": rows_of("normal", 9, 1), "right": rows_of("normal", 9, 2)}
    sides[side][4, 6] = value
    with pytest.raises(NotFinite, match=f"^{side} row 5: not finite in float32$"):
        nearest_both(sides["left"], sides["right"], 2)


def test_threads_of_torch_are_as_before():
    rows, before = rows_of("normal", 90, 1), torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        nearest_both(rows, rows, 2, how="fp32", threads=3)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_auto_says_how_and_why(monkeypatch):
    from harness.search import bf16_filter

    rows = rows_of("normal", 30, 1)
    for quick, how in ((True, "exact, bf16 filter"), (False, "exact, fp32")):
        monkeypatch.setattr(bf16_filter, "pays", lambda device, quick=quick: (quick, "a reason"))
        facts = nearest_both(rows, rows, 2).facts
        assert (facts.how, facts.why) == (how, "a reason")
    monkeypatch.setattr("harness.search.neighbours.LARGE", 20)
    facts = nearest_both(rows, rows, 2).facts
    assert (
        facts.why
        == "a reason; exact, though of 30 rows how='IVF32,Flat' would be quicker and miss some"
    )
    assert bf16_filter.pays("mps")[0] is False


def test_facts_are_told():
    assert str(SearchFacts("exact, fp32", "why")) == "exact, fp32 (why)"
    facts = SearchFacts("exact, bf16 filter", "why", 1200, None, ("mind this",))
    assert str(facts) == "exact, bf16 filter (why); 1,200 rows searched again in fp32\nmind this"
    assert "recall 0.9000" in str(SearchFacts("faiss X", "why", recall=0.9))


@pytest.mark.parametrize("product", ["oneDNN", "numpy", "torch"])
@pytest.mark.parametrize("threads", [1, 3])
def test_every_product_gives_the_same(monkeypatch, product, threads):
    """What other CPUs take runs on this one, too."""
    left, right = rows_of("near", 175, 1, 40), rows_of("near", 130, 2, 40)
    monkeypatch.setattr(blocks, "prefers_onednn", lambda: product == "oneDNN")
    monkeypatch.setattr(blocks, "prefers_numpy", lambda: product == "numpy")
    found = nearest_both(left, right, 4, how="fp32", threads=threads)
    check(left, right, 4, found.forward)
    check(right, left, 4, found.backward)
