"""What small print a cell needs: how its interval came about, and whether it says anything."""

from __future__ import annotations

from collections.abc import Iterable

from harness.comparison.table import ITEMS_ONLY, ONE_SEED
from harness.leaderboard.board_cells import BoardCell

ALIKE = "³"
FEET = {"one seed": ONE_SEED, "items only": ITEMS_ONLY}
"""Kinds of intervals that need a foot mark."""
FOOT_NOTES = {
    ONE_SEED: "one run; the spread of its runs is taken from the other rows",
    ITEMS_ONLY: "one run; the interval is of the test items only and says nothing of another run",
    ALIKE: "all runs give the same score, as models do that learnt nothing: not known how sure",
}


def foot_of(kind: str | None, half: float | None) -> str:
    """Return the foot mark of a score or difference, "" if it needs none.

    Args:
        kind: What its interval covers (``BoardCell.kind``).
        half: Half of the interval, not rounded; None without one.
    """
    if half == 0:
        return "" if kind == "fixed" else ALIKE
    return FEET.get(kind or "", "") if half is not None else ""


def shown_half(half: float | None) -> float | None:
    """Return half of an interval, None where its width is 0 and would look like certainty.

    Args:
        half: Half of the interval, not rounded; None without one.
    """
    return half or None


def by_chance(cells: Iterable[BoardCell]) -> str:
    """Return how many differences would leave 0 out if no setting did anything, "" for none.

    Only those are counted whose intervals say something of other runs.

    Args:
        cells: Differences that stand alone, at 95 % each.
    """
    known = sum(cell.of_runs for cell in cells)
    if not known:
        return ""
    outside = f"{round(0.05 * known, 1):g}"
    return f"Each cell alone at 95 %: of {known} such cells {outside} would be outside by chance."


def foot_notes(feet: Iterable[str]) -> list[str]:
    """Return what foot marks mean, a sentence each, without those that are not there.

    Args:
        feet: Foot marks, "" for none.
    """
    there = set(feet)
    return [f"{mark} {words}." for mark, words in FOOT_NOTES.items() if mark in there]
