"""Numbers as the page shows them: one decimal, a true minus sign, – for what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.board_rows import BoardRow
from harness.leaderboard.colours import step_of
from harness.leaderboard.rounding import points
from harness.submission.summary import Points

MISSING, MINUS = "–", "−"
ONE_SEED, ITEMS_ONLY = "¹", "²"
FEET = {"one seed": ONE_SEED, "items only": ITEMS_ONLY}
"""Kinds of intervals that need a foot mark."""
FOOT_NOTES = {
    ONE_SEED: "one run; the spread of its runs is taken from the other rows",
    ITEMS_ONLY: "one run; the interval is of the test items only and says nothing of another run",
}


@dataclass(frozen=True)
class ShownCell:
    """A cell of a table.

    Attributes:
        text: The number.
        half: Half of its 95 % interval, "" without one.
        mark: ▲ or ▼ where it is told apart.
        foot: Foot mark of its interval.
        fill: Class of its colour, "" for none.
    """

    text: str = MISSING
    half: str = ""
    mark: str = ""
    foot: str = ""
    fill: str = ""

    @property
    def whole(self) -> str:
        """Return all that is shown, e.g. ``+1.8 ±0.9 ▲``."""
        half = f" ±{self.half}{self.foot}" if self.half else ""
        return f"{self.text}{half} {self.mark}" if self.mark else f"{self.text}{half}"


def number(value: float | None) -> str:
    """Return points with one decimal, – for None."""
    return MISSING if value is None else points(value).replace("-", MINUS)


def signed(value: float | None) -> str:
    """Return a difference with one decimal and its sign, – for None."""
    return MISSING if value is None else points(value, plus=True).replace("-", MINUS)


def _half(value: float | None) -> str:
    return "" if value is None else points(value)


def points_cell(score: Points | None) -> ShownCell:
    """Return the cell of an entry's own score."""
    if score is None:
        return ShownCell()
    return ShownCell(number(score.score), _half(score.half), foot=FEET.get(score.kind or "", ""))


def score_cell(cell: BoardCell | None) -> ShownCell:
    """Return the cell of a score in a family."""
    if cell is None:
        return ShownCell()
    return ShownCell(number(cell.estimate), _half(cell.half), foot=FEET.get(cell.kind, ""))


def difference_cell(cell: BoardCell | None) -> ShownCell:
    """Return the cell of a difference; only one that is told apart has a colour."""
    if cell is None:
        return ShownCell()
    return ShownCell(
        signed(cell.estimate),
        _half(cell.half),
        cell.mark,
        FEET.get(cell.kind, ""),
        f"s{step_of(cell.estimate)}" if cell.mark else "",
    )


def heat_cell(cell: BoardCell | None, *, plain: bool = False) -> ShownCell:
    """Return the cell of a heat table: coloured by size, pale where its interval covers 0.

    Args:
        cell: The difference.
        plain: Whether to leave out the half of the interval.
    """
    if cell is None:
        return ShownCell()
    covers = cell.low is None or cell.high is None or cell.low <= 0 <= cell.high
    half = "" if plain else _half(cell.half)
    foot = "" if plain else FEET.get(cell.kind, "")
    fill = f"{'w' if covers else 's'}{step_of(cell.estimate)}"
    return ShownCell(signed(cell.estimate), half, "", foot, fill)


def intermediate_of(row: BoardRow) -> str:
    """Return the stages of intermediate training in words, "none" for a baseline."""
    stages = [
        " + ".join(task["name"] + (" (translated)" if task["translated"] else "") for task in tasks)
        or "unknown"
        for tasks in (stage["tasks"] for stage in row.entry.intermediate)
    ]
    return " → ".join(stages) or "none"


def feet_of(cells: Mapping[str, BoardCell]) -> set[str]:
    """Return the foot marks that cells need."""
    return {FEET[cell.kind] for cell in cells.values() if cell.kind in FEET}
