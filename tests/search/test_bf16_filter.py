"""The filter in bfloat16: its bound holds, no certificate lies, and what falls is right."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.search import bf16_filter, blocks, nearest_both
from harness.search.bf16_filter import _best_of, certain, errors, highest, rounded
from harness.search.top_k import TopK

RELAXED = settings(deadline=None, max_examples=60)


def side(count, seed, width=24, spread=1.0, shift=0.0, scale=1.0):
    draw = np.random.default_rng(seed)
    return torch.from_numpy(
        ((draw.normal(size=(count, width)) * spread + shift) * scale).astype(np.float32)
    )


def both_rounded(left, right):
    means = [bf16_filter._mean(rows) for rows in (left, right)]
    apart = float(means[0] @ means[1])
    return (
        rounded(left, *means, ones_first=False),
        rounded(right, *means[::-1], ones_first=True),
        apart,
    )


SCALES = st.sampled_from([1.0, 1e-20, 1e-12, 1e6, 1e15])


@RELAXED
@given(
    st.integers(1, 60), st.integers(1, 60), st.integers(1, 300), st.sampled_from([0.0, 1.0, 40.0]),
    SCALES, SCALES, st.integers(0, 10**6),
)  # fmt: skip
def test_products_are_within_the_bound(count, others, width, shift, scale, other_scale, seed):
    left = side(count, seed, width, shift=shift, scale=scale)
    right = side(others, seed + 1, width, shift=shift, scale=other_scale)
    a, b, apart = both_rounded(left, right)
    true = left.double().numpy() @ right.double().numpy().T - apart
    for x, y, wanted in ((a, b, true), (b, a, true.T)):
        got = torch.mm(x.rows, y.rows.T).double().numpy()
        bound = errors(x, y)[:, None]
        # what float64 itself may be off by in the reference, where a mean is much of the rows
        double = 2.0**-50 * width * float(left.norm(dim=1).max()) * float(right.norm(dim=1).max())
        assert (np.abs(got - wanted) <= bound + bf16_filter.HALF * np.abs(got) + double).all()


def test_the_bound_is_worth_having():
    """Not above what a proof with norms can give: some thousandths for rows of norm 1."""
    left, right = side(300, 1, 256, shift=0.7), side(300, 2, 256, shift=0.7)
    left, right = (rows / rows.norm(dim=1, keepdim=True) for rows in (left, right))
    a, b, _ = both_rounded(left, right)
    assert 0 < errors(a, b).max() < 0.004
    assert errors(a, b).max() < 2 * float(a.norms.max()) * float(b.norms.max()) * 2**-8


@RELAXED
@given(
    st.integers(2, 60), st.integers(2, 200), st.integers(1, 5),
    st.sampled_from([1e-4, 3e-3, 0.03, 1.0]),
    st.sampled_from(["against the best", "on the best", "random", "none"]), st.integers(0, 10**6),
)  # fmt: skip
def test_no_certificate_lies_under_the_largest_error_allowed(count, others, k, spread, kind, seed):
    """The true neighbours are lowered and all others raised by all that the bound allows."""
    missed, sure = under_errors(count, others, min(k, others), spread, kind, seed)
    assert not (missed & sure).any()


def test_the_certificate_is_what_keeps_wrong_neighbours_out():
    """The same errors without a bound give rows that are thought certain and are not."""
    missed, sure = under_errors(300, 200, 3, 0.03, "against the best", 1)
    assert not sure.all() and not (missed & sure).any()
    missed, sure = under_errors(300, 200, 3, 0.03, "against the best", 1, share=0.0)
    assert (missed & sure).any()


def under_errors(count, others, k, spread, kind, seed, share=1.0):
    """Return which rows miss a neighbour and which are certain, by a share of the bound."""
    left, right = side(count, seed, 9, 1, 0.5), side(others, seed + 1, 9, spread)
    right += side(others, seed + 2, 9, 1, 0.5)[torch.arange(others) // 25]  # crowds of 25
    a, b, apart = both_rounded(left, right)
    bound = errors(a, b)
    true = left.double() @ right.double().T
    order = true.argsort(dim=1, descending=True, stable=True)
    sign = torch.ones_like(true).scatter_(1, order[:, :k], -1.0)
    if kind == "on the best":
        sign = torch.zeros_like(true).scatter_(1, order[:, :k], -1.0)
    if kind == "random":
        sign = torch.from_numpy(np.random.default_rng(seed).choice([-1.0, 1.0], true.shape))
    noise = sign * torch.from_numpy(bound)[:, None] * (kind != "none")
    products = (true - apart + noise).to(torch.bfloat16).float()
    kept = TopK(*products.sort(dim=1, descending=True, stable=True))
    kept = TopK(kept.scores[:, : 4 * k], kept.rows[:, : 4 * k])
    best, sure = _best_of(left, right, kept, k, share * bound, apart)
    last = true.gather(1, order)[:, k - 1 : k]
    found = true.gather(1, best.rows)
    slack = 2.0**-22 * left.norm(dim=1, keepdim=True) * right.norm(dim=1).max()
    return (found < last - slack).any(dim=1).numpy(), sure


def test_what_is_not_proven_is_not_certain():
    nan, one = np.array([np.nan]), np.array([1.0])
    assert certain(one, np.array([0.5]), np.array([0.1])).all()
    for last, unseen, error in (
        (nan, one, one),
        (one, nan, one),
        (one, one, nan),
        (one, one, 0 * one),
    ):
        assert not certain(last, unseen, error).any()
    assert not certain(one, np.array([np.inf]), one).any()
    # what is rounded to 0.5 may be as much as 0.5 + 2^-9, a tie
    assert not certain(np.array([0.5 + 2.0**-9]), np.array([0.5]), 0 * one).any()
    assert highest(np.array([-1.0]), 0 * one)[0] > -1


@pytest.mark.parametrize("rows", [200, 3])
def test_all_rows_the_same_fall_and_are_right(rows, caplog):
    same = np.tile(np.array([[0.5, -0.5, 0.5, 0.5]], np.float32), (rows, 1))
    found = nearest_both(same, same, 2, how="bf16")
    assert found.forward.rows.tolist() == [[0, 1]] * rows
    assert (found.forward.scores == 1).all()
    if rows > 8:
        assert found.facts.fallen == 2 * rows
        assert "400 of 400 rows were not certain" in found.facts.warnings[0]
        assert [record.getMessage() for record in caplog.records] == [*found.facts.warnings]
    else:  # all of a small side is kept
        assert found.facts.fallen == 0 and not found.facts.warnings


def test_few_rows_fall_where_neighbours_stand_out():
    left = side(1500, 1, 64, shift=0.5).numpy()
    right = left[::-1] + side(1500, 2, 64, spread=0.4).numpy()
    left, right = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (left, right))
    found = nearest_both(left, right, 4, how="bf16")
    exact = nearest_both(left, right, 4, how="fp32")
    assert found.facts.fallen <= 3
    np.testing.assert_array_equal(found.forward.rows, exact.forward.rows)
    np.testing.assert_array_equal(found.backward.rows, exact.backward.rows)
    np.testing.assert_allclose(found.forward.scores, exact.forward.scores, atol=1e-6)


@pytest.mark.parametrize(("gathered", "most"), [(2**20, 5), (100, 4), (30, 1), (1, 1)])
def test_rescoring_copies_no_more_of_the_others_than_allowed(monkeypatch, gathered, most):
    """Many neighbours of wide rows would take gigabytes."""
    left, right = side(5, 1, 7), side(40, 2, 7)
    rows = torch.argsort(left @ right.T, dim=1)[:, :3]
    expected, sizes, bmm = (left @ right.T).gather(1, rows), [], torch.bmm
    monkeypatch.setattr(blocks, "GATHERED", gathered)
    monkeypatch.setattr(torch, "bmm", lambda a, b: (sizes.append(a.shape), bmm(a, b))[1])
    found = blocks.products_of(left, right, rows)
    torch.testing.assert_close(found, expected)
    assert max(shape[0] for shape in sizes) == most
    assert all(shape.numel() <= max(gathered, 7) for shape in sizes)
    assert blocks.products_of(left[:0], right, rows[:0]).shape == (0, 3)


@pytest.mark.parametrize(
    ("flags", "quick"), [("fma avx2", False), ("avx512f avx512_bf16", True), ("amx_bf16", True)]
)
def test_the_filter_pays_where_the_cpu_has_instructions(monkeypatch, tmp_path, flags, quick):
    (tmp_path / "cpuinfo").write_text(f"processor: 0\nflags\t: {flags}\n")
    monkeypatch.setattr(bf16_filter, "Path", lambda name: tmp_path / "cpuinfo")
    assert bf16_filter.pays("cpu")[0] is quick
    (tmp_path / "cpuinfo").unlink()
    assert bf16_filter.pays("cpu") == (False, "the CPU has no instructions for bfloat16")
