"""Search over parts finds what a search over the whole finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.search import nearest, parts
from harness.search.equal_rows import repeats_of
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


@pytest.mark.parametrize("cuts", [[], [777, 1501]])
@pytest.mark.parametrize("portion", [50_000, 300])
def test_rows_of_the_same_bits_are_ties(
    cuts: list[int], portion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their products may differ in the last bit, and a lower one may be beyond the last wanted."""
    monkeypatch.setattr(parts, "ROWS", portion)
    draw = np.random.default_rng(0)
    kinds = draw.integers(0, 200, 2000)
    rows = draw.standard_normal((200, 48)).astype(np.float32)[kinds]
    queries = draw.standard_normal((60, 48)).astype(np.float32)
    found = nearest_of_parts(queries, np.split(rows, cuts), 20, threads=1)
    for scores, numbers in zip(found.scores, found.rows, strict=True):
        assert np.array_equal(np.lexsort((numbers, -scores)), np.arange(20))
        assert len(np.unique(scores)) == len(np.unique(kinds[numbers]))  # one score for each kind
        for kind in np.unique(kinds[numbers]):
            some = numbers[kinds[numbers] == kind]
            assert some.tolist() == np.flatnonzero(kinds == kind)[: len(some)].tolist()


def test_all_rows_are_the_same() -> None:
    """The later parts hold no row that is searched, and k is above what there is."""
    some = np.split(np.full((9, 4), 0.3, np.float32), [2, 5])
    assert (
        nearest_of_parts(np.ones((2, 4), np.float32), some, 4).rows.tolist() == [[0, 1, 2, 3]] * 2
    )
    assert nearest_of_parts(np.ones((1, 4), np.float32), some, 50).rows.tolist() == [[*range(9)]]
    assert nearest_of_parts(np.ones((0, 4), np.float32), some, 4).rows.shape == (0, 4)


def test_rows_come_again_only_if_all_their_bits_do() -> None:
    rows = np.ones((6, 5), np.float32)
    rows[[1, 4], 2] = 7  # at their ends they are like the others
    rows[5, 0] = -1
    assert repeats_of([rows[:2], rows[2:2], rows[2:]]) == {0: [2, 3], 1: [4]}
    assert repeats_of([rows[[0, 5]]]) == {}


def test_nothing_to_search_in() -> None:
    with pytest.raises(HarnessError, match="all parts are empty"):
        nearest_of_parts(np.ones((1, 3), np.float32), [np.ones((0, 3), np.float32)], 2)
