"""Forests: a setting a line, its difference with the 95 % interval, and each run."""

from __future__ import annotations

import math
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
    sure,
    told_apart,
    value_text,
)
from harness.leaderboard.figures.picture import MARGIN, Drawing, Picture, wide_enough
from harness.leaderboard.figures.scale import Scale, differences_scale
from harness.leaderboard.figures.text_width import minus, width_of

LINE, MIDDLE = 26.0, 13.0  # from one setting to the next at least; from its top to its interval
RUNS = 8.0  # from a setting's interval down to its runs
APART, MOST_LEVELS = 5.0, 8  # of runs that would be on each other; of their levels
NAMES = 430.0  # the widest column of names
PLOT = 400.0
PANEL, PANELS_A_LINE, BETWEEN = 200.0, 3, 14.0
EDGE = 10.0  # beside a scale at least
MARK = 14.0
DESCRIPTION = (
    "The numbers are in the table “What helps” of the leaderboard, and in leaderboard.csv. "
    "Lines are 95 % intervals."
)
ONE_RUN = "One run everywhere: the intervals say nothing of another seed, so nothing is marked."
ALL_ALIKE = ("all runs of all settings", "give the same score")
UNKNOWN = ("not known", "for any setting")


@dataclass(frozen=True)
class Beyond:
    """What of a setting is beyond the scale on one side.

    Attributes:
        kind: ``difference``, ``end`` of its interval, or ``runs``.
        way: -1 below the scale, 1 above it.
        text: The number.
    """

    kind: str
    way: int
    text: str

    @property
    def arrow(self) -> float:
        """Return how far from the scale its arrow stands, with room for a dot but at a line."""
        return 2.0 if self.kind == "end" else 12.0

    @property
    def room(self) -> float:
        """Return how far from the scale its number ends."""
        return self.arrow + 9.0 + width_of(self.text, SIZES["tick"]) + 2.0


@dataclass(frozen=True)
class Plot:
    """Where a column's differences are drawn across.

    Attributes:
        column: The column.
        scale: From points to places.
        left: Where it begins, room for arrows included.
        right: Where it ends, likewise.
    """

    column: str
    scale: Scale
    left: float
    right: float

    @property
    def middle(self) -> float:
        """Return the middle of its scale."""
        return (self.scale.start + self.scale.end) / 2


@dataclass(frozen=True)
class Lines:
    """Where settings are drawn from above downwards.

    Attributes:
        rows: The settings.
        top: Where the first line begins.
        heights: How high the line of each is.
    """

    rows: Sequence[FigureRow]
    top: float
    heights: Sequence[float]

    @property
    def bottom(self) -> float:
        """Return where the last line ends."""
        return self.top + (sum(self.heights) or LINE)

    def __iter__(self) -> Iterator[tuple[float, FigureRow]]:
        """Yield the height of each setting's interval, and the setting."""
        top = self.top
        for row, height in zip(self.rows, self.heights, strict=True):
            yield top + MIDDLE, row
            top += height


def forest(family: FigureFamily) -> Picture:
    """Return the forest of a family: the mean over its targets.

    Args:
        family: The family.
    """
    column, rows = family.column, family.rows
    drawing = Drawing()
    names = _names_width(rows)
    left = 2 * MARGIN + names
    head = f"Difference to {isolated(family.baseline.name)}{family.over(column)}"
    missing = "not on all targets" if column == AVERAGE else "not known"
    cells = [row.differences.get(column) for row in rows]
    values = [value_text(cell) if cell else missing for cell in cells]
    room = math.ceil(max((width_of(text, SIZES["text"]) for text in values), default=0.0)) + 2.0
    width = wide_enough(left + PLOT + BETWEEN + room + MARGIN, head)
    drawing.write("head", (MARGIN, 22), head, width - 2 * MARGIN)
    drawing.write("note", (MARGIN, 40), family.title, width - 2 * MARGIN)
    plot = _plot(rows, column, left, PLOT)
    lines = Lines(rows, 56.0, _line_heights(rows, [plot]))
    bottom = _draw_plot(drawing, lines, plot)
    _draw_names(drawing, lines, names)
    for (y, _), text in zip(lines, values, strict=True):
        drawing.write("text end", (plot.right + BETWEEN + room, y + 4), text, room)
    label = "points, less ← 0 → more than the baseline"
    drawing.write("note mid", (plot.middle, bottom + 14), label, PLOT)
    bottom = _draw_legend(drawing, family, [column], bottom + 24, width)
    title = f"{head}: {findings(rows, column)}."
    return Picture(width, bottom + MARGIN, title, DESCRIPTION, drawing)


def forest_of_targets(family: FigureFamily) -> Picture:
    """Return small forests of a family, a panel a target, each with its own scale.

    Args:
        family: The family.
    """
    rows, drawing = family.rows, Drawing()
    names = _names_width(rows)
    across = max(1, min(PANELS_A_LINE, len(family.targets)))
    step = PANEL + MARK + BETWEEN
    base = isolated(family.baseline.name)
    head = f"Difference to {base}, target by target (each its own scale, points)"
    width = wide_enough(2 * MARGIN + names + across * step, head)
    drawing.write("head", (MARGIN, 22), head, width - 2 * MARGIN)
    drawing.write("note", (MARGIN, 40), family.title, width - 2 * MARGIN)
    plots = [
        _plot(rows, target, 2 * MARGIN + names + number % across * step, PANEL)
        for number, target in enumerate(family.targets)
    ]
    heights, bottom = _line_heights(rows, plots), 38.0
    for first in range(0, len(plots), across):
        lines = Lines(rows, bottom + 36, heights)
        _draw_names(drawing, lines, names)
        for plot in plots[first : first + across]:
            place = (plot.middle, lines.top - 8)
            drawing.write("text mid", place, family.called(plot.column), PANEL)
            bottom = _draw_plot(drawing, lines, plot)
            _draw_marks(drawing, lines, plot)
    bottom = _draw_legend(drawing, family, family.targets, bottom + 16, width)
    found = [f"{family.called(target)}: {told_apart(rows, target)}" for target in family.targets]
    title = f"Difference to {base} by target. {'; '.join(found)}."
    return Picture(width, bottom + MARGIN, title, DESCRIPTION, drawing)


def _names_width(rows: Sequence[FigureRow]) -> float:
    widest = max((width_of(row.name, SIZES["name"]) for row in rows), default=90.0)
    return min(NAMES, math.ceil(widest) + 2.0)


def _line_heights(rows: Sequence[FigureRow], plots: Sequence[Plot]) -> list[float]:
    """Return heights of lines in which the runs of all columns have room."""
    drawn = [plot for plot in plots if not _all_alike(rows, plot.column)]
    levels = [[level for plot in drawn for _, level in _runs_within(row, plot)] for row in rows]
    return [LINE + APART * max(some, default=0) for some in levels]


def _draw_names(drawing: Drawing, lines: Lines, box: float) -> None:
    for y, row in lines:
        drawing.write("name", (MARGIN, y + 4), row.name, box)
    if not lines.rows:
        drawing.write("note", (MARGIN, lines.top + MIDDLE + 4), "no setting yet", box)


def _plot(rows: Sequence[FigureRow], column: str, left: float, width: float) -> Plot:
    """Return where a column is drawn, with room at the sides for arrows and their numbers."""
    scale = differences_scale([_values(row, column) for row in rows], left, left + width)
    far = [one for row in rows for one in _beyond(row, column, scale)]
    before, after = (max([EDGE, *(one.room for one in far if one.way == way)]) for way in (-1, 1))
    scale = replace(scale, start=left + before, end=left + width - after)
    return Plot(column, scale, left, left + width)


def _values(row: FigureRow, column: str) -> list[float]:
    cell = row.differences.get(column)
    if cell is None:
        return []
    ends = [end for end in (cell.low, cell.high) if end is not None]
    return [cell.estimate, *ends, *row.runs.get(column, ())]


def _beyond(row: FigureRow, column: str, scale: Scale) -> Iterator[Beyond]:
    """Yield what of a setting is beyond the scale."""
    cell = row.differences.get(column)
    if cell is None:
        return
    for way, end in ((-1, cell.low), (1, cell.high)):
        if scale.beyond(cell.estimate) == way:
            yield Beyond("difference", way, shown(cell.estimate, plus=True))
        elif end is not None and scale.beyond(end) == way:
            yield Beyond("end", way, shown(end, plus=True))
        far = sorted((run for run in row.runs.get(column, ()) if scale.beyond(run) == way), key=abs)
        if far:
            to = "to " if len(far) > 1 else ""
            yield Beyond("runs", way, f"{to}{shown(far[-1], plus=True)}")


def _runs_within(row: FigureRow, plot: Plot) -> list[tuple[float, int]]:
    """Return the places of the runs that are on the scale, each with its level."""
    runs = row.runs.get(plot.column, ())
    return stacked([plot.scale.at(run) for run in runs if not plot.scale.beyond(run)])


def stacked(places: Sequence[float]) -> list[tuple[float, int]]:
    """Return places from left to right, each with the first level on which it covers no other.

    Args:
        places: Where dots stand across.
    """
    last: list[float] = []  # of each level
    found = []
    for number, at in enumerate(sorted(places)):
        free = (level for level, other in enumerate(last) if at - other >= APART)
        level = next(free, len(last)) if len(last) < MOST_LEVELS else next(free, number % len(last))
        last[level : level + 1] = [at]
        found.append((at, level))
    return found


def _all_alike(rows: Sequence[FigureRow], column: str) -> bool:
    """Return whether no run of a column differs from another in anything."""
    cells = [row.differences[column] for row in rows if column in row.differences]
    return bool(cells) and all(cell.alike and not cell.estimate for cell in cells)


def _instead(rows: Sequence[FigureRow], column: str) -> Sequence[str]:
    """Return the lines that stand instead of a scale, where equal runs would look the surest."""
    if rows and not any(column in row.differences for row in rows):
        return UNKNOWN
    return ALL_ALIKE if _all_alike(rows, column) else ()


def _draw_plot(drawing: Drawing, lines: Lines, plot: Plot) -> float:
    """Draw a column's scale and settings, and return where the scale's numbers end."""
    scale, bottom = plot.scale, lines.bottom
    instead = _instead(lines.rows, plot.column)
    if instead:
        for words, height in zip(instead, (-3, 11), strict=True):
            place = (plot.middle, (lines.top + bottom) / 2 + height)
            drawing.write("note mid", place, words, plot.right - plot.left)
        return bottom + 18
    for tick in scale.ticks:
        x = scale.at(tick)
        drawing.add("upright", "grid" if tick else "axis", x, lines.top, bottom + 3)
        drawing.write("tick mid", (x, bottom + 14), minus(f"{tick:+g}") if tick else "0", 44.0)
    drawing.add("interval", "axis", scale.start, scale.end, bottom)
    for y, row in lines:
        cell = row.differences.get(plot.column)
        if cell is not None:
            _draw_cell(drawing, plot, y, row, cell)
    return bottom + 18


def _draw_cell(drawing: Drawing, plot: Plot, y: float, row: FigureRow, cell: BoardCell) -> None:
    """Draw a setting's interval, difference and runs; an arrow with its number where it is far."""
    scale, tone = plot.scale, tone_of(cell)
    if cell.low is not None and cell.high is not None and not cell.alike:
        dash = " dash" if cell.kind == "one seed" else ""
        ends = scale.at(cell.low), scale.at(cell.high)
        drawing.add("interval", f"line {tone}{dash}", *ends, y)
    if not scale.beyond(cell.estimate):
        _draw_estimate(drawing, scale.at(cell.estimate), y, row, cell)
    for x, level in _runs_within(row, plot):
        drawing.add("dot", "runs", x, y + RUNS + APART * level)
    for one in _beyond(row, plot.column, scale):
        edge, height = (scale.end if one.way > 0 else scale.start), y
        if one.kind == "difference":
            _draw_estimate(drawing, edge + 6 * one.way, y, row, cell)
        elif one.kind == "runs":
            height += RUNS + 1  # so that its number is below the difference's
            drawing.add("dot", "runs", edge + 6 * one.way, height)
        x = edge + one.arrow * one.way
        drawing.add("arrow", "solid", x, height, one.way)
        kind = "tick" if one.way > 0 else "tick end"
        drawing.write(kind, (x + 9 * one.way, height + 4), one.text, one.room)


def _draw_estimate(drawing: Drawing, x: float, y: float, row: FigureRow, cell: BoardCell) -> None:
    """Draw the shape that says how a difference is known."""
    if row.published:
        drawing.add("diamond", "solid", x, y)
    elif cell.alike:
        drawing.add("square", "box", x, y)
    else:
        drawing.add("dot", f"dot {tone_of(cell)}", x, y)
        if cell.kind == "items only":
            drawing.add("dot", "hole", x, y)


def _draw_marks(drawing: Drawing, lines: Lines, plot: Plot) -> None:
    """Draw ▲ or ▼ beside what is told apart, so that its colour does not say it alone."""
    for y, row in lines:
        cell = row.differences.get(plot.column)
        if cell is not None and sure(cell):
            way = 1 if cell.estimate > 0 else -1
            drawing.add("mark", "ink", plot.right + 2, y + 4 * way, way)


def tone_of(cell: BoardCell) -> str:
    """Return the class of a cell's colour: only what is told apart has one.

    Args:
        cell: The cell.
    """
    return cell.verdict if sure(cell) else "plain"


def _draw_legend(
    drawing: Drawing, family: FigureFamily, columns: Sequence[str], top: float, width: float
) -> float:
    """Draw the keys of what the picture has, and return where they end."""
    rows = family.rows
    cells = [row.differences[name] for row in rows for name in columns if name in row.differences]
    kinds, tones = {cell.kind for cell in cells}, {tone_of(cell) for cell in cells}
    tests = (
        (True, legend.LARGE),
        (True, legend.INTERVAL),
        (("dot", "runs") in drawing.shapes, legend.RUNS),
        ("more" in tones, legend.MORE),
        ("less" in tones, legend.LESS),
        ("items only" in kinds, legend.HOLLOW),
        ("one seed" in kinds, legend.DASHED),
        (any(row.published for row in rows), legend.DIAMOND),
        (("square", "box") in drawing.shapes, legend.ALIKE),
        (("arrow", "solid") in drawing.shapes, legend.BEYOND),
        (all(one_run_everywhere(rows, name) for name in columns), legend.Key(ONE_RUN)),
    )
    keys = [key for applies, key in tests if applies]
    return legend.draw_keys(drawing, keys, MARGIN, top, width - 2 * MARGIN)
