"""Forests: a setting a line, its difference with the 95 % interval, and each run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from harness.comparison.table import AVERAGE
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.figures import legend
from harness.leaderboard.figures.figure_rows import FigureFamily, FigureRow
from harness.leaderboard.figures.figure_style import SIZES
from harness.leaderboard.figures.finding_words import (
    findings,
    isolated,
    one_run_everywhere,
    shown,
    told_apart,
    value_text,
)
from harness.leaderboard.figures.picture import MARGIN, Drawing, Picture
from harness.leaderboard.figures.scale import Scale, differences_scale
from harness.leaderboard.figures.text_width import minus, width_of

LINE = 26.0  # from one setting to the next
NAMES = 430.0  # the widest column of names
PLOT, VALUES = 440.0, 112.0
PANEL, PANELS_A_LINE, BETWEEN = 230.0, 3, 14.0
EDGE, GUTTER = 10.0, 50.0  # beside a scale, without and with arrows and their numbers
MARK = 14.0
DESCRIPTION = (
    "The numbers are in the table “What helps” of the leaderboard, and in leaderboard.csv. "
    "Lines are 95 % intervals."
)
ONE_RUN = "One run everywhere: the intervals say nothing of another seed, so nothing is marked."


@dataclass(frozen=True)
class Plot:
    """Where a column's differences are drawn.

    Attributes:
        column: The column.
        scale: From points to places across.
        top: Where its first line begins.
        left: Where it begins, room for arrows included.
        right: Where it ends, likewise.
    """

    column: str
    scale: Scale
    top: float
    left: float
    right: float


def forest(family: FigureFamily) -> Picture:
    """Return the forest of a family: the mean over its targets.

    Args:
        family: The family.
    """
    column, rows = family.column, family.rows
    drawing = Drawing()
    names = _names_width(rows)
    left = 2 * MARGIN + names
    width = left + PLOT + VALUES + MARGIN
    over = f"mean over {len(family.targets)} targets" if column == AVERAGE else column
    heads = [f"Difference to {isolated(family.baseline.name)}: {over}", family.title]
    for number, head in enumerate(heads):
        kind = "note" if number else "head"
        drawing.write(kind, (MARGIN, 22 + 18 * number), head, width - 2 * MARGIN)
    top = 56.0
    plot = _plot(rows, column, top, left, PLOT)
    bottom = _draw_plot(drawing, rows, plot)
    _draw_names(drawing, rows, top, names)
    missing = "not on all targets" if column == AVERAGE else "not known"
    for y, row in _lines(rows, top):
        cell = row.differences.get(column)
        text = value_text(cell) if cell else missing
        drawing.write("text end", (width - MARGIN, y + 4), text, VALUES)
    middle = (plot.scale.start + plot.scale.end) / 2
    label = "points, less ← 0 → more than the baseline"
    drawing.write("note mid", (middle, bottom + 14), label, PLOT)
    bottom = _draw_legend(drawing, family, [column], bottom + 24, width)
    title = f"Difference to {isolated(family.baseline.name)}, {over}: {findings(rows, column)}."
    return Picture(width, bottom + MARGIN, title, DESCRIPTION, drawing)


def forest_of_targets(family: FigureFamily) -> Picture:
    """Return small forests of a family, a panel a target, each with its own scale.

    Args:
        family: The family.
    """
    rows, drawing = family.rows, Drawing()
    names = _names_width(rows)
    across = max(1, min(PANELS_A_LINE, len(family.targets)))
    width = 2 * MARGIN + names + across * (PANEL + MARK + BETWEEN)
    base = isolated(family.baseline.name)
    head = f"Difference to {base}, target by target (each its own scale, points)"
    drawing.write("head", (MARGIN, 22), head, width - 2 * MARGIN)
    drawing.write("note", (MARGIN, 40), family.title, width - 2 * MARGIN)
    top = bottom = 74.0
    for number, target in enumerate(family.targets):
        if number % across == 0:
            top = bottom if number == 0 else bottom + 36
            _draw_names(drawing, rows, top, names)
        left = 2 * MARGIN + names + (number % across) * (PANEL + MARK + BETWEEN)
        plot = _plot(rows, target, top, left, PANEL)
        middle = (plot.scale.start + plot.scale.end) / 2
        drawing.write("text mid", (middle, top - 8), target, PANEL)
        bottom = _draw_plot(drawing, rows, plot)
        _draw_marks(drawing, rows, plot)
    bottom = _draw_legend(drawing, family, family.targets, bottom + 16, width)
    found = [f"{target}: {told_apart(rows, target)}" for target in family.targets]
    title = f"Difference to {base} by target. {'; '.join(found)}."
    return Picture(width, bottom + MARGIN, title, DESCRIPTION, drawing)


def _names_width(rows: Sequence[FigureRow]) -> float:
    return min(NAMES, max((width_of(row.name, SIZES["name"]) for row in rows), default=90.0) + 2)


def _lines(rows: Sequence[FigureRow], top: float) -> Iterator[tuple[float, FigureRow]]:
    """Yield the middle of each setting's line."""
    for number, row in enumerate(rows):
        yield top + (number + 0.5) * LINE, row


def _draw_names(drawing: Drawing, rows: Sequence[FigureRow], top: float, box: float) -> None:
    for y, row in _lines(rows, top):
        drawing.write("name", (MARGIN, y + 4), row.name, box)
    if not rows:
        drawing.write("note", (MARGIN, top + LINE / 2 + 4), "no setting yet", box)


def _plot(rows: Sequence[FigureRow], column: str, top: float, left: float, width: float) -> Plot:
    """Return where a column is drawn, with room at the sides for arrows and their numbers."""
    values = [value for row in rows for value in _values(row, column)]
    first = differences_scale(values, left, left + width)
    before, after = (
        GUTTER if any(first.beyond(value) == way for value in values) else EDGE for way in (-1, 1)
    )
    scale = replace(first, start=left + before, end=left + width - after)
    return Plot(column, scale, top, left, left + width)


def _values(row: FigureRow, column: str) -> list[float]:
    cell = row.differences.get(column)
    if cell is None:
        return []
    ends = [end for end in (cell.low, cell.high) if end is not None]
    return [cell.estimate, *ends]


def _draw_plot(drawing: Drawing, rows: Sequence[FigureRow], plot: Plot) -> float:
    """Draw a column's scale and settings, and return where the scale's numbers end."""
    scale, bottom = plot.scale, plot.top + max(1, len(rows)) * LINE
    for tick in scale.ticks:
        x = scale.at(tick)
        drawing.add("upright", "grid" if tick else "axis", x, plot.top, bottom + 3)
        drawing.write("tick mid", (x, bottom + 14), minus(f"{tick:+g}") if tick else "0", 44.0)
    drawing.add("interval", "axis", scale.start, scale.end, bottom)
    for y, row in _lines(rows, plot.top):
        cell = row.differences.get(plot.column)
        if cell is not None:
            _draw_cell(drawing, plot, y, row, cell)
    return bottom + 18


def _draw_cell(drawing: Drawing, plot: Plot, y: float, row: FigureRow, cell: BoardCell) -> None:
    scale, tone = plot.scale, tone_of(cell)
    if cell.low is not None and cell.high is not None:
        low, high = scale.at(cell.low), scale.at(cell.high)
        dash = " dash" if cell.kind == "one seed" else ""
        drawing.add("interval", f"line {tone}{dash}", low, high, y)
        for end, place in ((cell.low, low), (cell.high, high)):
            way = scale.beyond(end)
            if way and way != scale.beyond(cell.estimate):
                drawing.add("arrow", "solid", place + 2 * way, y, way)
    way = scale.beyond(cell.estimate)
    if way:
        _draw_beyond(drawing, scale, y, cell, way)
    elif row.published:
        drawing.add("diamond", "solid", scale.at(cell.estimate), y)
    else:
        drawing.add("dot", f"dot {tone}", scale.at(cell.estimate), y)
        if cell.kind == "items only":
            drawing.add("dot", "hole", scale.at(cell.estimate), y)
    for value in row.runs.get(plot.column, ()):
        if not scale.beyond(value):
            drawing.add("dot", "runs", scale.at(value), y + 8)


def _draw_beyond(drawing: Drawing, scale: Scale, y: float, cell: BoardCell, way: int) -> None:
    """Draw an arrow at the end of the scale, and the number that is beyond it."""
    x = scale.end if way > 0 else scale.start
    drawing.add("arrow", "solid", x + 2 * way, y, way)
    kind = "tick" if way > 0 else "tick end"
    drawing.write(kind, (x + 11 * way, y + 4), shown(cell.estimate, plus=True), GUTTER - 11)


def _draw_marks(drawing: Drawing, rows: Sequence[FigureRow], plot: Plot) -> None:
    """Draw ▲ or ▼ beside what is told apart, so that its colour does not say it alone."""
    for y, row in _lines(rows, plot.top):
        cell = row.differences.get(plot.column)
        if cell is not None and cell.mark:
            drawing.add("mark", "ink", plot.right + 2, y, 1 if cell.estimate > 0 else -1)


def tone_of(cell: BoardCell) -> str:
    """Return the class of a cell's colour: only what is told apart has one.

    Args:
        cell: The cell.
    """
    return cell.verdict if cell.mark else "plain"


def _draw_legend(
    drawing: Drawing, family: FigureFamily, columns: Sequence[str], top: float, width: float
) -> float:
    """Draw the keys of what the picture has, and return where they end."""
    rows = family.rows
    cells = [row.differences[name] for row in rows for name in columns if name in row.differences]
    kinds, verdicts = {cell.kind for cell in cells}, {cell.verdict for cell in cells}
    tests = (
        (True, legend.LARGE),
        (True, legend.INTERVAL),
        (any(row.runs.get(name) for row in rows for name in columns), legend.RUNS),
        ("more" in verdicts, legend.MORE),
        ("less" in verdicts, legend.LESS),
        ("items only" in kinds, legend.HOLLOW),
        ("one seed" in kinds, legend.DASHED),
        (any(row.published for row in rows), legend.DIAMOND),
        (("arrow", "solid") in drawing.shapes, legend.BEYOND),
        (all(one_run_everywhere(rows, name) for name in columns), legend.Key(ONE_RUN)),
    )
    keys = [key for applies, key in tests if applies]
    return legend.draw_keys(drawing, keys, MARGIN, top, width - 2 * MARGIN)
