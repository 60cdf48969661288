"""Pairs as text: what the script reads back is what the board has."""

from __future__ import annotations

import json
from itertools import starmap

from hypothesis import given
from hypothesis import strategies as st

from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.views.pair_codes import MOST, SIGNS, coded, pair_text

NUMBERS = st.floats(-100, 100).map(lambda x: round(x, 6))
CELLS = st.none() | st.builds(
    lambda estimate, half, p: BoardCell(estimate, estimate - half, estimate + half, p=p),
    NUMBERS,
    st.floats(0, 90).map(lambda x: round(x, 6)),
    st.none() | st.floats(0, 1),
)


def read(text: str) -> list[int]:
    """Return the numbers of a text, as the script does."""
    codes = [ord(sign) - 35 - (ord(sign) > 60) - (ord(sign) > 92) for sign in text]
    found = []
    while codes:
        first = codes.pop(0)
        found.append(first if first < 80 else 80 + (first - 80) * 90 + codes.pop(0))
    return found


@given(st.lists(st.integers(0, MOST)))
def test_numbers_are_read_back(numbers: list[int]) -> None:
    assert read("".join(map(coded, numbers))) == numbers


def test_what_is_too_large_is_cut() -> None:
    assert read(coded(MOST + 1000)) == [MOST]


def test_signs_are_safe_in_json() -> None:
    text = "".join(SIGNS)
    assert json.dumps(text) == f'"{text}"' and "<" not in text and len({*SIGNS}) == 90


@given(st.integers(0, 499), st.lists(CELLS, max_size=14))
def test_cells_are_read_back_without_scores(second: int, cells: list[BoardCell | None]) -> None:
    numbers = read(pair_text(second, cells, ((), ())))
    assert numbers.pop(0) == second
    for cell in cells:
        if cell is None:
            assert numbers.pop(0) == 0
            continue
        assert numbers.pop(0) == 1
        zigzag = numbers.pop(0) * 100 + numbers.pop(0)
        tenths = -(zigzag + 1) // 2 if zigzag % 2 else zigzag // 2
        assert abs(tenths / 10 - cell.estimate) <= 0.0501
        half = numbers.pop(0)
        assert cell.half is not None
        if half == 2:
            assert cell.half == 0
            continue
        assert abs((half - 3) / 10 - cell.half) <= 0.0501
        level = numbers.pop(0)
        if level == 0:
            assert cell.p is None
        else:
            p = (level - 91) / 100 if level > 100 else (level - 1) / 1000
            assert cell.p is not None and abs(p - cell.p) <= (0.0051 if p >= 0.1 else 0.00051)
    assert numbers == []


@given(st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 100_000)), min_size=1))
def test_an_estimate_that_follows_from_the_scores_is_left_out(
    scores: list[tuple[int, int]],
) -> None:
    cells = [BoardCell((y - x) / 1000) for x, y in scores]
    first, second = ([pair[i] for pair in scores] for i in (0, 1))
    numbers = read(pair_text(7, cells, (first, second)))[1:]
    exact = list(starmap(lambda x, y: abs((y - x) % 100 - 50) > 0, scores))
    if all(exact):  # at a half the board rounds to even and the script up
        assert numbers == [2] * len(cells)
