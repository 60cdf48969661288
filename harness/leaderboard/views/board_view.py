"""The board: every entry with its scores; ranked rows apart from the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness import registry
from harness.declarations import headline
from harness.leaderboard.board import Board
from harness.leaderboard.board_rows import BoardRow
from harness.leaderboard.foot_marks import foot_notes
from harness.leaderboard.views.shown_cells import (
    MISSING,
    ShownCell,
    intermediate_of,
    number,
    points_cell,
)
from harness.submission.entry import MEAN

UNRANKED = "not ranked"
SHORT = {
    "published": "published",
    "verified by": "stale",
    "claimed": "claimed only",
    "partial": "partial",
    "its overall": "no interval",
}
"""How reasons begin, to what a table says of them; the entry says all."""


@dataclass(frozen=True)
class BoardLine:
    """An entry.

    Attributes:
        row: The board's row.
        rank: Between which ranks it is, "" if it is not ranked.
        why: Why it is not ranked, in a word or two.
        intermediate: Its intermediate training in words.
        parameters: Number of weights, all and without the embeddings.
        overall: The overall score.
        groups: The groups' scores.
        tasks: The tasks' scores.
        gap: The mean of the tasks' transfer gaps.
        complete: How much of the benchmark is there.
        links: Title and address of each link.
    """

    row: BoardRow
    rank: str
    why: str
    intermediate: str
    parameters: str
    overall: ShownCell
    groups: tuple[ShownCell, ...]
    tasks: tuple[ShownCell, ...]
    gap: str
    complete: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class BoardTable:
    """The entries of one benchmark in one regime.

    Attributes:
        benchmark: Title of the benchmark.
        regime: What of the targets' languages training has seen.
        groups: Names of the groups, in the order of the lines' cells; "" for one without a score.
        tasks: The same of the tasks.
        overall: Whether a row has an overall score.
        gap: Whether one has a gap.
        links: Whether one has links.
        ranked: The ranked rows, by their ranks.
        others: The other rows, by slug.
        published: Published numbers.
    """

    benchmark: str
    regime: str
    groups: tuple[str, ...]
    tasks: tuple[str, ...]
    overall: bool
    gap: bool
    links: bool
    ranked: tuple[BoardLine, ...]
    others: tuple[BoardLine, ...]
    published: tuple[BoardLine, ...]

    @property
    def width(self) -> int:
        """Return how many columns there are."""
        named = sum(map(bool, (*self.groups, *self.tasks, self.overall, self.gap, self.links)))
        return 9 + named

    @property
    def feet(self) -> str:
        """Return what the foot marks in its cells mean."""
        lines = (*self.ranked, *self.others, *self.published)
        cells = (one for line in lines for one in (line.overall, *line.groups, *line.tasks))
        return " ".join(foot_notes(cell.foot for cell in cells))

    @property
    def parts(self) -> tuple[tuple[str, tuple[BoardLine, ...]], ...]:
        """Return the parts of the table that have rows, with their titles."""
        parts = (
            ("Ranked", self.ranked),
            ("Not ranked, in no order of score", self.others),
            ("Published numbers, not ranked", self.published),
        )
        return tuple((title, lines) for title, lines in parts if lines)


def board_tables_of(board: Board, shown: Sequence[BoardRow]) -> tuple[BoardTable, ...]:
    """Return a table for each benchmark and regime, zero-shot first.

    Args:
        board: The board.
        shown: The rows that are on the page.
    """
    kinds = sorted(
        {(row.entry.benchmark, row.entry.training["regime"]) for row in shown},
        key=lambda kind: (kind[0], kind[1] != "zero-shot", kind[1]),
    )
    tables = []
    for name, regime in kinds:
        rows = [
            row
            for row in shown
            if (row.entry.benchmark, row.entry.training["regime"]) == (name, regime)
        ]
        tables.append(_table(board, rows, regime))
    return tuple(tables)


def _table(board: Board, rows: Sequence[BoardRow], regime: str) -> BoardTable:
    benchmark = rows[0].benchmark
    lines = {row.slug: _line(board, row) for row in rows}
    ranked = [row.slug for row in rows if row.slug in board.ranks]
    published = [row.slug for row in rows if row.entry.kind == "published"]
    others = [slug for slug in lines if slug not in {*ranked, *published}]
    ranked.sort(key=lambda slug: (*board.ranks[slug], slug))
    parts = [tuple(lines[slug] for slug in slugs) for slugs in (ranked, others, published)]
    every = list(lines.values())
    return BoardTable(
        benchmark.title,
        regime,
        tuple(_known(tuple(benchmark.groups), [line.groups for line in every])),
        tuple(_known(benchmark.task_names(), [line.tasks for line in every])),
        any(line.overall.text != MISSING for line in every),
        any(line.gap != MISSING for line in every),
        any(line.links for line in every),
        *parts,
    )


def _known(names: Sequence[str], rows: Sequence[tuple[ShownCell, ...]]) -> Iterator[str]:
    """Yield the names of columns, "" for one in which no row has a score."""
    for name, cells in zip(names, zip(*rows, strict=True), strict=True):
        yield name if any(cell.text != MISSING for cell in cells) else ""


def _line(board: Board, row: BoardRow) -> BoardLine:
    entry, rank = row.entry, board.ranks.get(row.slug)
    summary = row.verified.summary if row.verified else None
    tasks, groups = row.benchmark.task_names(), tuple(row.benchmark.groups)
    if summary is None:
        overall = ShownCell(number(entry.overall))
        of_groups = tuple(ShownCell(number(entry.groups.get(name))) for name in groups)
        of_tasks = tuple(ShownCell(number(claimed_score(row, name))) for name in tasks)
    else:
        overall = points_cell(summary.overall)
        of_groups = tuple(points_cell(summary.groups.get(name)) for name in groups)
        scores = {name: one.score for name, one in summary.tasks.items()}
        of_tasks = tuple(points_cell(scores.get(name)) for name in tasks)
    gaps = [one.gap.score for one in summary.tasks.values() if one.gap] if summary else []
    return BoardLine(
        row=row,
        rank="" if rank is None else _ranks(rank),
        why=_short(row.unranked) or ("" if rank else UNRANKED),
        intermediate=intermediate_of(row),
        parameters=_parameters(row),
        overall=overall,
        groups=of_groups,
        tasks=of_tasks,
        gap=number(sum(gaps) / len(gaps)) if gaps else MISSING,
        complete=_complete(row),
        links=tuple(sorted(entry.value.get("links", {}).items())),
    )


def _short(reason: str) -> str:
    """Return why a row has no rank in a word or two."""
    return next((word for start, word in SHORT.items() if reason.startswith(start)), reason)


def _ranks(rank: tuple[int, int]) -> str:
    """Return an interval of ranks; one place alone is an interval too."""
    low, high = rank
    return f"{low} to {high}"


def claimed_score(row: BoardRow, task: str) -> float | None:
    """Return what an entry claims as the mean of a task, None if nothing.

    Args:
        row: The entry.
        task: Name of the task.
    """
    metrics = row.entry.claims.get(task, {}).get(MEAN)
    if metrics is None or task not in registry.task_names():
        return None
    metric = registry.task(task).format.metric
    return headline(metric, metrics) if {*metric.split("+")} <= {*metrics} else None


def _parameters(row: BoardRow) -> str:
    """Return the number of weights in millions, all and without the embeddings."""
    model = row.entry.value["model"]
    counts = (model.get("parameters"), model.get("parameters_body"))
    return " | ".join(MISSING if n is None else f"{n / 1e6:,.0f} M" for n in counts)


def _complete(row: BoardRow) -> str:
    """Return how many tasks and task-languages are scored, of how many."""
    if row.verified is None:
        return MISSING
    counts = row.tasks.values()
    whole = sum(there == of > 0 for there, of in counts)
    languages = sum(there for there, _ in counts), sum(of for _, of in counts)
    return f"{whole}/{len(counts)} tasks whole, {languages[0]}/{languages[1]} test sets"
