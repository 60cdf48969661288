"""What a table of differences says, in words that are made from its cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.comparison.table import AVERAGE, MARGIN
from harness.leaderboard.board_cells import MARKS, BoardCell
from harness.leaderboard.views.shown_cells import number, signed

MOST = 6  # findings that are named; the others are counted


@dataclass(frozen=True)
class Conclusion:
    """A sentence.

    Attributes:
        title: How it begins.
        items: What it names: a row, and what is said of it.
        rest: How it ends.
    """

    title: str
    items: tuple[tuple[str, str], ...] = ()
    rest: str = ""


@dataclass(frozen=True)
class Found:
    """A difference with its place.

    Attributes:
        label: What the row is called.
        title: What the column is called.
        cell: The difference.
    """

    label: str
    title: str
    cell: BoardCell


def conclusions(
    rows: Mapping[str, Mapping[str, BoardCell]], columns: Mapping[str, str]
) -> tuple[Conclusion, ...]:
    """Return what is to be said of the settings of a family, nothing without any.

    Args:
        rows: What each row is called, to its differences by column.
        columns: The targets and their mean, to what they are called.
    """
    found = {
        column: [
            Found(label, title, cells[column]) for label, cells in rows.items() if column in cells
        ]
        for column, title in columns.items()
    }
    targets = [one for column, some in found.items() if column != AVERAGE for one in some]
    if not targets:
        return ()
    made = [*_on_targets(targets)]
    if found.get(AVERAGE):
        made += _on_mean(found[AVERAGE], columns[AVERAGE])
    return tuple(made)


def _on_targets(found: Sequence[Found]) -> Iterator[Conclusion]:
    helps, hurts = (_marked(found, mark) for mark in MARKS.values())
    if {one.cell.kind for one in found} <= {"items only", "", "fixed"}:
        yield Conclusion(
            "Nothing is settled: each row has one run, and another run could give other numbers."
        )
        return
    if not helps and not hurts:
        smallest = [(one.cell.smallest, one.title) for one in found if one.cell.smallest]
        missed = ""
        if smallest:
            points, title = max(smallest)
            missed = (
                f"; a true difference could have been missed, on {title} one of up to"
                f" {number(points)} points"
            )
        yield Conclusion(f"No setting is told apart from the baseline on any target{missed}.")
        return
    yield _named("Helps:", helps)
    yield _named("Hurts:", hurts)
    others = len(found) - len(helps) - len(hurts)
    if others:
        words = "cell" if others == 1 else "cells"
        yield Conclusion(f"Not told apart from chance: all others ({others} {words}).")
    same = [one for one in found if one.cell.verdict == "no difference"]
    if same:
        yield _named(f"Surely less than {MARGIN:g} point either way:", same)


def _on_mean(found: Sequence[Found], title: str) -> Iterator[Conclusion]:
    marked = [one for mark in MARKS.values() for one in _marked(found, mark)]
    if marked:
        yield _named("Told apart from the baseline in the last column:", marked)
    elif {one.cell.kind for one in found} - {"items only", "", "fixed"}:
        yield Conclusion(f"In the column “{title}” no setting is told apart from the baseline.")


def _marked(found: Sequence[Found], mark: str) -> list[Found]:
    """Return the differences with a mark, the largest first."""
    some = [one for one in found if one.cell.mark == mark]
    return sorted(some, key=lambda one: -abs(one.cell.estimate))


def _named(title: str, found: Sequence[Found]) -> Conclusion:
    """Return a sentence that names some differences."""
    items = tuple(
        (one.label, f"on {one.title} {signed(one.cell.estimate)}") for one in found[:MOST]
    )
    more = len(found) - len(items)
    return Conclusion(title, items, f" and {more} more" if more else "" if items else "none")
