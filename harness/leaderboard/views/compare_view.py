"""What the page's script knows of each row: what it is filtered by, and what is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness.leaderboard.baselines import OF_GROUP
from harness.leaderboard.board import Board
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.board_rows import BoardRow
from harness.leaderboard.rounding import points
from harness.leaderboard.views.languages_view import LanguageTable
from harness.leaderboard.views.shown_cells import intermediate_of
from harness.leaderboard.views.what_helps import MEAN, title_of

SIZES = ((100e6, "below 100 M"), (300e6, "100 M to 300 M"), (1e9, "300 M to 1 B"))
Difference = tuple[int, int | None, int | None]
"""Estimate and half of the interval in tenths of a point, p-value in thousandths."""


SETTINGS = (
    "base",
    "intermediate",
    "recipe",
    "regime",
    "checkpoint chosen by",
    "target training in",
    "runs",
    "configurations tried",
)


@dataclass(frozen=True)
class ComparedRow:
    """A row as the script knows it.

    Attributes:
        name: What the board calls it.
        bench: Its benchmark.
        base: Its base checkpoint.
        size: Its size in words.
        inter: The tasks of its intermediate training.
        prov: How its numbers are known.
        regime: What of the targets' languages training has seen.
        family: Slug of the baseline that it is compared with, or its own.
        settings: What is compared of its settings, in the order of ``SETTINGS``.
        scores: Its scores in hundredths of a point, in the order of ``Compared.columns``.
        differences: Its differences from its baseline, in the same order; () without.
        same: Prediction files that are equal to one of its baseline's, and how many there are.
    """

    name: str
    bench: str
    base: str
    size: str
    inter: tuple[str, ...]
    prov: str
    regime: str
    family: str
    settings: tuple[str, ...]
    scores: tuple[int | None, ...]
    differences: tuple[Difference | None, ...]
    same: tuple[int, int]


@dataclass(frozen=True)
class Compared:
    """All that the script knows.

    Attributes:
        columns: Of each benchmark the titles of what is compared.
        groups: Of each benchmark how many groups are among them, before the overall score.
        settings: Titles of the settings that are compared.
        languages: Of each language its family, script and resource class.
        rows: The rows by slug.
    """

    columns: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, int]
    settings: tuple[str, ...]
    languages: Mapping[str, tuple[str, str, str]]
    rows: Mapping[str, ComparedRow]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def compared_of(
    board: Board, shown: Sequence[BoardRow], languages: Sequence[LanguageTable]
) -> Compared:
    """Return what the script knows of the rows.

    Args:
        board: The board.
        shown: The rows that are on the page.
        languages: The tables by language.
    """
    cells: dict[str, Mapping[str, BoardCell]] = {}
    for _, table in board.families:
        cells |= table.differences
    known = board.by_slug
    columns, groups = {}, {}
    for row in shown:
        groups[row.entry.benchmark] = len(row.benchmark.groups)
        names = (*row.benchmark.task_names(), *row.benchmark.groups, "overall")
        columns[row.entry.benchmark] = tuple(title_of(name) for name in names)
    rows = {row.slug: _row(row, cells.get(row.slug), known) for row in shown}
    codes = {column.code: column.groups for table in languages for column in table.heat[0].columns}
    return Compared(columns, groups, SETTINGS, codes, rows)


def _row(
    row: BoardRow, cells: Mapping[str, BoardCell] | None, known: Mapping[str, BoardRow]
) -> ComparedRow:
    entry = row.entry
    tasks, groups = row.benchmark.task_names(), tuple(row.benchmark.groups)
    keys = (*tasks, *(_group_key(row, group) for group in groups), MEAN)
    return ComparedRow(
        name=row.name,
        bench=entry.benchmark,
        base=entry.base,
        size=_size(entry.value["model"].get("parameters")),
        inter=tuple(task["name"] for stage in entry.intermediate for task in stage["tasks"])
        or ("none",),
        prov=row.provenance.value,
        regime=entry.training["regime"],
        family=entry.baseline if cells is not None and entry.baseline else row.slug,
        settings=_settings(row),
        scores=_scores(row),
        differences=() if cells is None else tuple(_difference(cells.get(key)) for key in keys),
        same=_same(row, known.get(entry.baseline or "")),
    )


def _settings(row: BoardRow) -> tuple[str, ...]:
    """Return what is compared of a row's settings, in the order of ``SETTINGS``."""
    entry, training = row.entry, row.entry.training
    return (
        entry.base,
        intermediate_of(row),
        training["recipe"],
        training["regime"],
        training["selection"],
        ", ".join(training["languages"]),
        str(len(entry.runs)),
        str(training["tried"]),
    )


def _group_key(row: BoardRow, group: str) -> str:
    """Return the column of a group; one of a single task is that task's."""
    names = row.benchmark.groups[group]
    return names[0] if len(names) == 1 else f"{OF_GROUP}/{group}"


def _size(parameters: int | None) -> str:
    """Return how large a model is, in words."""
    if parameters is None:
        return "unknown"
    return next((words for limit, words in SIZES if parameters < limit), "1 B and more")


def _scores(row: BoardRow) -> tuple[int | None, ...]:
    """Return a recomputed row's scores of tasks and groups, and the overall one."""
    if row.verified is None:
        return ()
    summary = row.verified.summary
    tasks = [
        summary.tasks[n].score if n in summary.tasks else None for n in row.benchmark.task_names()
    ]
    groups = [summary.groups.get(name) for name in row.benchmark.groups]
    return tuple(
        None if one is None else round(100 * one.score)
        for one in (*tasks, *groups, summary.overall)
    )


def _difference(cell: BoardCell | None) -> Difference | None:
    if cell is None:
        return None
    half = None if cell.half is None else _tenths(cell.half)
    return _tenths(cell.estimate), half, None if cell.p is None else round(1000 * cell.p)


def _tenths(value: float) -> int:
    """Return points in tenths, rounded as the tables' are."""
    return int(points(value).replace(".", ""))


def _same(row: BoardRow, baseline: BoardRow | None) -> tuple[int, int]:
    """Return how many prediction files are also the baseline's, of how many."""
    ours = [one for run in row.entry.runs for one in run.files.items()]
    theirs = {one for run in baseline.entry.runs for one in run.files.items()} if baseline else ()
    return sum(one in theirs for one in ours), len(ours)
