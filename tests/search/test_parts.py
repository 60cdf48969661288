"""Search over parts finds what a search over the whole finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.search import nearest, parts
from harness.search.parts import nearest_of_parts


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=6),
    st.integers(1, 25),
    st.integers(1, 50),
    st.integers(0, 2**32 - 1),
)
def test_parts_give_what_the_whole_gives(
    counts: list[int], k: int, portion: int, seed: int
) -> None:
    """Whole numbers, so that scores are exact: of equal ones the lower row comes first."""
    draw = np.random.default_rng(seed)
    rows = draw.integers(-2, 3, (max(1, sum(counts)), 5)).astype(np.float32)
    queries = draw.integers(-2, 3, (7, 5)).astype(np.float32)
    cuts = np.cumsum(counts)[:-1]
    some = np.split(rows, cuts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "ROWS", portion)
        found = nearest_of_parts(queries, some, k, threads=1)
    expected = nearest(queries, rows, k, threads=1)
    assert np.array_equal(found.rows, expected.rows)
    assert np.array_equal(found.scores, expected.scores)
    order = np.lexsort((np.arange(len(rows)), -(queries[0] @ rows.T)))
    assert found.rows[0].tolist() == order[:k].tolist()


def test_memory_mapped_parts(tmp_path: Path) -> None:
    rows = np.random.default_rng(3).standard_normal((50, 8)).astype(np.float32)
    np.save(tmp_path / "a.npy", rows[:20])
    np.save(tmp_path / "b.npy", rows[20:])
    some = [np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in "ab"]
    found = nearest_of_parts(rows[[30, 4]], some, 1)
    assert found.rows.tolist() == [[30], [4]]
    assert nearest_of_parts(rows[:2], some, 100).rows.shape == (2, 50)


def test_nothing_to_search_in() -> None:
    with pytest.raises(HarnessError, match="all parts are empty"):
        nearest_of_parts(np.ones((1, 3), np.float32), [np.ones((0, 3), np.float32)], 2)
