"""``harness score``, ``harness tasks`` and ``harness data check``, which train nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from harness import api, registry
from harness.cli.arguments import Argument, Option
from harness.cli.options import AsJson, BenchmarkName, LabelsDir, PerLanguage, Tasks, listed
from harness.declarations import Benchmark, Task
from harness.errors import HarnessError, unknown


def score_command(
    predictions: Annotated[Path, Argument(help="Folder of predictions in XTREME's layout.")],
    labels: Annotated[Path, Option(help="Folder of labels in the same layout.")],
    benchmark: BenchmarkName = "xtreme",
    per_language: PerLanguage = False,
    as_json: AsJson = False,
) -> None:
    """Score a folder of predictions as the official scorer does."""
    from harness.submission.score import stray_folders

    results = api.score(predictions, labels, benchmark=benchmark)
    for name in stray_folders(predictions):
        print(f"note: {name}/ is no task's folder and is left alone", file=sys.stderr)
    if as_json:
        print(json.dumps(results.as_dict(), indent=1))
        return
    print(results)
    if per_language:
        print(f"\n{results.by_language()}")


def tasks_command(
    name: Annotated[str, Argument(help="A task or training set, to see all of it.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the installed tasks and training sets, or show one."""
    from harness.display import catalogue

    if name:
        _check_name(name)
    if name and name not in registry.task_names():
        training = registry.training(name)
        if as_json:
            print(json.dumps(catalogue.training_dict(training), indent=1))
        else:
            print(catalogue.training_card(training))
        return
    chosen = (registry.task(name),) if name else registry.tasks()
    benchmarks = registry.benchmarks()
    if as_json:
        values = [catalogue.as_dict(task, benchmarks) for task in chosen]
        print(json.dumps(values[0] if name else values, indent=1))
    elif name:
        print(catalogue.card(chosen[0], benchmarks))
    else:
        print(catalogue.listing(chosen, benchmarks))
        names = ", ".join(training.name for training in registry.trainings())
        print(f"\nintermediate tasks, for harness train: {names}")


def _check_name(name: str) -> None:
    """Refuse a name that is neither a task nor a training set."""
    known = (*registry.task_names(), *registry.training_names())
    if name not in known:
        raise unknown("task", name, known)


def _tasks_of(benchmark: Benchmark, names: Sequence[str]) -> list[Task]:
    """Return the tasks among the names, or without names those of the benchmark that load."""
    if names:
        return [registry.task(name) for name in names if name in registry.task_names()]
    tasks = {task.name: task for task in registry.tasks()}
    return [tasks[name] for name in benchmark.task_names() if name in tasks]


def check_command(
    folder: Annotated[Path, Argument(help="Folder in XTREME's layout.")],
    labels: LabelsDir = None,
    benchmark: BenchmarkName = "xtreme",
    tasks: Tasks = "",
    per_language: PerLanguage = False,
) -> None:
    """Say what a data folder holds, task by task and language by language."""
    from harness.data.check import check_folder, check_training
    from harness.data.folder import open_folder
    from harness.display.catalogue import findings_table

    chosen = registry.benchmark(benchmark)
    source = open_folder(folder, labels)
    names = listed(tasks)
    for name in names:
        _check_name(name)
    targets = _tasks_of(chosen, names)
    findings = list(check_folder(source, chosen, targets))
    for name in names:
        if name not in registry.task_names():
            findings += check_training(source, registry.training(name))
    trainings = [chosen.training_of(task) for task in targets]  # SQuAD is both
    for training in () if names else registry.trainings():
        if training in trainings:
            continue
        listed_pairs = {(finding.name, finding.split) for finding in findings}  # ANLI+ has SNLI
        others = check_training(source, training)
        # intermediate tasks are optional, so missing files are not findings
        findings += [f for f in others if not f.note and (f.name, f.split) not in listed_pairs]
    print(findings_table(findings, per_language=per_language))
    problems = [line for finding in findings for line in finding.problems]
    for line in problems:
        print(line, file=sys.stderr)
    if problems:
        raise HarnessError(
            f"{len(problems)} malformed places in {folder}; mend the lines named above"
        )
