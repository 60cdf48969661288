"""What a study found: for each row and target the score, and its difference to the baseline."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from harness.declarations import headline
from harness.pipeline.evaluate import task_scores
from harness.studies.study_file import BASELINE

if TYPE_CHECKING:
    from harness.pipeline.store.store import Store
    from harness.results import TaskScore
    from harness.studies.expand import Cell, StudyPlan


@dataclass(frozen=True)
class Figure:
    """One number of a table.

    Attributes:
        mean: Over seeds.
        spread: Standard deviation over seeds (of a sample), None with fewer than two.
        seeds: How many seeds it is from.
    """

    mean: float
    spread: float | None
    seeds: int


@dataclass(frozen=True)
class Row:
    """One intermediate setting.

    Attributes:
        group: Checkpoint and, if there are several, recipe: what shares a baseline.
        name: The setting.
        scores: Target to score, in percent; and ``target/language`` to that language's.
        deltas: The same to differences to the baseline, paired by seed; {} of the baseline.
        partial: Targets with languages or labels missing.
    """

    group: str
    name: str
    scores: Mapping[str, Figure]
    deltas: Mapping[str, Figure]
    partial: tuple[str, ...] = ()


AVERAGE = "mean"  # of all targets, a column like them


def rows_of(whole: StudyPlan, store: Store) -> tuple[list[str], list[Row]]:
    """Return the targets and the rows of a study, from what the store has.

    A score counts where all its languages that the study asks for are there; the difference
    where both sides' are. Differences are taken seed by seed, then averaged.
    """
    values: dict[tuple[str, str], dict[int, dict[str, float]]] = {}
    holes: dict[tuple[str, str], set[str]] = {}
    for cell in whole.cells:
        place = (_group(cell, whole), cell.row)
        found = _cell_scores(cell, whole, store)
        values.setdefault(place, {})[cell.seed] = {
            name: score for task in found.values() for name, score in _scores(task).items()
        }
        holes.setdefault(place, set()).update(n for n, task in found.items() if _holes(task))
    named = [name for cell in whole.cells for name in cell.plan.scores]
    order = whole.request.tasks or whole.request.benchmark.task_names()
    targets = [name for name in order if name in named]
    for seeds in values.values():
        for scores in seeds.values():
            if len(targets) > 1 and all(name in scores for name in targets):
                scores[AVERAGE] = sum(scores[name] for name in targets) / len(targets)
    columns = [*targets, *([AVERAGE] if len(targets) > 1 else [])]
    names = [*columns, *(f"{n}/{c}" for n in targets for c in _languages(whole, n))]
    rows = []
    for (group, name), seeds in values.items():
        base = {} if name == BASELINE else values.get((group, BASELINE), {})
        rows.append(
            Row(
                group=group,
                name=name,
                scores=_figures(names, [seeds[seed] for seed in seeds]),
                deltas=_figures(names, [_less(seeds[s], base[s]) for s in seeds if s in base]),
                partial=tuple(sorted(holes[group, name])),
            )
        )
    return columns, rows


def _group(cell: Cell, whole: StudyPlan) -> str:
    return cell.group + (f", {cell.recipe}" if len(whole.study.recipes) > 1 else "")


def _cell_scores(cell: Cell, whole: StudyPlan, store: Store) -> dict[str, TaskScore]:
    """Return the scores of each finished target."""
    there = {n: step for n, step in cell.plan.scores.items() if store.sound(step)}
    found = task_scores(whole.request, replace(cell.plan, scores=there), store)
    return {name: task for name, task in found.items() if task.score is not None}


def _scores(task: TaskScore) -> dict[str, float]:
    """Return a target's mean over languages, and each language's score."""
    assert task.score is not None
    each = {f"{task.name}/{c}": headline(task.metric, s) for c, s in task.languages.items()}
    return {task.name: task.score, **each}


def _holes(task: TaskScore) -> bool:
    """Say whether a language that was asked for is missing."""
    return any(why != "not asked for" for why in task.missing.values())


def _languages(whole: StudyPlan, target: str) -> tuple[str, ...]:
    """Return all languages of a target, in the benchmark's order."""
    plans = (cell.plan.languages for cell in whole.cells)
    return next((languages[target] for languages in plans if target in languages), ())


def _less(scores: Mapping[str, float], base: Mapping[str, float]) -> dict[str, float]:
    return {name: value - base[name] for name, value in scores.items() if name in base}


def _figures(names: Sequence[str], of_seeds: Sequence[Mapping[str, float]]) -> dict[str, Figure]:
    found = {}
    for name in names:
        values = [scores[name] for scores in of_seeds if name in scores]
        if values:
            mean = sum(values) / len(values)
            spread = None
            if len(values) > 1:
                spread = math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))
            found[name] = Figure(mean, spread, len(values))
    return found


def as_json(whole: StudyPlan, targets: Sequence[str], rows: Sequence[Row]) -> str:
    """Return a study's table as JSON."""
    value = {
        "study": whole.study.name,
        "benchmark": whole.request.benchmark.name,
        "partial": whole.request.partial,
        "seeds": list(whole.study.seeds),
        "targets": list(targets),
        "rows": [asdict(row) for row in rows],
    }
    return json.dumps(value, indent=1, ensure_ascii=False)
