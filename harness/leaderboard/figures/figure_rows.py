"""What pictures show of a family: its settings with their cells, and each run of theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import fmean

from harness import registry
from harness.comparison.table import AVERAGE
from harness.declarations import Language, headline
from harness.leaderboard.baselines import OF_LANGUAGE, Family, FamilyTable
from harness.leaderboard.board import Board
from harness.leaderboard.board_cells import BoardCell
from harness.leaderboard.board_rows import REGIME, BoardRow
from harness.leaderboard.row_labels import label_of, task_title
from harness.submission.entry import MEAN
from harness.submission.verified import Provenance
from harness.task_score import TaskScore

ENGLISH, GAP = "en", "gap"


@dataclass(frozen=True)
class FigureRow:
    """A setting as pictures show it.

    Attributes:
        name: What it is called beside the others of its family.
        differences: Column to its difference from the baseline; {} for the baseline.
        scores: Column to its score.
        runs: Column to each run's score less the baseline's mean.
        published: Whether its numbers are a paper's, so without intervals.
    """

    name: str
    differences: Mapping[str, BoardCell] = field(default_factory=dict)
    scores: Mapping[str, BoardCell] = field(default_factory=dict)
    runs: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    published: bool = False


@dataclass(frozen=True)
class FigureFamily:
    """A family as pictures show it.

    Attributes:
        slug: The baseline's slug.
        title: Base checkpoint and recipe.
        baseline: The baseline.
        rows: The settings, the highest mean difference first, those without one last.
        targets: The targets.
        languages: What is known of the languages that the table has, in its order.
    """

    slug: str
    title: str
    baseline: FigureRow
    rows: tuple[FigureRow, ...]
    targets: tuple[str, ...]
    languages: tuple[Language, ...] = ()

    @property
    def column(self) -> str:
        """Return the column that settings are sorted by: the mean, or the only target."""
        return self.targets[0] if len(self.targets) == 1 else AVERAGE

    def called(self, column: str) -> str:
        """Return what a target, or the mean over them, is called.

        Args:
            column: The column.
        """
        if column == AVERAGE:
            return f"mean over {len(self.targets)} targets"
        return task_title(column)

    def over(self, column: str) -> str:
        """Return what of the family a heading is about: `` on XNLI``, or the mean.

        Args:
            column: The column.
        """
        return f"{', ' if column == AVERAGE else ' on '}{self.called(column)}"


@dataclass(frozen=True)
class FigureSize:
    """A row with its overall score and its size.

    Attributes:
        name: What the board calls it.
        parameters: Weights outside the embeddings.
        score: Its overall score.
    """

    name: str
    parameters: int
    score: BoardCell


def figure_sizes(board: Board) -> dict[str, list[FigureSize]]:
    """Return the zero-shot rows of each benchmark, by its name, with an overall score and a size.

    Withdrawn rows are left out, and those that no longer stand as they were verified.

    Args:
        board: The board.
    """
    found: dict[str, list[FigureSize]] = {}
    for row in board.rows:
        rows = found.setdefault(row.entry.benchmark, [])
        parameters = row.entry.value["model"].get("parameters_body")
        score = _overall(row)
        fits = row.entry.training["regime"] == REGIME and not row.entry.withdrawn
        if parameters and score is not None and fits:
            rows.append(FigureSize(row.name, parameters, score))
    return dict(sorted(found.items()))


def _overall(row: BoardRow) -> BoardCell | None:
    """Return a row's overall score; of published numbers as the paper has it."""
    if row.provenance is Provenance.PUBLISHED:
        return None if row.entry.overall is None else BoardCell(row.entry.overall)
    one = row.verified.summary.overall if row.verified else None
    if one is None or one.half is None:
        return None
    return BoardCell(one.score, one.score - one.half, one.score + one.half, kind=one.kind or "")


def figure_families(board: Board) -> list[FigureFamily]:
    """Return all families of a board as pictures show them."""
    rows = board.by_slug
    return [_family(family, table, rows) for family, table in board.families]


def _family(family: Family, table: FamilyTable, rows: Mapping[str, BoardRow]) -> FigureFamily:
    base, benchmark = family.baseline, family.baseline.benchmark
    known = table.scores.get(base.slug, {})
    settings = [_recomputed(row, family, table) for row in family.rows]
    others = (rows[slug] for slug in family.left_out if slug in rows)
    published = [row for row in others if row.provenance is Provenance.PUBLISHED]
    settings += [_published(row, table.targets, known) for row in published]
    prefix = f"{OF_LANGUAGE}/"
    codes = [name.removeprefix(prefix) for name in known if name.startswith(prefix)]
    shown = FigureFamily(
        base.slug,
        family.title,
        FigureRow(label_of(base, family), {}, known),
        (),
        table.targets,
        tuple(benchmark.language(code) for code in codes),
    )
    return with_rows(shown, settings)


def with_rows(family: FigureFamily, rows: list[FigureRow]) -> FigureFamily:
    """Return a family with settings, sorted as all pictures have them.

    Args:
        family: The family.
        rows: Its settings.
    """

    def place(row: FigureRow) -> tuple[bool, float, str]:
        cell = row.differences.get(family.column)
        return cell is None, -cell.estimate if cell else 0.0, row.name

    return FigureFamily(
        family.slug,
        family.title,
        family.baseline,
        tuple(sorted(rows, key=place)),
        family.targets,
        family.languages,
    )


def _recomputed(row: BoardRow, family: Family, table: FamilyTable) -> FigureRow:
    base = table.scores.get(family.baseline.slug, {})
    runs: dict[str, list[float]] = {}
    for column, score in _run_scores(row, table.targets):
        if column in base:
            runs.setdefault(column, []).append(score - base[column].estimate)
    return FigureRow(
        label_of(row, family),
        table.differences.get(row.slug, {}),
        table.scores.get(row.slug, {}),
        {column: tuple(scores) for column, scores in runs.items()},
    )


def _run_scores(row: BoardRow, targets: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    """Yield each run's score of each target, and its mean over all of them."""
    for tasks in row.verified.runs.values() if row.verified else ():
        found = {}
        for target in targets:
            score = _task_score(row, target, tasks.get(target, {})).score
            if score is not None:
                found[target] = score
        yield from found.items()
        if len(found) == len(targets) > 1:
            yield AVERAGE, fmean(found.values())


def _task_score(
    row: BoardRow, target: str, languages: Mapping[str, Mapping[str, float]]
) -> TaskScore:
    """Return a target's score over the languages that have all metrics of the headline."""
    task = registry.task(target)
    metric, expected = task.format.metric, row.benchmark.languages_of(task)
    usable = {
        code: dict(metrics)
        for code, metrics in languages.items()
        if code in expected and all(name in metrics for name in metric.split("+"))
    }
    return TaskScore(target, metric, usable, expected)


def _published(row: BoardRow, targets: tuple[str, ...], base: Mapping[str, BoardCell]) -> FigureRow:
    """Return a setting of a paper's numbers: scores, and differences without an interval.

    It has its own name, which says whose numbers they are.
    """
    scores = {}
    for target in targets:
        claims = row.entry.claims.get(target, {})
        task = _task_score(row, target, claims)
        mean = claims.get(MEAN, {})
        if all(name in mean for name in task.metric.split("+")):
            scores[target] = headline(task.metric, mean)
        elif task.complete and task.score is not None:
            scores[target] = task.score
        if task.complete and task.gap is not None:
            scores[f"{target}/{GAP}"] = task.gap
        if ENGLISH in task.languages:
            scores[f"{target}/{ENGLISH}"] = task.headlines[ENGLISH]
    if len(targets) > 1 and all(target in scores for target in targets):
        scores[AVERAGE] = fmean(scores[target] for target in targets)
    return FigureRow(
        row.name,
        {
            name: BoardCell(score - base[name].estimate)
            for name, score in scores.items()
            if name in base
        },
        {name: BoardCell(score) for name, score in scores.items()},
        published=True,
    )
