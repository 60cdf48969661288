"""What a picture finds, in words, for those who do not see it."""

from __future__ import annotations

from collections.abc import Sequence

from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.figures.figure_rows import FigureRow
from harness.leaderboard.figures.text_width import minus
from harness.leaderboard.rounding import points

MOST, FEW = 6, 3  # settings that a title names, of one column and of each of several
ISOLATE, POP = "\u2068", "\u2069"  # keep a name's direction to itself


def isolated(name: str) -> str:
    """Return a name whose direction does not reach the words around it."""
    return f"{ISOLATE}{name}{POP}"


def shown(value: float, *, plus: bool = False) -> str:
    """Return points with one decimal and a true minus.

    Args:
        value: The points.
        plus: Whether what is not negative has its sign, too.
    """
    return minus(points(value, plus=plus))


def sure(cell: BoardCell) -> bool:
    """Return whether a difference is told apart, by an interval that says how sure it is.

    Args:
        cell: The cell.
    """
    return bool(cell.mark) and not cell.alike


def value_text(cell: BoardCell) -> str:
    """Return a difference as the tables have it: ``+1.8 ±0.9 ▲``, with □ where runs are alike."""
    if cell.alike:
        return f"{shown(cell.estimate, plus=True)} □"
    half = "" if cell.half is None else f" ±{shown(cell.half)}"
    mark = f" {cell.mark}" if cell.mark else ""
    return f"{shown(cell.estimate, plus=True)}{half}{mark}"


def finding(row: FigureRow, column: str) -> str:
    """Return what is found of a setting in a column, e.g. ``MNLI +1.8``.

    Args:
        row: The setting.
        column: The column.
    """
    name, cell = isolated(row.name), row.differences.get(column)
    if cell is None:
        return f"{name} not known"
    difference = shown(cell.estimate, plus=True)
    kinds = (
        (row.published, f"{difference} published, without interval"),
        (cell.alike, f"{difference} in all runs alike"),
        (bool(cell.mark), difference),
        (cell.kind == "items only", f"{difference} in one run only"),
        (cell.verdict == "no difference", "no difference"),
    )
    words = next((words for applies, words in kinds if applies), "not told apart")
    return f"{name} {words}"


def findings(rows: Sequence[FigureRow], column: str, most: int = MOST) -> str:
    """Return what is found of the first settings in a column, and how many more there are.

    Args:
        rows: The settings, in the order of the picture.
        column: The column.
        most: How many are named.
    """
    if not rows:
        return "no setting is compared with it yet"
    more = f", and {len(rows) - most} more" if len(rows) > most else ""
    return ", ".join(finding(row, column) for row in rows[:most]) + more


def told_apart(rows: Sequence[FigureRow], column: str) -> str:
    """Return which settings are told apart from the baseline in a column, in a few words.

    Args:
        rows: The settings, in the order of the picture.
        column: The column.
    """
    cells = [row.differences[column] for row in rows if column in row.differences]
    if cells and all(cell.alike for cell in cells):
        return "all runs give the same score"
    if one_run_everywhere(rows, column):
        return "one run only, nothing marked"
    known = [row for row in rows if column in row.differences]
    marked = [row for row in known if sure(row.differences[column])]
    return findings(marked, column, FEW) if marked else "nothing told apart"


def one_run_everywhere(rows: Sequence[FigureRow], column: str) -> bool:
    """Return whether all intervals of a column cover the test items only.

    Args:
        rows: The settings.
        column: The column.
    """
    kinds = {row.differences[column].kind for row in rows if column in row.differences}
    return kinds - {""} == {"items only"}
