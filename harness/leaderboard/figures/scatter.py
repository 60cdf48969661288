"""Scatters: score against parameters, and the transfer gap against the English score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.figures import legend
from harness.leaderboard.figures.figure_rows import (
    ENGLISH,
    GAP,
    FigureFamily,
    FigureRow,
    FigureSize,
)
from harness.leaderboard.figures.figure_style import SIZES
from harness.leaderboard.figures.finding_words import isolated, shown
from harness.leaderboard.figures.picture import MARGIN, Drawing, Picture, wide_enough
from harness.leaderboard.figures.scale import Scale, counts_scale, scores_scale
from harness.leaderboard.figures.text_width import minus, width_of

PLOT, HEIGHT, AXIS = 460.0, 320.0, 46.0  # of the plot; room for the numbers beside it
NAMES, NAME_LINE, NUMBERED = 430.0, 16.0, 40
NUMBER_LINE = 11.0
BESIDE, ABOVE = 7.0, 5.0  # of a point, its number: not on its lines
NEAR = 18.0  # across, of points whose numbers could be on each other
PANEL, PANELS_A_LINE, NUMBERED_GAPS = 200.0, 3, 15
ALL_ALIKE = "all runs give the same score"
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


def sizes(title: str, rows: Sequence[FigureSize]) -> Picture | None:
    """Return the overall scores of a benchmark against the parameters of the encoder's body.

    None if there is no row.

    Args:
        title: The benchmark's title.
        rows: The rows that have both.
    """
    if not rows:
        return None
    rows = sorted(rows, key=lambda row: (-row.score.estimate, row.name))
    drawing, numbered = Drawing(), rows[:NUMBERED]
    names = [f"{number}  {row.name}" for number, row in enumerate(numbered, 1)]
    if len(rows) > NUMBERED:
        names.append(f"and {len(rows) - NUMBERED} more without number")
    left, right = MARGIN + AXIS, 2 * MARGIN
    right += min(NAMES, max((width_of(name, SIZES["note"]) + 2 for name in names), default=0.0))
    head = "Overall zero-shot score by size"
    width = wide_enough(left + PLOT + right, head)
    drawing.write("head", (MARGIN, 22), head, width - 2 * MARGIN)
    drawing.write("note", (MARGIN, 40), title, width - 2 * MARGIN)
    note = "Points; parameters without the embeddings, on a scale of equal factors."
    drawing.write("note", (MARGIN, 56), note, width - 2 * MARGIN)
    top, height = 78.0, max(HEIGHT, NAME_LINE * (len(names) + 1))
    axes = Axes(
        counts_scale([row.parameters for row in rows], left, left + PLOT),
        scores_scale([v for row in rows for v in _ends(row.score)], top + height, top),
    )
    _draw_axes(drawing, axes, ("parameters of the body", "overall score"))
    points = [(float(row.parameters), row.score.estimate) for row in numbered]
    _draw_numbers(drawing, axes, dict(enumerate(points, 1)))
    for row in rows:
        _draw_point(drawing, axes, row)
    for number, name in enumerate(names):
        place = (left + PLOT + MARGIN, top + 10 + number * NAME_LINE)
        drawing.write("note", place, name, right - 2 * MARGIN)
    cells = [row.score for row in rows]
    bottom = _draw_keys(drawing, cells, (top + height + 42, width), [legend.SCORE])
    return Picture(width, bottom + MARGIN, _found_sizes(title, rows), OF_SIZES, drawing)


def _draw_numbers(drawing: Drawing, axes: Axes, points: Mapping[int, tuple[float, float]]) -> None:
    """Write numbers beside their points, those that are near each other below each other."""
    places = [(axes.across.at(x), axes.up.at(y), number) for number, (x, y) in points.items()]
    near: list[list[tuple[float, float, int]]] = []
    for place in sorted(places):
        if near and place[0] - near[-1][-1][0] < NEAR:
            near[-1].append(place)
        else:
            near.append([place])
    for some in near:
        some.sort(key=lambda place: (place[1], place[2]))
        heights = _spread([y - ABOVE for _, y, _ in some], axes.up)
        for (x, y, number), beside in zip(some, heights, strict=True):
            if beside != y - ABOVE:
                drawing.add("leader", "axis", x, y, x + BESIDE - 1, beside - 3)
            drawing.write("tick", (x + BESIDE, beside), str(number), 24.0)


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
    some = [
        f"{isolated(row.name)} {shown(row.score.estimate)} with {count(row.parameters)}"
        for row in rows[:3]
    ]
    more = f", and {len(rows) - 3} more" if len(rows) > 3 else ""
    return f"{title}, overall zero-shot score by parameters of the body: {', '.join(some)}{more}."


@dataclass(frozen=True)
class Pair:
    """A row's English score and its gap on one target.

    Attributes:
        row: The row.
        english: The English score.
        gap: The gap.
        tone: The class of its colour.
    """

    row: FigureRow
    english: BoardCell
    gap: BoardCell
    tone: str

    @property
    def alike(self) -> bool:
        """Return whether neither says how sure it is, as all runs give the same score."""
        return self.english.alike and self.gap.alike

    @property
    def at(self) -> tuple[float, float]:
        """Return the point."""
        return self.english.estimate, self.gap.estimate


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
    head = "Gap (English minus the mean of the others) by English score, points"
    width = wide_enough(MARGIN + across * wide, head)
    drawing.write("head", (MARGIN, 22), head, width - 2 * MARGIN)
    drawing.write("note", (MARGIN, 40), family.title, width - 2 * MARGIN)
    rows = [row for row in family.rows if any(row is one.row for _, some in panels for one in some)]
    numbered = rows if len(rows) <= NUMBERED_GAPS else []
    bottom = top = 72.0
    for number, (target, pairs) in enumerate(panels):
        if number % across == 0:
            top = bottom + (30 if number else 0)
        left = MARGIN + AXIS + number % across * wide
        drawing.write("text mid", (left + PANEL / 2, top - 8), family.called(target), PANEL)
        _draw_panel(drawing, pairs, numbered, (left, top))
        bottom = top + PANEL + 38
    names = [legend.Key(f"{number} {row.name}") for number, row in enumerate(numbered, 1)]
    bottom = legend.draw_keys(drawing, names, MARGIN, bottom + 6, width - 2 * MARGIN)
    cells = [one.gap for _, some in panels for one in some]
    keys = [legend.SETTING, legend.BASE]
    bottom = _draw_keys(drawing, cells, (bottom, width), keys)
    found = [(family.called(target), some) for target, some in panels]
    title = f"Transfer gap by English score. {'; '.join(_found_gaps(found))}."
    return Picture(width, bottom + MARGIN, title, OF_GAPS, drawing)


def _pairs(family: FigureFamily, target: str) -> list[Pair]:
    """Return of each row with both its English score and its gap, the baseline's last."""
    pairs = []
    for row in (*family.rows, family.baseline):
        english, gap = row.scores.get(f"{target}/{ENGLISH}"), row.scores.get(f"{target}/{GAP}")
        if english and gap:
            pairs.append(Pair(row, english, gap, "base" if row is family.baseline else "plain"))
    return pairs


def _draw_panel(
    drawing: Drawing,
    pairs: Sequence[Pair],
    numbered: Sequence[FigureRow],
    corner: tuple[float, float],
) -> None:
    """Draw a target's panel; ``corner`` is where its plot begins, left and top."""
    left, top = corner
    if all(one.alike for one in pairs) and len({one.at for one in pairs}) == 1:
        # on scales it would look like the surest of all
        english, gap = map(shown, pairs[0].at)
        lines = (ALL_ALIKE, f"English {english}, gap {gap}")
        for number, words in enumerate(lines):
            place = (left + PANEL / 2, top + PANEL / 2 + 16 * number)
            drawing.write("note mid", place, words, PANEL)
        return
    axes = Axes(
        scores_scale([v for one in pairs for v in _ends(one.english)], left, left + PANEL),
        scores_scale([v for one in pairs for v in _ends(one.gap)], top + PANEL, top),
    )
    _draw_axes(drawing, axes, ("English score", "gap"))
    for one in pairs:
        _draw_cross(drawing, axes, one)
    points = {n: one.at for n, row in enumerate(numbered, 1) for one in pairs if one.row is row}
    _draw_numbers(drawing, axes, points)


def _found_gaps(panels: Sequence[tuple[str, Sequence[Pair]]]) -> Iterator[str]:
    for target, pairs in panels:
        values = [one.gap.estimate for one in pairs]
        own = [one.gap.estimate for one in pairs if one.tone == "base"]
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
    if not cell.alike:
        ends = axes.up.at(cell.high), axes.up.at(cell.low)
        drawing.add("upright", f"line plain{dash}", x, *ends)
    _draw_dot(drawing, x, y, cell, "plain")


def _draw_cross(drawing: Drawing, axes: Axes, one: Pair) -> None:
    """Draw a point with an interval each way."""
    english, gap, tone = one.english, one.gap, one.tone
    x, y = axes.across.at(english.estimate), axes.up.at(gap.estimate)
    if gap.low is None or gap.high is None:
        drawing.add("diamond", "solid", x, y)
        return
    dash = " dash" if gap.kind == "one seed" else ""
    if not gap.alike:
        drawing.add("upright", f"line {tone}{dash}", x, axes.up.at(gap.high), axes.up.at(gap.low))
    if english.low is not None and english.high is not None and not english.alike:
        ends = axes.across.at(english.low), axes.across.at(english.high)
        drawing.add("interval", f"line {tone}{dash}", *ends, y)
    _draw_dot(drawing, x, y, gap, tone)


def _draw_dot(drawing: Drawing, x: float, y: float, cell: BoardCell, tone: str) -> None:
    if cell.alike:
        drawing.add("square", "box", x, y)
        return
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
        (("square", "box") in drawing.shapes, legend.ALIKE),
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
