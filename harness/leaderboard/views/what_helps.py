"""What helps: of each baseline, the settings compared with it, target by target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from harness import registry
from harness.leaderboard.baselines import Family, FamilyTable
from harness.leaderboard.board import Board
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.board_rows import BoardRow
from harness.leaderboard.foot_marks import foot_notes, foot_of
from harness.leaderboard.row_labels import label_of
from harness.leaderboard.views.conclusions import Conclusion, conclusions
from harness.leaderboard.views.shown_cells import (
    MISSING,
    ShownCell,
    difference_cell,
    number,
    score_cell,
    signed,
)

MEAN, OVERALL = "mean", "overall"


@dataclass(frozen=True)
class HelpsRow:
    """A setting.

    Attributes:
        row: The board's row.
        label: What it is called in its family.
        cells: A difference for each column.
        up: On how many targets at least it helps; – where no target's interval covers other runs.
        down: On how many at least it hurts, likewise.
    """

    row: BoardRow
    label: str
    cells: tuple[ShownCell, ...]
    up: str
    down: str


@dataclass(frozen=True)
class BestRow:
    """One of the last lines of a table.

    Attributes:
        title: What it says.
        cells: Names of settings, or one number, for each column.
    """

    title: str
    cells: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class HelpsTable:
    """A baseline and the settings compared with it.

    Attributes:
        family: Them.
        title: Base checkpoint and recipe.
        groups: Title and number of columns of each group of targets.
        columns: The columns' names, to what they are called.
        partial: What is missing of the benchmark, "" if it is whole.
        conclusions: What the table says, in words.
        base_label: What the baseline is called in its family.
        baseline: The baseline's scores.
        rows: The settings.
        best: What is said of the best ones.
        notes: What a reader should know.
        without: The rows that have no difference, and why.
    """

    family: Family
    title: str
    groups: tuple[tuple[str, int], ...]
    columns: Mapping[str, str]
    partial: str
    conclusions: tuple[Conclusion, ...]
    base_label: str
    baseline: tuple[ShownCell, ...]
    rows: tuple[HelpsRow, ...]
    best: tuple[BestRow, ...]
    notes: tuple[str, ...]
    without: tuple[tuple[BoardRow, str], ...]


@dataclass(frozen=True)
class WhatHelps:
    """The section.

    Attributes:
        tables: A table for each baseline.
        without: Rows whose baseline has no table, and why.
    """

    tables: tuple[HelpsTable, ...]
    without: tuple[tuple[BoardRow, str], ...]


def what_helps_of(board: Board, shown: Mapping[str, BoardRow]) -> WhatHelps:
    """Return the section.

    Args:
        board: The board.
        shown: The rows that are on the page, by slug.
    """
    tables = [_table(f, t, shown) for f, t in board.families if f.baseline.slug in shown]
    baselines = {family.baseline.slug for family, _ in board.families}
    without = [
        (row, _why(row, board.by_slug))
        for row in shown.values()
        if row.entry.baseline is not None and row.entry.baseline not in baselines
    ]
    return WhatHelps(tuple(tables), tuple(without))


def _why(row: BoardRow, known: Mapping[str, BoardRow]) -> str:
    """Return why a row whose baseline has no family has no differences."""
    name = row.entry.baseline
    if name not in known:
        return f"its baseline {name} is not here"
    return f"its baseline {name} is not recomputed"


def _table(family: Family, table: FamilyTable, shown: Mapping[str, BoardRow]) -> HelpsTable:
    groups, targets = [], []
    for group, names in family.baseline.benchmark.groups.items():
        some = [name for name in names if name in table.targets]
        if some:
            groups.append((group, len(some)))
            targets += some
    scores = table.scores.get(family.baseline.slug, {})
    columns = {name: title_of(name) for name in targets}
    if MEAN in scores:
        columns[MEAN] = mean_title(family, table)
    labels = {row.slug: label_of(row, family) for row in (family.baseline, *family.rows)}
    rows = [
        HelpsRow(
            row,
            labels[row.slug],
            tuple(difference_cell(table.differences[row.slug].get(name)) for name in columns),
            *_counts(row, table),
        )
        for row in family.rows
        if row.slug in shown and row.slug in table.differences
    ]
    return HelpsTable(
        family=family,
        title=family.title,
        groups=tuple(groups),
        columns=columns,
        partial=partial_of(family, table),
        conclusions=conclusions(
            {line.label: table.differences[line.row.slug] for line in rows}, columns
        ),
        base_label=labels[family.baseline.slug],
        baseline=tuple(score_cell(scores.get(name)) for name in columns),
        rows=tuple(rows),
        best=tuple(_best(table, columns, labels)),
        notes=(*_notes(family, table, columns, shown), *table.notes),
        without=tuple((shown[s], why) for s, why in family.left_out.items() if s in shown),
    )


def _counts(row: BoardRow, table: FamilyTable) -> tuple[str, str]:
    """Return on how many targets a row surely helps and hurts, – where nothing could show it."""
    cells = table.differences[row.slug]
    if not any(cells[name].of_runs for name in table.targets if name in cells):
        return MISSING, MISSING
    return str(table.up.get(row.slug, 0)), str(table.down.get(row.slug, 0))


def _best(
    table: FamilyTable, columns: Iterable[str], names: Mapping[str, str]
) -> Iterator[BestRow]:
    """Yield which settings may be the best on each target, and what the best one gains."""
    if not table.best:
        return
    facts = [table.best.get(name) for name in columns]
    sets = [tuple(names.get(s, s) for s in one["set"]) if one else (MISSING,) for one in facts]
    yield BestRow("May be the best of these settings", tuple(sets))
    for key, title in (
        ("naive", "The highest difference (optimistic)"),
        ("honest", "Chosen on other runs and items"),
    ):
        yield BestRow(title, tuple((signed(one[key]) if one else MISSING,) for one in facts))


def _notes(
    family: Family, table: FamilyTable, columns: Mapping[str, str], shown: Mapping[str, BoardRow]
) -> Iterator[str]:
    """Yield what stands under a table: runs, their share of the uncertainty, smallest effects."""
    members = [family.baseline, *(row for row in family.rows if row.slug in shown)]
    if len(members) == 1:
        return
    counts = sorted({len(row.entry.runs) for row in members})
    several = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    yield f"Runs a row: {several}."
    if counts == [1]:
        yield "One run a row, so nothing is marked: another run could give other numbers."
    settings = [table.differences[row.slug] for row in members if row.slug in table.differences]
    by_column = {name: [one[name] for one in settings if name in one] for name in columns}
    shares = [
        f"{columns[name]} {100 * sum(known) / len(known):.0f} %"
        for name, cells in by_column.items()
        if (known := [c.share_runs for c in cells if c.share_runs is not None])
    ]
    if shares:
        yield f"Share of the runs in the uncertainty: {', '.join(shares)}."
    smallest = [
        f"{columns[name]} {number(max(known))}"
        for name, cells in by_column.items()
        if (known := [c.smallest for c in cells if c.smallest is not None])
    ]
    if smallest:
        yield (
            "Where a difference is not told apart, a true one of this size would have been seen in "
            f"80 of 100 such studies (points, the largest of the column): {', '.join(smallest)}."
        )
    yield from foot_notes(
        foot_of(cell.kind, cell.half)
        for row in members
        for cells in (table.differences, table.scores)
        for cell in _of(cells.get(row.slug, {}), columns).values()
    )


def _of(cells: Mapping[str, BoardCell], columns: Iterable[str]) -> dict[str, BoardCell]:
    return {name: cells[name] for name in columns if name in cells}


def partial_of(family: Family, table: FamilyTable) -> str:
    """Return what is missing of the benchmark in a family's table, "" if it is whole.

    Args:
        family: The family.
        table: Its cells.
    """
    entry, names = family.baseline.entry, family.baseline.benchmark.task_names()
    if not entry.partial and len(table.targets) == len(names):
        return ""
    counts = f"{len(table.targets)} of {len(names)} tasks"
    return f"{counts}; {entry.partial}" if entry.partial else counts


def mean_title(family: Family, table: FamilyTable) -> str:
    """Return what the mean over a family's targets is called: overall only if it is whole.

    Args:
        family: The family.
        table: Its cells.
    """
    if partial_of(family, table):
        return f"mean of these {len(table.targets)} targets"
    return OVERALL


def title_of(column: str) -> str:
    """Return what the page calls a target, or another column."""
    return registry.task(column).title if column in registry.task_names() else column
