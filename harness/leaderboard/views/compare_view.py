"""What the page's script knows of each row: what it is filtered by, and what is compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from harness.leaderboard.baselines import OF_GROUP
from harness.leaderboard.board import Board
from harness.leaderboard.board_rows import BoardRow
from harness.leaderboard.views.board_view import claimed_score
from harness.leaderboard.views.languages_view import LanguageTable
from harness.leaderboard.views.pair_codes import pair_text
from harness.leaderboard.views.shown_cells import intermediate_of
from harness.leaderboard.views.what_helps import MEAN, OVERALL, mean_title, title_of

SIZES = ((100e6, "below 100 M"), (300e6, "100 M to 300 M"), (1e9, "300 M to 1 B"))

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
        scores: Its scores in thousandths of a point, claimed if not recomputed, in the order of
            ``Compared.columns``.
        mean: What the last of them is called.
        pairs: Its differences to other rows, those less it (``pair_codes``).
        files: How many prediction files it has, without those that are equal.
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
    mean: str
    pairs: str
    files: int


@dataclass(frozen=True)
class Compared:
    """All that the script knows.

    Attributes:
        columns: Of each benchmark the titles of what is compared.
        groups: Of each benchmark how many groups are among them, before the overall score.
        settings: Titles of the settings that are compared.
        languages: Of each language its family, script and resource class.
        rows: The rows by slug.
        first: The pair that is shown first; () without any.
        alike: How many prediction files some rows share, and the rows' numbers.
    """

    columns: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, int]
    settings: tuple[str, ...]
    languages: Mapping[str, tuple[str, str, str]]
    rows: Mapping[str, ComparedRow]
    first: tuple[str, ...]
    alike: tuple[tuple[int, ...], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values: rows as lists, and what is said of settings once."""
        words: dict[str, int] = {}
        rows = []
        for slug, row in self.rows.items():
            settings = [words.setdefault(one, len(words)) for one in row.settings]
            rows.append([slug, *(vars(row) | {"settings": settings}).values()])
        names = [one.name for one in fields(ComparedRow)]
        return {**vars(self), "fields": names, "rows": rows, "words": list(words)}


def compared_of(
    board: Board, shown: Sequence[BoardRow], languages: Sequence[LanguageTable]
) -> Compared:
    """Return what the script knows of the rows.

    Args:
        board: The board.
        shown: The rows that are on the page.
        languages: The tables by language.
    """
    columns, groups = {}, {}
    for row in shown:
        groups[row.entry.benchmark] = len(row.benchmark.groups)
        names = (*row.benchmark.task_names(), *row.benchmark.groups, OVERALL)
        columns[row.entry.benchmark] = tuple(title_of(name) for name in names)
    pairs = _pairs(board, shown)
    families, means = {}, {}
    for family, table in board.families:
        for row in (family.baseline, *family.rows):
            families[row.slug] = family.baseline.slug
            means[row.slug] = mean_title(family, table)
    rows = {
        row.slug: _row(
            row,
            families.get(row.slug, row.slug),
            means.get(row.slug, OVERALL),
            pairs[row.slug],
        )
        for row in shown
    }
    codes = {column.code: column.groups for table in languages for column in table.heat[0].columns}
    return Compared(
        columns, groups, SETTINGS, codes, rows, _first(board, rows), tuple(_alike(shown))
    )


def _pairs(board: Board, shown: Sequence[BoardRow]) -> dict[str, str]:
    """Return of each row the text of its differences to others."""
    numbers = {row.slug: number for number, row in enumerate(shown)}
    texts = {row.slug: "" for row in shown}
    rows = board.by_slug
    scores = {row.slug: _scores(row) for row in shown}
    known = [(pair.first, pair.second, pair.cells) for pair in board.pairs]
    known += [
        (family.baseline.slug, slug, cells)
        for family, table in board.families
        for slug, cells in table.differences.items()
    ]
    for first, second, cells in known:
        if first in numbers and second in numbers:
            ordered = [cells.get(key) for key in _keys(rows[first])]
            of_both = scores[first], scores[second]
            texts[first] += pair_text(numbers[second], ordered, of_both)
    return texts


def _first(board: Board, rows: Mapping[str, ComparedRow]) -> tuple[str, ...]:
    """Return the pair that is shown first: the first baseline and its first setting."""
    for family, table in board.families:
        base = family.baseline.slug
        settings = [row.slug for row in family.rows if row.slug in table.differences]
        if base in rows and settings and settings[0] in rows:
            return base, settings[0]
    return ()


def _alike(shown: Sequence[BoardRow]) -> Iterator[tuple[int, ...]]:
    """Yield how many prediction files the same rows share, and these rows' numbers."""
    owners: dict[tuple[str, str], list[int]] = {}
    for number, row in enumerate(shown):
        for file in _files(row):
            owners.setdefault(file, []).append(number)
    counts = Counter(tuple(some) for some in owners.values() if len(some) > 1)
    yield from sorted((count, *some) for some, count in counts.items())


def _files(row: BoardRow) -> set[tuple[str, str]]:
    """Return path and hash of a row's prediction files; equal ones of its runs are one."""
    return {file for run in row.entry.runs for file in run.files.items()}


def _row(row: BoardRow, family: str, mean: str, pairs: str) -> ComparedRow:
    entry = row.entry
    return ComparedRow(
        name=row.name,
        bench=entry.benchmark,
        base=entry.base,
        size=_size(entry.value["model"].get("parameters")),
        inter=tuple(task["name"] for stage in entry.intermediate for task in stage["tasks"])
        or ("none",),
        prov=row.provenance.value,
        regime=entry.training["regime"],
        family=family,
        settings=_settings(row),
        scores=_scores(row),
        mean=mean,
        pairs=pairs,
        files=len(_files(row)),
    )


def _keys(row: BoardRow) -> tuple[str, ...]:
    """Return the columns that are compared, in the order of ``Compared.columns``."""
    groups = (_group_key(row, group) for group in row.benchmark.groups)
    return (*row.benchmark.task_names(), *groups, MEAN)


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
    """Return a row's scores of tasks and groups and the overall one, else what is claimed."""
    tasks, groups = row.benchmark.task_names(), tuple(row.benchmark.groups)
    if row.verified is None:
        entry = row.entry
        claimed = [claimed_score(row, name) for name in tasks]
        claimed += [*(entry.groups.get(name) for name in groups), entry.overall]
        return tuple(None if one is None else round(1000 * one) for one in claimed)
    summary = row.verified.summary
    found = [summary.tasks[name].score if name in summary.tasks else None for name in tasks]
    found += [*(summary.groups.get(name) for name in groups), summary.overall]
    return tuple(None if one is None else round(1000 * one.score) for one in found)
