"""Languages: differences by language and by groups of languages, and the transfer gap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.declarations import LOW_RESOURCE, OTHER
from harness.leaderboard.baselines import (
    GROUPINGS,
    OF_LANGUAGE,
    Family,
    FamilyTable,
    groups_of,
)
from harness.leaderboard.board import Board
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.board_rows import BoardRow
from harness.leaderboard.foot_marks import by_chance
from harness.leaderboard.row_labels import label_of
from harness.leaderboard.views.shown_cells import (
    ShownCell,
    difference_cell,
    heat_cell,
    score_cell,
)
from harness.leaderboard.views.what_helps import MEAN, partial_of

ENGLISH = "en"
FEW = 60  # rows on a page that has every target's languages, each cell with its interval


@dataclass(frozen=True)
class LanguageColumn:
    """A column of the heat table.

    Attributes:
        code: The language.
        name: Its name.
        groups: Its group by family, script and resource class.
        parts: The columns of groups that it is part of.
    """

    code: str
    name: str
    groups: tuple[str, str, str]
    parts: tuple[str, ...]


@dataclass(frozen=True)
class NamedCells:
    """A row, what it is called in its family, and its cells."""

    row: BoardRow
    label: str
    cells: tuple[ShownCell, ...]


@dataclass(frozen=True)
class GroupTable:
    """Means over groups of languages, by one way to group them.

    Attributes:
        name: ``family``, ``script`` or ``resources``.
        title: What it is called.
        columns: Names of the groups.
        baseline: The baseline's scores.
        rows: The other rows' differences.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    baseline: tuple[ShownCell, ...]
    rows: tuple[NamedCells, ...]


@dataclass(frozen=True)
class GapTable:
    """Score, English, the others and the gap of each target, of the rows of a family.

    Attributes:
        targets: The targets that have a gap.
        rows: Of each target score, English, others, gap and the gap's difference from the
            baseline.
    """

    targets: tuple[str, ...]
    rows: tuple[NamedCells, ...]


@dataclass(frozen=True)
class HeatTable:
    """Differences by language on one target, or the means over the targets that have each.

    Attributes:
        target: The target, ``MEAN`` for all.
        columns: The languages, English first, then by family.
        spans: Each family beside how many columns it has.
        baseline: The baseline's scores.
        rows: The other rows' differences.
        outside: The sentence on how many cells would be outside by chance.
    """

    target: str
    columns: tuple[LanguageColumn, ...]
    spans: tuple[tuple[str, int], ...]
    baseline: tuple[ShownCell, ...]
    rows: tuple[NamedCells, ...]
    outside: str


@dataclass(frozen=True)
class LanguageTable:
    """The tables of one baseline.

    Attributes:
        family: It and the rows compared with it.
        base_label: What the baseline is called in its family.
        partial: What is missing of the benchmark, "" if it is whole.
        heat: The tables by language: the mean, then, on a page of few rows, each target.
        groups: The group means.
        gaps: The transfer gaps.
    """

    family: Family
    base_label: str
    partial: str
    heat: tuple[HeatTable, ...]
    groups: tuple[GroupTable, ...]
    gaps: GapTable


def language_tables_of(board: Board, shown: Mapping[str, BoardRow]) -> tuple[LanguageTable, ...]:
    """Return the tables of each baseline.

    Args:
        board: The board.
        shown: The rows that are on the page, by slug.
    """
    every = len(shown) <= FEW
    return tuple(
        _table(f, t, shown, every=every) for f, t in board.families if f.baseline.slug in shown
    )


def _table(
    family: Family, table: FamilyTable, shown: Mapping[str, BoardRow], *, every: bool
) -> LanguageTable:
    scores = table.scores.get(family.baseline.slug, {})
    rows = [r for r in family.rows if r.slug in shown and r.slug in table.differences]
    columns = sorted(
        _columns(family, scores), key=lambda c: (c.code != ENGLISH, c.groups[0], c.code)
    )
    targets = (MEAN, *table.targets) if every else (MEAN,)
    return LanguageTable(
        family=family,
        base_label=label_of(family.baseline, family),
        partial=partial_of(family, table),
        heat=tuple(
            _heat(target, columns, family, table, rows, plain=not every) for target in targets
        ),
        groups=tuple(_groups(_several(columns), table, family, rows)),
        gaps=_gaps(family, table, rows),
    )


def _heat(
    target: str,
    columns: Sequence[LanguageColumn],
    family: Family,
    table: FamilyTable,
    rows: Sequence[BoardRow],
    *,
    plain: bool,
) -> HeatTable:
    """Return the table of one target, or of the means over targets."""
    scores = table.scores.get(family.baseline.slug, {})
    above = OF_LANGUAGE if target == MEAN else target
    some = [column for column in columns if f"{above}/{column.code}" in scores]
    names = [f"{above}/{column.code}" for column in some]
    families = [column.groups[0] if column.code != ENGLISH else "English" for column in some]
    differences = [table.differences[row.slug] for row in rows]
    known = [cells[name] for cells in differences for name in names if name in cells]
    cells = [tuple(heat_cell(one.get(n), plain=plain) for n in names) for one in differences]
    return HeatTable(
        target=target,
        columns=tuple(some),
        spans=tuple((name, families.count(name)) for name in dict.fromkeys(families)),
        baseline=tuple(score_cell(scores[name]) for name in names),
        rows=tuple(
            NamedCells(row, label_of(row, family), one)
            for row, one in zip(rows, cells, strict=True)
        ),
        outside=by_chance(known),
    )


def _columns(family: Family, scores: Mapping[str, BoardCell]) -> Iterator[LanguageColumn]:
    """Yield the languages that have a column, in the board's order."""
    for name in scores:
        kind, _, code = name.partition("/")
        if kind == OF_LANGUAGE:
            known = family.baseline.benchmark.language(code)
            resources = OTHER if known.resources is None else f"class {known.resources}"
            groups = (known.family, known.script, resources)
            parts = groups_of(family.baseline.benchmark, code)[1:]
            yield LanguageColumn(code, known.name, groups, tuple(parts))


def _several(columns: Sequence[LanguageColumn]) -> set[str]:
    """Return the columns of groups with several languages; one alone has its own column."""
    of_group = Counter(
        name for column in columns if column.code != ENGLISH for name in column.parts
    )
    return {name for name, count in of_group.items() if count > 1}


def _groups(
    several: Collection[str], table: FamilyTable, family: Family, rows: Sequence[BoardRow]
) -> Iterator[GroupTable]:
    """Yield the means over groups of languages, each way of grouping for itself."""
    scores = table.scores.get(family.baseline.slug, {})
    titles = dict(zip(GROUPINGS, ("family", "script", "resource class"), strict=True))
    for grouping, title in titles.items():
        names = sorted(
            name for name in scores if name in several and name.startswith(f"{grouping}/")
        )
        if names:
            yield GroupTable(
                grouping,
                title,
                tuple(_group_name(name) for name in names),
                tuple(score_cell(scores[name]) for name in names),
                tuple(
                    NamedCells(
                        row,
                        label_of(row, family),
                        tuple(heat_cell(table.differences[row.slug].get(n)) for n in names),
                    )
                    for row in rows
                ),
            )


def _group_name(column: str) -> str:
    """Return what a group of languages is called."""
    grouping, _, name = column.partition("/")
    if grouping != "resources":
        return name
    if name == "low":
        return f"low (to class {LOW_RESOURCE})"
    return name if name == OTHER else f"class {name}"


def _gaps(family: Family, table: FamilyTable, rows: Sequence[BoardRow]) -> GapTable:
    """Return score, English, others, gap and Δgap of each target that has a gap."""
    of_baseline = table.scores.get(family.baseline.slug, {})
    targets = [target for target in table.targets if f"{target}/gap" in of_baseline]
    lines = []
    for row in (family.baseline, *rows):
        scores = table.scores.get(row.slug, {})
        changes = table.differences.get(row.slug, {})
        cells: list[ShownCell] = []
        for target in targets:
            names = (target, *(f"{target}/{one}" for one in (ENGLISH, "zero-shot", "gap")))
            cells += [score_cell(scores.get(name)) for name in names]
            cells.append(difference_cell(changes.get(f"{target}/gap")))
        lines.append(NamedCells(row, label_of(row, family), tuple(cells)))
    return GapTable(tuple(targets), tuple(lines))
