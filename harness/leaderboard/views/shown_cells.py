"""Numbers as the page shows them: one decimal, a true minus sign, – for what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from harness.comparison.table import ITEMS_ONLY
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.board_rows import BoardRow
from harness.leaderboard.colours import MIDDLE, step_of
from harness.leaderboard.foot_marks import ALIKE, foot_of, shown_half
from harness.leaderboard.rounding import points
from harness.leaderboard.row_labels import task_title
from harness.submission.summary import Points

MISSING, MINUS = "–", "−"


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
        half = f" ±{self.half}{self.foot}" if self.half else self.foot
        return f"{self.text}{half} {self.mark}" if self.mark else f"{self.text}{half}"


def number(value: float | None) -> str:
    """Return points with one decimal, – for None."""
    return MISSING if value is None else points(value).replace("-", MINUS)


def signed(value: float | None) -> str:
    """Return a difference with one decimal and its sign, – for None."""
    return MISSING if value is None else points(value, plus=True).replace("-", MINUS)


def _half(value: float | None) -> str:
    shown = shown_half(value)
    return "" if shown is None else points(shown)


def points_cell(score: Points | None) -> ShownCell:
    """Return the cell of an entry's own score."""
    if score is None:
        return ShownCell()
    return ShownCell(number(score.score), _half(score.half), foot=foot_of(score.kind, score.half))


def score_cell(cell: BoardCell | None) -> ShownCell:
    """Return the cell of a score in a family."""
    if cell is None:
        return ShownCell()
    return ShownCell(number(cell.estimate), _half(cell.half), foot=foot_of(cell.kind, cell.half))


def difference_cell(cell: BoardCell | None) -> ShownCell:
    """Return the cell of a difference; only one that is told apart has a colour."""
    if cell is None:
        return ShownCell()
    return ShownCell(
        signed(cell.estimate),
        _half(cell.half),
        cell.mark,
        foot_of(cell.kind, cell.half),
        f"s{step_of(cell.estimate)}" if cell.mark else "",
    )


def heat_cell(cell: BoardCell | None, *, plain: bool = False) -> ShownCell:
    """Return the cell of a heat table: coloured by size, pale where its interval covers 0.

    Where the interval is of the test items only there is no colour: another run may differ.

    Args:
        cell: The difference.
        plain: Whether to leave out the half of the interval.
    """
    if cell is None:
        return ShownCell()
    covers = cell.low is None or cell.high is None or cell.low <= 0 <= cell.high
    foot, step = foot_of(cell.kind, cell.half), step_of(cell.estimate)
    fill = f"{'w' if covers else 's'}{step}"
    if foot in (ITEMS_ONLY, ALIKE) or (covers and step == MIDDLE):
        fill = ""
    if plain:
        return ShownCell(signed(cell.estimate), fill=fill)
    return ShownCell(signed(cell.estimate), _half(cell.half), "", foot, fill)


def intermediate_of(row: BoardRow) -> str:
    """Return the stages of intermediate training in words, "none" for a baseline."""
    stages = [
        " + ".join(
            task_title(task["name"]) + (" (translated)" if task["translated"] else "")
            for task in stage["tasks"]
        )
        or "unknown"
        for stage in row.entry.intermediate
    ]
    return " → ".join(stages) or "none"
