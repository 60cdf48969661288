"""Indexes of faiss by name, and the recall that is measured."""

import numpy as np
import pytest

from harness.search import faiss_index, nearest_both


def near(count, seed, width=16):
    rows = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32) + 0.5
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("how", ["IVF8,Flat", "HNSW16", "IVF32,Flat"])
def test_recall_is_the_share_of_true_neighbours(how):
    left, right = near(400, 1), near(1300, 2)
    exact = nearest_both(left, right, 4, how="fp32")
    found = nearest_both(left, right, 4, how=how)
    shares = [
        [
            len(set(a) & set(b)) / 4
            for a, b in zip(one.rows.tolist(), other.rows.tolist(), strict=True)
        ]
        for one, other in ((exact.forward, found.forward), (exact.backward, found.backward))
    ]
    assert found.facts.how == f"faiss {how}"
    expected = np.average([np.mean(shares[0]), np.mean(shares[1])], weights=[400, 512])
    assert found.facts.recall == pytest.approx(expected, abs=0.03)  # 512 of the 1,300 are looked at
    if how == "IVF8,Flat":
        assert found.facts.recall == 1  # all its lists are looked at


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("how", ["SQ4", "PQ4x4", "L2norm,Flat", "Flat", "HNSW2"])
def test_scores_are_inner_products_and_recall_is_the_same_at_any_scale(how, scale):
    """An index that stores codes has scores of codes: neither products nor what recall counts."""
    draw = np.random.default_rng(3)
    left = (near(300, 1) * draw.uniform(0.5, 2, (300, 1)) * scale).astype(np.float32)
    right = (near(500, 2) * draw.uniform(0.5, 2, (500, 1)) * scale).astype(np.float32)
    found = nearest_both(left, right, 4, how=how)
    similar = left.astype(np.float64) @ right.astype(np.float64).T
    shares = []
    for one, sides in ((found.forward, similar), (found.backward, similar.T)):
        own = np.take_along_axis(sides, one.rows, 1)
        np.testing.assert_allclose(one.scores, own, atol=1e-6 * sides.max())
        assert (np.diff(one.scores, axis=1) <= 0).all()
        shares.append((own >= np.sort(sides, axis=1)[:, [-4]] - 1e-9 * sides.max()).mean())
    expected = np.average(shares, weights=[300, 500])
    assert found.facts.recall == pytest.approx(expected, abs=0.002)
    assert (expected == 1) == (how == "Flat")


def test_rows_for_which_an_index_has_too_few_are_searched_exactly(monkeypatch):
    """Two clusters far apart, one list each: the lists that are looked at hold fewer than k."""
    left, right = near(60, 1), near(400, 2)
    real = faiss_index._search

    def short(queries, index, k, factory):
        rows = real(queries, index, k, factory)
        rows[::7, -1] = -1
        return rows

    monkeypatch.setattr(faiss_index, "_search", short)
    found, exact = nearest_both(left, right, 3, how="Flat"), nearest_both(left, right, 3)
    np.testing.assert_array_equal(found.forward.rows, exact.forward.rows)
    assert found.facts.fallen == 9 + 58


@pytest.mark.parametrize(("kernel", "warned"), [("Prescott", True), ("Zen", False), ("", False)])
def test_an_old_kernel_is_a_warning(monkeypatch, kernel, warned):
    monkeypatch.setattr(faiss_index, "blas_kernel", lambda: kernel)
    facts = nearest_both(near(9, 1), near(9, 2), 2, how="Flat").facts
    assert bool(facts.warnings) == warned
    assert not warned or ("Prescott" in facts.warnings[0] and "OPENBLAS_CORETYPE" in str(facts))


def test_the_kernel_is_that_of_the_library_that_faiss_has_loaded():
    assert faiss_index.blas_kernel() == "" or faiss_index.blas_kernel()[0].isalpha()
