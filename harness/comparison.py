"""Comparison of scores with those of a baseline, as a table of differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tabulate import tabulate

from harness.declarations import headline

if TYPE_CHECKING:
    import pandas as pd

    from harness.results import Results
    from harness.task_score import TaskScore

AVERAGE = "mean"  # name of the column that averages all targets


@dataclass(frozen=True)
class Figure:
    """One number of a table.

    Attributes:
        mean: Over seeds.
        spread: Standard deviation over seeds (of a sample), None with fewer than two.
        seeds: Number of seeds.
    """

    mean: float
    spread: float | None
    seeds: int


@dataclass(frozen=True)
class Row:
    """One row: an intermediate setting, or a run.

    Attributes:
        group: Rows with the same group share a baseline; "" if there is only one group.
        name: What the table calls it.
        scores: Target to score, in percent; and ``target/language`` to that language's score.
        deltas: The same names to differences from the baseline; {} for the baseline.
        partial: Targets with languages or labels missing.
    """

    group: str
    name: str
    scores: Mapping[str, Figure]
    deltas: Mapping[str, Figure]
    partial: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """A baseline's scores and the differences of the other rows from it; prints as a table.

    Attributes:
        rows: The rows.
        columns: Targets and, if there are several, their mean.
        title: What the rows are, for the header of the table.
        baseline: Name of the baselines' rows.
        notes: What a reader must know, one paragraph for each note.
        failed: Name of each step that failed, and why.
        folder: Where the table was written; None if it was not.
    """

    rows: tuple[Row, ...]
    columns: tuple[str, ...]
    title: str
    baseline: str
    notes: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None

    def __str__(self) -> str:
        """Return a table for each group of rows that share a baseline, and the notes."""
        return "\n\n".join([*self._tables(self.columns, "simple"), *self.notes])

    def _repr_html_(self) -> str:
        """Return the same as HTML for a notebook."""
        from html import escape

        notes = [f"<p>{escape(note)}</p>" for note in self.notes]
        return "\n".join([*self._tables(self.columns, "html"), *notes])

    def to_latex(self) -> str:
        """Return the tables for a paper (booktabs)."""
        return "\n\n".join(self._tables(self.columns, "latex_booktabs"))

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas DataFrame with a row for each row and column, targets and languages."""
        import pandas as pd

        def mean(figures: Mapping[str, Figure], column: str) -> float | None:
            return figures[column].mean if column in figures else None

        rows = [
            (row.group, row.name, column, mean(row.scores, column), mean(row.deltas, column))
            for row in self.rows
            for column in row.scores
        ]
        return pd.DataFrame(rows, columns=["group", "row", "column", "score", "difference"])

    def by_language(self) -> str:
        """Return a table for each target, with a column for each language."""
        tables = []
        for target in self.columns:
            names = [n for row in self.rows for n in row.scores if n.startswith(f"{target}/")]
            tables += self._tables(list(dict.fromkeys(names)), "simple") if names else []
        return "\n\n".join(tables)

    def _tables(self, columns: Sequence[str], style: str) -> list[str]:
        """Return a table for each group of rows that share a baseline."""
        tables = []
        align = ("left", *("right" for _ in columns))
        for group in dict.fromkeys(row.group for row in self.rows):
            body = [self._line(row, columns) for row in self.rows if row.group == group]
            head = (f"{group}: {self.title}" if group else self.title, *columns)
            tables.append(tabulate(body, head, style, disable_numparse=True, colalign=align))
        return tables

    def _line(self, row: Row, columns: Sequence[str]) -> list[str]:
        figures = row.deltas or row.scores
        plus = "+" if row.deltas else ""
        alone = row.scores and not row.deltas and row.name != self.baseline
        name = f"{row.name} (score, no baseline)" if alone else row.name
        return [name, *(_text(figures.get(column), plus) for column in columns)]


def _text(figure: Figure | None, plus: str) -> str:
    if figure is None:
        return "–"
    spread = "" if figure.spread is None else f" ± {figure.spread:.1f}"
    return f"{figure.mean:{plus}.1f}{spread}"


def columns_of(targets: Sequence[str]) -> tuple[str, ...]:
    """Return a table's columns: the targets and, if there are several, their mean."""
    return (*targets, AVERAGE) if len(targets) > 1 else tuple(targets)


def figures_of(tasks: Mapping[str, TaskScore], targets: Sequence[str]) -> dict[str, float]:
    """Return each task's mean over languages and each language's score, and the targets' mean.

    The mean is there if there are several targets and none is missing.
    """
    scores: dict[str, float] = {}
    for name, task in tasks.items():
        if task.score is not None:
            scores[name] = task.score
            scores |= {f"{name}/{c}": headline(task.metric, s) for c, s in task.languages.items()}
    if len(targets) > 1 and all(name in scores for name in targets):
        scores[AVERAGE] = sum(scores[name] for name in targets) / len(targets)
    return scores


def differences(scores: Mapping[str, float], base: Mapping[str, float]) -> dict[str, float]:
    """Return scores minus the baseline's, for the names that both have."""
    return {name: value - base[name] for name, value in scores.items() if name in base}


def compare(runs: Mapping[str, Results], baseline: str) -> Comparison:
    """Compare runs with a baseline run.

    A difference is given only for tasks where both runs have scored the same languages.

    Args:
        runs: Name to results.
        baseline: Name of the run that the others are compared with.
    """
    base = runs[baseline]
    targets = list(dict.fromkeys([n for one in (base, *runs.values()) for n in one.tasks]))
    baseline_scores = figures_of(base.tasks, targets)
    rows, all_unequal = [], set[str]()
    for name in dict.fromkeys([baseline, *runs]):
        run = runs[name]
        unequal = {n for n in run.tasks if n in base.tasks and run[n].scored != base[n].scored}
        all_unequal |= unequal
        scores = figures_of(run.tasks, targets)
        common = {n: v for n, v in scores.items() if n.partition("/")[0] not in unequal}
        if unequal:
            common.pop(AVERAGE, None)
        deltas = {} if name == baseline else differences(common, baseline_scores)
        rows.append(Row("", name, _single(scores), _single(deltas)))
    notes = [
        "The first row: mean over languages, in percent. The others: points more or less than it;"
        " one run each."
    ]
    if all_unequal:
        notes.append(f"Not the same languages, so no difference: {', '.join(sorted(all_unequal))}.")
    partial = {f"{name}: {run.partial}" for name, run in runs.items() if run.partial}
    notes += [f"PARTIAL: {reason}" for reason in sorted(partial)]
    return Comparison(tuple(rows), columns_of(targets), "run", baseline, tuple(notes))


def _single(scores: Mapping[str, float]) -> dict[str, Figure]:
    return {name: Figure(value, None, 1) for name, value in scores.items()}
