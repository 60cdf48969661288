"""A study's results: for each row and target the score and its difference from the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.comparison import Comparison, RowRuns, rows_of
from harness.comparison.build import EXPLAINED
from harness.comparison.table import AVERAGE
from harness.pipeline.evaluate import run_of, task_scores
from harness.studies.study_file import BASELINE

if TYPE_CHECKING:
    from harness.pipeline.store.store import Store
    from harness.studies.expand import Cell, StudyPlan
    from harness.task_score import TaskScore


def comparison_of(whole: StudyPlan, store: Store) -> Comparison:
    """Return a study's table, from the finished steps in the store.

    A run counts in a column if all languages of the column are scored.

    Raises:
        HarnessError: A step's statistics do not add up to its scores, or a row's runs are copies.
    """
    planned = {name for cell in whole.cells for name in cell.plan.scores}
    order = whole.request.tasks or whole.request.benchmark.task_names()
    targets = [name for name in order if name in planned]
    entries = list(entries_of(whole, store).values())
    rows, best, notes = rows_of(entries, targets, BASELINE)
    columns = (*targets, AVERAGE) if len(targets) > 1 else tuple(targets)
    notes = [*_notes(whole, entries), *notes]
    return Comparison(tuple(rows), columns, "intermediate", BASELINE, tuple(notes), best)


def entries_of(whole: StudyPlan, store: Store) -> dict[tuple[str, str], RowRuns]:
    """Return the finished runs of a study, by group and row.

    Raises:
        HarnessError: A step's statistics do not add up to its scores.
    """
    entries: dict[tuple[str, str], RowRuns] = {}
    for cell in whole.cells:
        place = (_group(cell, whole), cell.row)
        tasks = cell_scores(cell, whole, store)
        run = run_of(cell.plan, store, tasks, cell.seed, cell.start.intermediate)
        gaps = {name for name, task in tasks.items() if _has_gaps(task)}
        known = entries.get(place, RowRuns(cell.row, (), place[0]))
        entries[place] = replace(
            known,
            runs=(*known.runs, run) if run.sums else known.runs,
            partial=tuple(sorted(gaps.union(known.partial))),
            unsummed=tuple(sorted({*known.unsummed, *(tasks.keys() - run.sums.keys())})),
        )
    return entries


def _notes(whole: StudyPlan, entries: Sequence[RowRuns]) -> list[str]:
    """Return what a reader of the table must know."""
    seeds = len(whole.study.seeds)
    notes = [f"{EXPLAINED} {seeds} {'seeds' if seeds > 1 else 'seed'}."]
    gaps = sorted({name for entry in entries for name in entry.partial})
    if gaps:
        notes.append(f"Languages without data or labels are left out of: {', '.join(gaps)}.")
    if whole.request.partial:
        notes.append(f"PARTIAL: {whole.request.partial}; never beside a whole run.")
    return notes


def _group(cell: Cell, whole: StudyPlan) -> str:
    return cell.group + (f", {cell.recipe}" if len(whole.study.recipes) > 1 else "")


def cell_scores(cell: Cell, whole: StudyPlan, store: Store) -> dict[str, TaskScore]:
    """Return the scores of each finished target."""
    steps = {n: step for n, step in cell.plan.scores.items() if store.sound(step)}
    scores = task_scores(whole.request, replace(cell.plan, scores=steps), store, {})
    return {name: task for name, task in scores.items() if task.score is not None}


def _has_gaps(task: TaskScore) -> bool:
    """Return whether a language of the study is missing."""
    return any(why != "not asked for" for why in task.missing.values())


def as_dict(whole: StudyPlan, table: Comparison) -> dict[str, Any]:
    """Return a study's table as JSON values."""
    return {
        "study": whole.study.name,
        "benchmark": whole.request.benchmark.name,
        "partial": whole.request.partial,
        "seeds": list(whole.study.seeds),
        **table.as_dict(),
    }
