"""The heat map of languages: a setting a line, a language a column, grouped by family."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.declarations import OTHER, Language
from harness.leaderboard.baselines import OF_LANGUAGE
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.colours import EDGES, MIDDLE, STEPS, step_of
from harness.leaderboard.figures import legend
from harness.leaderboard.figures.figure_rows import ENGLISH, FigureFamily, FigureRow
from harness.leaderboard.figures.figure_style import SIZES, set_size
from harness.leaderboard.figures.finding_words import isolated, shown
from harness.leaderboard.figures.picture import MARGIN, Drawing, Picture
from harness.leaderboard.figures.text_width import width_of

WIDE, HIGH, GAP = 41.0, 20.0, 7.0
NAMES = 430.0
HEAD, NOTE = 52.0, 16.0  # height of the lines above, and of one more
HEADS = 96.0  # height of the families' names where they are turned
LEAST_WIDTH, WIDEST_HEAD = 600.0, 1100.0  # that the lines of text need
OWN_INK = (0, 1, STEPS - 2, STEPS - 1)  # on the fills of other steps the page's ink is read
DESCRIPTION = (
    "The numbers are in the table “Languages” of the leaderboard, and in leaderboard.csv, with "
    "the 95 % interval of each."
)


@dataclass(frozen=True)
class Place:
    """A column's place.

    Attributes:
        language: The language.
        left: Where its cells begin.
    """

    language: Language
    left: float


def language_map(family: FigureFamily, target: str = "") -> Picture | None:
    """Return the heat map of a family; None if it has no cell.

    Args:
        family: The family.
        target: The target; "" for the mean over the targets that have the language.
    """
    prefix = target or OF_LANGUAGE
    rows = [
        row
        for row in family.rows
        if not row.published and any(name.startswith(f"{prefix}/") for name in row.differences)
    ]
    there = {column for row in rows for column in row.differences}
    languages = [one for one in family.languages if f"{prefix}/{one.code}" in there]
    groups = list(grouped(languages))
    if not groups:
        return None
    names = min(NAMES, max(width_of(row.name, SIZES["name"]) for row in rows) + 2)
    drawing = Drawing()
    places, right = _places(groups, 2 * MARGIN + names)
    cells = [
        cell
        for row in rows
        for one in languages
        if (cell := row.differences.get(f"{prefix}/{one.code}"))
    ]
    over = target or "mean over the targets that have the language"
    base = isolated(family.baseline.name)
    head, notes = f"Difference to {base}: {over}", [family.title, *_notes(cells)]
    needed = min(WIDEST_HEAD, width_of(head, set_size("head")) + 2)
    width = max(right + MARGIN, LEAST_WIDTH, needed + 2 * MARGIN)
    drawing.write("head", (MARGIN, 22), head, width - 2 * MARGIN)
    for number, note in enumerate(notes):
        drawing.write("note", (MARGIN, 42 + NOTE * number), note, width - 2 * MARGIN)
    top = HEAD + NOTE * (len(notes) - 1)
    top += _draw_heads(drawing, places, top)
    for number, row in enumerate(rows):
        _draw_row(drawing, row, prefix, places, (names, top + number * HIGH))
    bottom = _draw_legend(drawing, top + len(rows) * HIGH + 10, width)
    title = f"Difference to {base} by language, {over}: {_found(cells)}."
    return Picture(width, bottom + MARGIN, title, DESCRIPTION, drawing)


def grouped(languages: Sequence[Language]) -> Iterator[list[Language]]:
    """Yield languages by family: English first and apart, then the largest families.

    Args:
        languages: The languages, whose order is kept in each family.
    """
    english = [one for one in languages if one.code == ENGLISH]
    if english:
        yield english
    families: dict[str, list[Language]] = {}
    for one in languages:
        if one.code != ENGLISH:
            families.setdefault(one.family, []).append(one)
    yield from sorted(
        families.values(), key=lambda some: (some[0].family == OTHER, -len(some), some[0].family)
    )


def _places(groups: Sequence[Sequence[Language]], left: float) -> tuple[list[list[Place]], float]:
    """Return the places of the columns by group, and where the last ends."""
    places = []
    for group in groups:
        places.append([Place(one, left + i * WIDE) for i, one in enumerate(group)])
        left += len(group) * WIDE + GAP
    return places, left - GAP


def _draw_heads(drawing: Drawing, places: Sequence[Sequence[Place]], top: float) -> float:
    """Draw the families' names and the languages' codes, and return the height they need."""
    names = [_family_name(group) for group in places]
    turned = [
        width_of(name, SIZES["group"]) > len(group) * WIDE - 1
        for name, group in zip(names, places, strict=True)
    ]
    long = [width_of(n, SIZES["group"]) for n, lies in zip(names, turned, strict=True) if lies]
    height = 18.0 + min(HEADS, max(long, default=0.0))
    for name, group, lies in zip(names, places, turned, strict=True):
        left, right = group[0].left, group[-1].left + WIDE - 1
        if lies:
            drawing.write_turned("group", (left + WIDE / 2 + 4, top + height - 8), name, HEADS)
        else:
            drawing.write("group", (left + 1, top + height - 8), name, right - left)
        drawing.add("interval", "axis", left, right, top + height - 4)
        for place in group:
            middle = place.left + WIDE / 2
            drawing.write("cell mid", (middle, top + height + 10), place.language.code, WIDE)
    return height + 16


def _family_name(group: Sequence[Place]) -> str:
    first = group[0].language
    return "English" if first.code == ENGLISH else first.family


def _draw_row(
    drawing: Drawing,
    row: FigureRow,
    prefix: str,
    places: Sequence[Sequence[Place]],
    corner: tuple[float, float],
) -> None:
    """Draw a setting's name and cells; ``corner`` is the names' width and the line's top."""
    names, top = corner
    drawing.write("name", (MARGIN, top + 14), row.name, names)
    for place in (one for group in places for one in group):
        cell = row.differences.get(f"{prefix}/{place.language.code}")
        middle = (place.left + (WIDE - 1) / 2, top + 14)
        if cell is None:
            drawing.write("cell mid", middle, "–", WIDE)
            continue
        step, sure = step_of(cell.estimate), leaves_0_out(cell)
        fill = f"fill-{step}" if sure else f"pale-{step}"
        drawing.add("cell", fill, place.left + 0.5, top + 0.5, WIDE - 2, HIGH - 2)
        text = shown(cell.estimate, plus=True)
        own = sure and step in OWN_INK
        drawing.write(f"cell mid on-{step}" if own else "cell mid", middle, text, WIDE - 2)


def leaves_0_out(cell: BoardCell) -> bool:
    """Return whether the cell's own interval leaves 0 out.

    Args:
        cell: The cell.
    """
    return cell.low is not None and cell.high is not None and (cell.low > 0 or cell.high < 0)


def _notes(cells: Sequence[BoardCell]) -> Iterator[str]:
    """Yield how many cells would leave 0 out if no setting did anything, and what is not covered.

    A cell without an interval is not counted.
    """
    known = sum(cell.low is not None for cell in cells)
    yield (
        f"Each cell alone at 95 %: of {known} such cells {0.05 * known:.0f} would be outside by "
        "chance."
    )
    if any(cell.kind == "items only" for cell in cells):
        yield "Intervals of one run cover the test items only."


def _found(cells: Sequence[BoardCell]) -> str:
    sure = [cell.estimate for cell in cells if leaves_0_out(cell)]
    more = sum(estimate > 0 for estimate in sure)
    return (
        f"of {len(cells)} cells {more} above 0 and {len(sure) - more} below it by their own "
        f"interval; by chance {round(0.05 * len(cells), 1):g} would be"
    )


def _draw_legend(drawing: Drawing, top: float, width: float) -> float:
    """Draw the nine steps and the pale one, and return where they end."""
    keys = [legend.Key(_range(step), (("cell", f"fill-{step}"),)) for step in range(STEPS)]
    keys.append(legend.Key("pale: its own 95 % interval covers 0", (("cell", "pale-8"),)))
    return legend.draw_keys(drawing, keys, MARGIN, top, width - 2 * MARGIN)


def _range(step: int) -> str:
    """Return which differences have a step, in words."""
    if step == MIDDLE:
        return f"less than ±{EDGES[0]:g}"
    sign = "+" if step > MIDDLE else "−"
    strength = abs(step - MIDDLE)
    low = f"{sign}{EDGES[strength - 1]:g}"
    if strength == len(EDGES):
        return f"{low} and {'more' if step > MIDDLE else 'less'}"
    return f"{low} to {sign}{EDGES[strength]:g}"
