"""A study's results: for each row and target the score and its difference from the baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from harness import registry
from harness.comparison import Comparison, Figure, Row, columns_of, differences, figures_of
from harness.pipeline.evaluate import task_scores
from harness.studies.study_file import BASELINE

if TYPE_CHECKING:
    from harness.pipeline.store.store import Store
    from harness.studies.expand import Cell, StudyPlan
    from harness.task_score import TaskScore


def comparison_of(whole: StudyPlan, store: Store) -> Comparison:
    """Return a study's table, from the finished steps in the store.

    A score counts if all languages that the study asks for are scored; a difference, if both of
    its scores count. Differences are taken seed by seed, then averaged.
    """
    planned = {name for cell in whole.cells for name in cell.plan.scores}
    order = whole.request.tasks or whole.request.benchmark.task_names()
    targets = [name for name in order if name in planned]
    values: dict[tuple[str, str], dict[int, dict[str, float]]] = {}
    gaps: dict[tuple[str, str], set[str]] = {}
    for cell in whole.cells:
        place = (_group(cell, whole), cell.row)
        tasks = _cell_scores(cell, whole, store)
        values.setdefault(place, {})[cell.seed] = figures_of(tasks, targets)
        gaps.setdefault(place, set()).update(n for n, task in tasks.items() if _has_gaps(task))
    columns = columns_of(targets)
    names = [*columns, *(f"{n}/{c}" for n in targets for c in _languages(whole, n))]
    rows = []
    for (group, name), seeds in values.items():
        base = {} if name == BASELINE else values.get((group, BASELINE), {})
        pairs = [differences(seeds[s], base[s]) for s in seeds if s in base]
        scores, deltas = _figures(names, list(seeds.values())), _figures(names, pairs)
        rows.append(Row(group, name, scores, deltas, tuple(sorted(gaps[group, name]))))
    notes = tuple(_notes(whole, rows))
    return Comparison(tuple(rows), columns, "intermediate", BASELINE, notes)


def _notes(whole: StudyPlan, rows: Sequence[Row]) -> list[str]:
    """Return what a reader of the table must know."""
    seeds = len(whole.study.seeds)
    over = f" ± standard deviation over {seeds} seeds" if seeds > 1 else ", one seed"
    notes = [
        f"The first row: mean over languages, in percent{over}. The others: points more or less"
        " than it, paired by seed."
    ]
    gaps = sorted({name for row in rows for name in row.partial})
    if gaps:
        notes.append(f"Languages without data or labels are left out of: {', '.join(gaps)}.")
    if whole.request.partial:
        notes.append(f"PARTIAL: {whole.request.partial}; never beside a whole run.")
    return notes


def _group(cell: Cell, whole: StudyPlan) -> str:
    return cell.group + (f", {cell.recipe}" if len(whole.study.recipes) > 1 else "")


def _cell_scores(cell: Cell, whole: StudyPlan, store: Store) -> dict[str, TaskScore]:
    """Return the scores of each finished target."""
    steps = {n: step for n, step in cell.plan.scores.items() if store.sound(step)}
    scores = task_scores(whole.request, replace(cell.plan, scores=steps), store, {})
    return {name: task for name, task in scores.items() if task.score is not None}


def _has_gaps(task: TaskScore) -> bool:
    """Return whether a language of the study is missing."""
    return any(why != "not asked for" for why in task.missing.values())


def _languages(whole: StudyPlan, target: str) -> tuple[str, ...]:
    """Return all languages of a target, in the benchmark's order."""
    return whole.request.benchmark.languages_of(registry.task(target))


def _figures(names: Sequence[str], of_seeds: Sequence[Mapping[str, float]]) -> dict[str, Figure]:
    figures = {}
    for name in names:
        values = [scores[name] for scores in of_seeds if name in scores]
        if values:
            mean = sum(values) / len(values)
            spread = None
            if len(values) > 1:
                spread = math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))
            figures[name] = Figure(mean, spread, len(values))
    return figures


def as_dict(whole: StudyPlan, table: Comparison) -> dict[str, Any]:
    """Return a study's table as JSON values."""
    return {
        "study": whole.study.name,
        "benchmark": whole.request.benchmark.name,
        "partial": whole.request.partial,
        "seeds": list(whole.study.seeds),
        "targets": list(table.columns),
        "rows": [asdict(row) for row in table.rows],
    }
