"""The heat map of languages: a setting a line, a language a column, in groups."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from harness.declarations import OTHER, Language
from harness.leaderboard.baselines import GROUPINGS, OF_LANGUAGE
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.colours import EDGES, MIDDLE, STEPS, step_of
from harness.leaderboard.figures import legend
from harness.leaderboard.figures.figure_rows import ENGLISH, FigureFamily, FigureRow
from harness.leaderboard.figures.figure_style import SIZES
from harness.leaderboard.figures.finding_words import isolated, shown
from harness.leaderboard.figures.picture import MARGIN, Drawing, Picture, wide_enough
from harness.leaderboard.figures.text_width import width_of
from harness.leaderboard.foot_marks import by_chance

WIDE, HIGH, GAP = 41.0, 20.0, 7.0
NAMES = 430.0
HEAD, NOTE = 52.0, 16.0  # height of the lines above, and of one more
HEADS = 96.0  # height of the groups' names where they are turned
BY = dict(zip(GROUPINGS, ("family", "script", "resource class"), strict=True))
OWN_INK = (0, 1, STEPS - 2, STEPS - 1)  # on the fills of other steps the page's ink is read
DESCRIPTION = (
    "The numbers are in the table “Languages” of the leaderboard, and in leaderboard.csv, with "
    "the 95 % interval of each."
)


@dataclass(frozen=True)
class Group:
    """Languages that stand beside each other.

    Attributes:
        name: What they have in common.
        languages: The languages.
        left: Where their cells begin.
    """

    name: str
    languages: tuple[Language, ...]
    left: float = 0.0

    @property
    def right(self) -> float:
        """Return where their cells end."""
        return self.left + len(self.languages) * WIDE

    @property
    def places(self) -> Iterator[tuple[Language, float]]:
        """Yield each language and where its cells begin."""
        for number, one in enumerate(self.languages):
            yield one, self.left + number * WIDE


def language_map(
    family: FigureFamily, target: str = "", grouping: str = GROUPINGS[0]
) -> Picture | None:
    """Return the heat map of a family; None if it has no cell.

    Args:
        family: The family.
        target: The target; "" for the mean over the targets that have the language.
        grouping: One of ``GROUPINGS``: what languages of a group have in common.
    """
    prefix = target or OF_LANGUAGE
    rows = [
        row
        for row in family.rows
        if not row.published and any(name.startswith(f"{prefix}/") for name in row.differences)
    ]
    there = {column for row in rows for column in row.differences}
    languages = [one for one in family.languages if f"{prefix}/{one.code}" in there]
    if not languages:
        return None
    names = min(NAMES, math.ceil(max(width_of(row.name, SIZES["name"]) for row in rows)) + 2.0)
    drawing = Drawing()
    groups = _placed(grouped(languages, grouping), 2 * MARGIN + names)
    cells = [
        cell
        for row in rows
        for one in languages
        if (cell := row.differences.get(f"{prefix}/{one.code}"))
    ]
    over = family.over(target) if target else ", mean over targets"
    base = isolated(family.baseline.name)
    head = f"Difference to {base}{over}"
    notes = [f"{family.title}; languages by {BY[grouping]}"]
    notes += [] if target else ["Of each language the mean over the targets that have it."]
    notes += _notes(cells)
    width = wide_enough(groups[-1].right + MARGIN, head)
    drawing.write("head", (MARGIN, 22), head, width - 2 * MARGIN)
    for number, note in enumerate(notes):
        drawing.write("note", (MARGIN, 42 + NOTE * number), note, width - 2 * MARGIN)
    top = HEAD + NOTE * (len(notes) - 1)
    top += _draw_heads(drawing, groups, top)
    for number, row in enumerate(rows):
        _draw_row(drawing, row, prefix, groups, (names, top + number * HIGH))
    bottom = _draw_legend(drawing, cells, top + len(rows) * HIGH + 10, width)
    title = f"Difference to {base} by language{over}: {_found(cells)}."
    return Picture(width, bottom + MARGIN, title, DESCRIPTION, drawing)


def grouped(languages: Sequence[Language], grouping: str = GROUPINGS[0]) -> list[Group]:
    """Return languages in groups: English first and apart, then by size, or by class downwards.

    Args:
        languages: The languages, whose order is kept in each group.
        grouping: One of ``GROUPINGS``.
    """
    groups: dict[str, list[Language]] = {}
    for one in languages:
        if one.code != ENGLISH:
            groups.setdefault(_group_of(one, grouping), []).append(one)
    some = sorted(groups.items(), reverse=grouping == "resources")
    if grouping != "resources":
        some.sort(key=lambda group: -len(group[1]))
    some.sort(key=lambda group: group[0] == OTHER)
    english = [one for one in languages if one.code == ENGLISH]
    first = [("English", english)] if english else []
    return [Group(name, tuple(inside)) for name, inside in (*first, *some)]


def _group_of(language: Language, grouping: str) -> str:
    """Return what the group of a language is called."""
    if grouping != "resources":
        return language.family if grouping == "family" else language.script
    return OTHER if language.resources is None else f"class {language.resources}"


def _placed(groups: Sequence[Group], left: float) -> list[Group]:
    """Return groups beside each other."""
    placed = []
    for group in groups:
        placed.append(replace(group, left=left))
        left = placed[-1].right + GAP
    return placed


def _draw_heads(drawing: Drawing, groups: Sequence[Group], top: float) -> float:
    """Draw the groups' names and the languages' codes, and return the height they need."""
    wide = {group.name: width_of(group.name, SIZES["group"]) for group in groups}
    turned = {group.name for group in groups if wide[group.name] > group.right - group.left - 2}
    height = 18.0 + min(HEADS, max((math.ceil(wide[name]) for name in turned), default=0))
    for group in groups:
        end = group.right - 1
        if group.name in turned:
            place = (group.left + WIDE / 2 + 4, top + height - 8)
            drawing.write_turned("group", place, group.name, HEADS)
        else:
            place = (group.left + 1, top + height - 8)
            drawing.write("group", place, group.name, end - group.left)
        drawing.add("interval", "axis", group.left, end, top + height - 4)
        for language, left in group.places:
            drawing.write("cell mid", (left + WIDE / 2, top + height + 10), language.code, WIDE)
    return height + 16


def _draw_row(
    drawing: Drawing,
    row: FigureRow,
    prefix: str,
    groups: Sequence[Group],
    corner: tuple[float, float],
) -> None:
    """Draw a setting's name and cells; ``corner`` is the names' width and the line's top."""
    names, top = corner
    drawing.write("name", (MARGIN, top + 14), row.name, names)
    for language, left in (one for group in groups for one in group.places):
        cell = row.differences.get(f"{prefix}/{language.code}")
        middle = (left + (WIDE - 1) / 2, top + 14)
        if cell is None:
            drawing.write("cell mid", middle, "–", WIDE)
            continue
        step, sure = step_of(cell.estimate), leaves_0_out(cell)
        fill = f"fill-{step}" if sure else f"pale-{step}"
        drawing.add("cell", fill, left + 0.5, top + 0.5, WIDE - 2, HIGH - 2)
        text = shown(cell.estimate, plus=True)
        own = sure and step in OWN_INK
        drawing.write(f"cell mid on-{step}" if own else "cell mid", middle, text, WIDE - 2)


def leaves_0_out(cell: BoardCell) -> bool:
    """Return whether the cell's own interval leaves 0 out.

    Not so where it says nothing of another run: where there is but one, or all are alike.

    Args:
        cell: The cell.
    """
    if cell.low is None or cell.high is None or not cell.of_runs:
        return False
    return cell.low > 0 or cell.high < 0


def _notes(cells: Sequence[BoardCell]) -> Iterator[str]:
    """Yield how many cells would leave 0 out by chance, and what intervals do not cover."""
    if chance := by_chance(cells):
        yield chance
    if any(cell.kind == "items only" for cell in cells):
        yield "One run: its intervals cover the test items only, so its cells are pale."
    if any(cell.alike for cell in cells):
        yield "Where all runs give the same score, nothing is known of how sure a cell is: pale."


def _found(cells: Sequence[BoardCell]) -> str:
    known = sum(cell.of_runs for cell in cells)
    if not known:
        return f"{len(cells)} cells, none with an interval that covers other runs"
    sure = [cell.estimate for cell in cells if leaves_0_out(cell)]
    more = sum(estimate > 0 for estimate in sure)
    return (
        f"of {known} cells {more} above 0 and {len(sure) - more} below it by their own "
        f"interval; by chance {round(0.05 * known, 1):g} would be"
    )


def _draw_legend(drawing: Drawing, cells: Sequence[BoardCell], top: float, width: float) -> float:
    """Draw the nine steps and the pale one, and return where they end."""
    keys = [legend.Key(_range(step), (("cell", f"fill-{step}"),)) for step in range(STEPS)]
    one_run = any(cell.kind == "items only" for cell in cells)
    pale = "pale: its own 95 % interval covers 0" + (", or one run only" if one_run else "")
    keys.append(legend.Key(pale, (("cell", "pale-8"),)))
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
