"""Differences of pairs of rows as short text, which the page's script reads back.

A number takes one character up to 79 and two up to 979. Of each pair there is the second row's
number, then of each column

- 0 for nothing, or 1 and an estimate (tenths of a point, zigzag: 0, −1, 1, …; hundreds, then the
  rest) where it does not follow from the rows' scores,
- half of the interval in tenths, from 2; 2 itself is nothing, half 0.0 is 3,
- unless that is nothing, the p-value: 0 for nothing, thousandths from 1 below 0.1, hundredths
  from 91 beyond.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.foot_marks import shown_half
from harness.leaderboard.rounding import points

SIGNS = [chr(code) for code in range(35, 127) if chr(code) not in "<\\"]  # safe within JSON
BASE, ONE = len(SIGNS), 80
MOST = ONE + (BASE - ONE) * BASE - 1
HUNDREDS = 100
FINE = 100  # thousandths of p from which hundredths are enough

Scores = Sequence[int | None]
"""Thousandths of a point of each column."""


def coded(number: int) -> str:
    """Return a number as text; one that is too large, as the largest there is.

    Args:
        number: From 0.
    """
    if number < ONE:
        return SIGNS[number]
    high, low = divmod(min(number, MOST) - ONE, BASE)
    return SIGNS[ONE + high] + SIGNS[low]


def pair_text(second: int, cells: Sequence[BoardCell | None], scores: tuple[Scores, Scores]) -> str:
    """Return a pair as text.

    Args:
        second: Number of the second row.
        cells: The second row less the first in each column.
        scores: The first and the second row's scores of each column; () without any.
    """
    parts = [coded(second)]
    for i, cell in enumerate(cells):
        if cell is None:
            parts.append(coded(0))
            continue
        estimate, half = _tenths(cell.estimate), shown_half(cell.half)
        if estimate != _of_scores(*(one[i] if one else None for one in scores)):
            zigzag = 2 * estimate if estimate >= 0 else -2 * estimate - 1
            parts += [coded(1), *map(coded, divmod(zigzag, HUNDREDS))]
        parts.append(coded(2 if half is None else 3 + _tenths(half)))
        if half is not None:
            parts.append(coded(_level(cell.p)))
    return "".join(parts)


def _of_scores(first: int | None, second: int | None) -> int | None:
    """Return the difference of two scores in tenths of a point, as the script rounds it."""
    if first is None or second is None:
        return None
    return math.floor((second - first) / 100 + 0.5)


def _level(p: float | None) -> int:
    if p is None:
        return 0
    fine = round(1000 * p)
    return 1 + fine if fine < FINE else 91 + round(100 * p)


def _tenths(value: float) -> int:
    """Return points in tenths, rounded as the tables' are."""
    return int(points(value).replace(".", ""))
