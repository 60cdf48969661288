"""Scoring a folder of predictions in XTREME's layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness import registry
from harness.data.files import read_json
from harness.declarations import Benchmark, Task
from harness.errors import HarnessError, nearest
from harness.formats.common import Unlabelled
from harness.results import Summary, TaskScore, summarise

STRAY = ("__MACOSX", "__pycache__")
"""Folders that are no task's, beside hidden ones (``.ipynb_checkpoints``, ``.git``)."""


def score_folder(predictions: Path, labels: Path, benchmark: Benchmark) -> dict[str, TaskScore]:
    """Score all predictions of installed tasks that a folder holds.

    Args:
        predictions: Folder with a sub-folder a task; the output folder of ``harness eval`` will do.
        labels: Folder of labels in the same layout.
        benchmark: Says which tasks and languages are meant.

    Raises:
        HarnessError: A folder is missing or empty, has a sub-folder of no known task, or a file
            is malformed or has a wrong number of predictions. What ``stray_folders`` names is
            left alone.
    """
    predictions = _inside(predictions)
    for folder in (predictions, labels):
        if not folder.is_dir():
            raise HarnessError(f"{folder}: no such folder")
    if not any(labels.iterdir()):
        raise HarnessError(f"{labels}: the folder of labels is empty")
    stray = stray_folders(predictions)
    folders = (path.name for path in predictions.iterdir() if path.is_dir())
    found = sorted(name for name in folders if name not in stray)
    known = registry.task_names()
    for name in found:
        if name not in known and name not in benchmark.task_names():
            raise HarnessError(
                f"{predictions / name}: no task is named {name!r}{nearest(name, known)};"
                " rename or remove the folder"
            )
    order = dict.fromkeys((*benchmark.task_names(), *found))  # others come last, outside the means
    names = [name for name in order if name in found and name in known]
    if not names:
        raise HarnessError(
            f"{predictions}: no predictions of a task of {benchmark.name}; expected folders named"
            f" {', '.join(benchmark.task_names())}"
        )
    return {name: score_task(registry.task(name), predictions, labels, benchmark) for name in names}


def stray_folders(predictions: Path) -> list[str]:
    """Return the sub-folders that an editor or an archive left beside the predictions."""
    folder = _inside(predictions)
    names = (path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else ()
    return sorted(name for name in names if name.startswith(".") or name in STRAY)


def _inside(predictions: Path) -> Path:
    """Return the folder of the tasks' folders: an output folder has it one level below."""
    inner = predictions / "predictions"
    return inner if inner.is_dir() else predictions


def partial_run(predictions: Path) -> str:
    """Return why the run that wrote a folder was partial, "" if it was whole or does not say."""
    path = predictions / "submission.json"
    value = read_json(path) if path.is_file() else {}
    return str(value.get("partial", ""))[:200] if isinstance(value, dict) else ""


def score_task(task: Task, predictions: Path, labels: Path, benchmark: Benchmark) -> TaskScore:
    """Score one task's predictions in all languages of the benchmark."""
    languages = benchmark.languages_of(task)
    files = {code: f"{task.name}/test-{code}.{task.format.suffix}" for code in languages}
    scores, missing = {}, {}
    for code, name in files.items():
        path = predictions / name
        gold_path = labels / task.folder.labels.format(lang=code)
        if not path.is_file():
            missing[code] = "no predictions"
            continue
        given = task.format.read(path)
        if not gold_path.is_file():
            missing[code] = "no labels"
            continue
        try:
            gold = task.format.read_gold(gold_path)
        except Unlabelled:
            missing[code] = "no labels"
            continue
        try:
            scores[code] = task.format.score(gold, given, code)
        except (HarnessError, ValueError) as error:
            raise HarnessError(f"{path}: {error} (labels: {gold_path})") from error
    _no_strangers(task, predictions / task.name, files.values())
    return TaskScore(task.name, task.format.metric, scores, languages, missing)


def _no_strangers(task: Task, folder: Path, expected: Iterable[str]) -> None:
    """Refuse a file that looks like predictions in a language the task does not have."""
    names = {Path(name).name for name in expected}
    for path in sorted(folder.glob("test-*")):
        if path.name not in names and path.name not in _of_any_benchmark(task):
            raise HarnessError(
                f"{path}: {task.name} has no such file{nearest(path.name, names)};"
                " rename or remove it"
            )


def _of_any_benchmark(task: Task) -> set[str]:
    """Return the names of a task's files in the languages that any benchmark has of it."""
    codes = {code for benchmark in registry.benchmarks() for code in benchmark.languages_of(task)}
    return {f"test-{code}.{task.format.suffix}" for code in codes}


def summary_of(benchmark: Benchmark, tasks: Mapping[str, TaskScore]) -> Summary:
    """Return the benchmark's group and overall scores."""
    inside = {name: task for name, task in tasks.items() if name in benchmark.task_names()}
    return summarise(benchmark.groups, inside)


def scores_json(
    benchmark: Benchmark, tasks: Mapping[str, TaskScore], partial: str = ""
) -> dict[str, Any]:
    """Return scores as JSON values: overall, groups, and each task by language (percent)."""
    summary = summary_of(benchmark, tasks)
    return {
        "benchmark": benchmark.name,
        "partial": partial,
        "overall": None if partial else summary.overall,
        "groups": dict.fromkeys(summary.groups) if partial else summary.groups,
        "tasks": {
            name: {
                "score": task.score,
                "metric": task.metric,
                "complete": task.complete and not partial,
                "transfer_gap": task.gap,
                "languages": asdict(task)["languages"],
                "missing": task.missing,
            }
            for name, task in tasks.items()
        },
    }
