"""Bars of what the uncertainty is made of: runs and test items, a target each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from harness.comparison.table import AVERAGE
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.figures import legend
from harness.leaderboard.figures.figure_rows import FigureFamily
from harness.leaderboard.figures.figure_style import SIZES
from harness.leaderboard.figures.finding_words import shown
from harness.leaderboard.figures.picture import MARGIN, Drawing, Picture, wide_enough
from harness.leaderboard.figures.text_width import width_of

LINE, BAR, BARS = 26.0, 16.0, 380.0
HALVES = 130.0
DESCRIPTION = (
    "The shares are the means over the settings of the column share_runs in leaderboard.csv; the "
    "intervals are in the table “What helps”."
)


def variance_bars(family: FigureFamily) -> Picture:
    """Return bars of the share of runs and of items in the variance of a family's differences.

    Args:
        family: The family.
    """
    columns = [*family.targets, *([AVERAGE] if len(family.targets) > 1 else [])]
    called = {name: family.called(name) for name in columns}
    names = max(math.ceil(width_of(name, SIZES["text"])) + 2.0 for name in called.values())
    left, drawing = 2 * MARGIN + names, Drawing()
    width = left + BARS + MARGIN + HALVES + MARGIN
    head = "What the uncertainty is made of: runs | test items"
    width = wide_enough(width, head)
    drawing.write("head", (MARGIN, 22), head, width - 2 * MARGIN)
    drawing.write("note", (MARGIN, 40), family.title, width - 2 * MARGIN)
    note = "mean 95 % interval"
    drawing.write("note end", (width - MARGIN, 58), note, HALVES)
    top, found = 66.0, []
    for number, column in enumerate(columns):
        y = top + number * LINE
        cells = [row.differences[column] for row in family.rows if column in row.differences]
        drawing.write("text", (MARGIN, y + 17), called[column], names)
        share = _draw_bar(drawing, cells, left, y)
        known = [cell.half for cell in cells if cell.half]
        if known:
            place = (width - MARGIN, y + 17)
            drawing.write("text end", place, f"±{shown(fmean(known))}", HALVES)
        found.append(f"{called[column]} {'not known' if share is None else percent(share)}")
    bottom = top + len(columns) * LINE + 8
    keys = (
        legend.Key("runs: less with more seeds", (("cell", "of-runs"),)),
        legend.Key("test items: less with more examples", (("cell", "of-items"),)),
        legend.Key("shares of the variance, means over the settings"),
    )
    bottom = legend.draw_keys(drawing, keys, MARGIN, bottom, width - 2 * MARGIN)
    title = f"Share of the runs in the variance of the differences: {', '.join(found)}."
    return Picture(width, bottom + MARGIN, title, DESCRIPTION, drawing)


def _draw_bar(
    drawing: Drawing, cells: Sequence[BoardCell], left: float, top: float
) -> float | None:
    """Draw a column's bar, and return the share of the runs; None if it is not known."""
    known = [cell.share_runs for cell in cells if cell.share_runs is not None]
    if not known:
        drawing.write("note", (left, top + 17), _why_not(cells), BARS)
        return None
    share = fmean(known)
    y, end = top + (LINE - BAR) / 2, left + share * BARS
    if share > 0:
        drawing.add("cell", "of-runs", left, y, end - left, BAR)
    if share < 1:
        drawing.add("cell", "of-items", end, y, left + BARS - end, BAR)
    for kind, start, wide, part in (
        ("on-runs", left, end - left, share),
        ("on-items", end, left + BARS - end, 1 - share),
    ):
        text = percent(part)
        if width_of(text, SIZES["cell"]) + 6 <= wide:
            drawing.write(f"cell mid {kind}", (start + wide / 2, y + 12), text, wide)
    return share


def _why_not(cells: Sequence[BoardCell]) -> str:
    """Return why no share is known."""
    known = [cell for cell in cells if cell.half is not None]
    if not known:
        return "no interval yet"
    if all(cell.alike for cell in known):
        return "all runs give the same score"
    return "one run only: the runs' share is not known"


def percent(share: float) -> str:
    """Return a share in words, e.g. ``62 %``.

    Args:
        share: 0 to 1.
    """
    return f"{100 * share:.0f} %"
