"""Scatters: score against parameters, and the transfer gap against the English score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.figures import legend
from harness.leaderboard.figures.figure_rows import ENGLISH, GAP, FigureFamily, FigureSize
from harness.leaderboard.figures.figure_style import SIZES
from harness.leaderboard.figures.finding_words import isolated, shown
from harness.leaderboard.figures.picture import MARGIN, Drawing, Picture
from harness.leaderboard.figures.scale import Scale, counts_scale, scores_scale
from harness.leaderboard.figures.text_width import minus, width_of

PLOT, HEIGHT, AXIS = 460.0, 320.0, 46.0  # of the plot; room for the numbers beside it
NAMES, NAME_LINE, NUMBERED = 430.0, 16.0, 40
NUMBER_LINE = 11.0
NO_SIZE = "No whole zero-shot row whose size is known yet."
PANEL, PANELS_A_LINE = 200.0, 3
UNITS = ((1e9, "B"), (1e6, "M"), (1e3, "K"), (1.0, ""))
OF_SIZES = (
    "The numbers are in the table “Board” of the leaderboard, and in leaderboard.csv. "
    "Lines are 95 % intervals."
)
OF_GAPS = (
    "The numbers are in the second table of “Languages” of the leaderboard, and in "
    "leaderboard.csv. Lines are 95 % intervals."
)


@dataclass(frozen=True)
class Axes:
    """The scales of a plot.

    Attributes:
        across: From left to right.
        up: From below upwards.
    """

    across: Scale
    up: Scale


def sizes(title: str, rows: Sequence[FigureSize]) -> Picture:
    """Return the overall scores of a benchmark against the parameters of the encoder's body.

    Args:
        title: The benchmark's title.
        rows: The rows that have both.
    """
    rows = sorted(rows, key=lambda row: (-row.score.estimate, row.name))
    drawing, numbered = Drawing(), rows[:NUMBERED]
    names = [f"{number}  {row.name}" for number, row in enumerate(numbered, 1)]
    if len(rows) > NUMBERED:
        names.append(f"and {len(rows) - NUMBERED} more without number")
    left, right = MARGIN + AXIS, 2 * MARGIN
    right += min(NAMES, max((width_of(name, SIZES["note"]) + 2 for name in names), default=0.0))
    width = left + PLOT + right
    drawing.write(
        "head", (MARGIN, 22), f"{title}: overall zero-shot score by size", width - 2 * MARGIN
    )
    note = "Points; parameters without the embeddings, on a scale of equal factors."
    drawing.write("note", (MARGIN, 40), note if rows else NO_SIZE, width - 2 * MARGIN)
    if not rows:
        return Picture(width, 56.0, _found_sizes(title, rows), OF_SIZES, drawing)
    top, height = 62.0, max(HEIGHT, NAME_LINE * (len(names) + 1))
    axes = Axes(
        counts_scale([row.parameters for row in rows], left, left + PLOT),
        scores_scale([v for row in rows for v in _ends(row.score)], top + height, top),
    )
    _draw_axes(drawing, axes, ("parameters of the body", "overall score"))
    _draw_numbers(drawing, axes, numbered)
    for row in rows:
        _draw_point(drawing, axes, row)
    for number, name in enumerate(names):
        place = (left + PLOT + MARGIN, top + 10 + number * NAME_LINE)
        drawing.write("note", place, name, right - 2 * MARGIN)
    cells = [row.score for row in rows]
    bottom = _draw_keys(drawing, cells, (top + height + 42, width), [legend.SCORE])
    return Picture(width, bottom + MARGIN, _found_sizes(title, rows), OF_SIZES, drawing)


def _draw_numbers(drawing: Drawing, axes: Axes, rows: Sequence[FigureSize]) -> None:
    """Write the rows' numbers beside their scores, those of one size below each other."""
    of_size: dict[int, list[int]] = {}
    for number, row in enumerate(rows):
        of_size.setdefault(row.parameters, []).append(number)
    for parameters, numbers in of_size.items():
        x = axes.across.at(parameters)
        heights = [axes.up.at(rows[number].score.estimate) for number in numbers]
        for number, y, beside in zip(numbers, heights, _spread(heights, axes.up), strict=True):
            drawing.add("leader", "axis", x, y, x + 13, beside)
            drawing.write("tick", (x + 15, beside + 3.5), str(number + 1), 24.0)


def _spread(heights: Sequence[float], scale: Scale) -> list[float]:
    """Return heights for numbers, from above downwards, that are not on each other."""
    places: list[float] = []
    for y in heights:
        places.append(max(y, places[-1] + NUMBER_LINE) if places else y)
    last = scale.start
    for i in reversed(range(len(places))):
        places[i] = min(places[i], last)
        last = places[i] - NUMBER_LINE
    return places


def _found_sizes(title: str, rows: Sequence[FigureSize]) -> str:
    if not rows:
        return f"{title}: {NO_SIZE}"
    some = [
        f"{isolated(row.name)} {shown(row.score.estimate)} with {count(row.parameters)}"
        for row in rows[:3]
    ]
    more = f", and {len(rows) - 3} more" if len(rows) > 3 else ""
    return f"{title}, overall zero-shot score by parameters of the body: {', '.join(some)}{more}."


def gaps(family: FigureFamily) -> Picture | None:
    """Return the transfer gap against the English score, a panel a target; None without any.

    Args:
        family: The family.
    """
    panels = [(target, some) for target in family.targets if (some := _pairs(family, target))]
    if not panels:
        return None
    drawing, across = Drawing(), min(PANELS_A_LINE, len(panels))
    wide = AXIS + PANEL + 2 * MARGIN
    width = max(MARGIN + across * wide, 2 * MARGIN + 600.0)
    head = "Gap (English less the mean of the others) by English score, points"
    drawing.write("head", (MARGIN, 22), head, width - 2 * MARGIN)
    drawing.write("note", (MARGIN, 40), family.title, width - 2 * MARGIN)
    bottom = top = 72.0
    for number, (target, pairs) in enumerate(panels):
        if number % across == 0:
            top = bottom + (30 if number else 0)
        left = MARGIN + AXIS + number % across * wide
        axes = Axes(
            scores_scale([v for x, _, _ in pairs for v in _ends(x)], left, left + PANEL),
            scores_scale([v for _, y, _ in pairs for v in _ends(y)], top + PANEL, top),
        )
        drawing.write("text mid", (left + PANEL / 2, top - 8), target, PANEL)
        _draw_axes(drawing, axes, ("English score", "gap"))
        for english, gap, baseline in pairs:
            _draw_cross(drawing, axes, english, gap, "base" if baseline else "plain")
        bottom = top + PANEL + 38
    cells = [gap for _, some in panels for _, gap, _ in some]
    keys = [legend.SETTING, legend.BASE]
    bottom = _draw_keys(drawing, cells, (bottom + 6, width), keys)
    title = f"Transfer gap by English score. {'; '.join(_found_gaps(panels))}."
    return Picture(width, bottom + MARGIN, title, OF_GAPS, drawing)


Pair = tuple[BoardCell, BoardCell, bool]  # English score, gap, whether it is the baseline's


def _pairs(family: FigureFamily, target: str) -> list[Pair]:
    """Return of each row with both its English score and its gap, the baseline's last."""
    pairs = []
    for row in (*family.rows, family.baseline):
        english, gap = row.scores.get(f"{target}/{ENGLISH}"), row.scores.get(f"{target}/{GAP}")
        if english and gap:
            pairs.append((english, gap, row is family.baseline))
    return pairs


def _found_gaps(panels: Sequence[tuple[str, Sequence[Pair]]]) -> Iterator[str]:
    for target, pairs in panels:
        values = [gap.estimate for _, gap, _ in pairs]
        own = [gap.estimate for _, gap, baseline in pairs if baseline]
        of_it = f", the baseline's {shown(own[0])}" if own else ""
        yield f"{target}: gaps from {shown(min(values))} to {shown(max(values))}{of_it}"


def _ends(cell: BoardCell) -> list[float]:
    return [v for v in (cell.estimate, cell.low, cell.high) if v is not None]


def _draw_axes(drawing: Drawing, axes: Axes, names: tuple[str, str]) -> None:
    """Draw both scales with their numbers and names."""
    across, up = axes.across, axes.up
    for tick in across.ticks:
        x = across.at(tick)
        drawing.add("upright", "grid", x, up.end, up.start + 3)
        text = count(tick) if across.log else minus(f"{tick:g}")
        drawing.write("tick mid", (x, up.start + 15), text, 46.0)
    for tick in up.ticks:
        y = up.at(tick)
        drawing.add("interval", "grid", across.start - 3, across.end, y)
        drawing.write("tick end", (across.start - 6, y + 3.5), minus(f"{tick:g}"), AXIS - 18)
    drawing.add("interval", "axis", across.start, across.end, up.start)
    drawing.add("upright", "axis", across.start, up.end, up.start)
    middle = ((across.start + across.end) / 2, up.start + 30)
    drawing.write("note mid", middle, names[0], across.end - across.start)
    place = (across.start - AXIS + 10, (up.start + up.end) / 2)
    drawing.write_turned("note mid", place, names[1], up.start - up.end)


def _draw_point(drawing: Drawing, axes: Axes, row: FigureSize) -> None:
    """Draw a score with its interval."""
    x, y, cell = axes.across.at(row.parameters), axes.up.at(row.score.estimate), row.score
    if cell.low is None or cell.high is None:
        drawing.add("diamond", "solid", x, y)
        return
    dash = " dash" if cell.kind == "one seed" else ""
    drawing.add("upright", f"line plain{dash}", x, axes.up.at(cell.high), axes.up.at(cell.low))
    _draw_dot(drawing, x, y, cell, "plain")


def _draw_cross(
    drawing: Drawing, axes: Axes, english: BoardCell, gap: BoardCell, tone: str
) -> None:
    """Draw a point with an interval each way."""
    x, y = axes.across.at(english.estimate), axes.up.at(gap.estimate)
    if gap.low is None or gap.high is None:
        drawing.add("diamond", "solid", x, y)
        return
    dash = " dash" if gap.kind == "one seed" else ""
    drawing.add("upright", f"line {tone}{dash}", x, axes.up.at(gap.high), axes.up.at(gap.low))
    if english.low is not None and english.high is not None:
        ends = axes.across.at(english.low), axes.across.at(english.high)
        drawing.add("interval", f"line {tone}{dash}", *ends, y)
    _draw_dot(drawing, x, y, gap, tone)


def _draw_dot(drawing: Drawing, x: float, y: float, cell: BoardCell, tone: str) -> None:
    drawing.add("dot", f"dot {tone}", x, y)
    if cell.kind == "items only":
        drawing.add("dot", "hole", x, y)


def _draw_keys(
    drawing: Drawing,
    cells: Sequence[BoardCell],
    place: tuple[float, float],
    first: Sequence[legend.Key],
) -> float:
    """Draw the keys of what the picture has; ``place`` is their top and the picture's width."""
    kinds = {cell.kind for cell in cells}
    tests = (
        (True, legend.INTERVAL),
        ("items only" in kinds, legend.HOLLOW),
        ("one seed" in kinds, legend.DASHED),
        (any(cell.low is None for cell in cells), legend.DIAMOND),
    )
    keys = [*first, *(key for applies, key in tests if applies)]
    return legend.draw_keys(drawing, keys, MARGIN, place[0], place[1] - 2 * MARGIN)


def count(number: float) -> str:
    """Return a count in a short form, e.g. ``22 M``.

    Args:
        number: The count.
    """
    size, unit = next((one for one in UNITS if number >= one[0]), UNITS[-1])
    return f"{number / size:.3g} {unit}".strip()
