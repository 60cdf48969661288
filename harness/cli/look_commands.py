"""``harness score``, ``harness tasks`` and ``harness data check``: nothing is trained here."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from harness import api, registry
from harness.cli.arguments import Argument, Option, options_of
from harness.cli.options import AsJson, PerLanguage, show
from harness.errors import HarnessError, unknown


@options_of(api.score)
def score_command(
    predictions: Annotated[Path, Argument(help="Folder of predictions in XTREME's layout.")],
    labels: Annotated[Path, Option(help="Folder of labels in the same layout.")],
    per_language: PerLanguage = False,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Score a folder of predictions as the official scorer does."""
    from harness.submission.score import stray_folders

    results = api.score(predictions, labels, **options)
    for name in stray_folders(predictions):
        print(f"note: {name}/ is no task's folder and is left alone", file=sys.stderr)
    if as_json:
        print(json.dumps(results.as_dict(), indent=1))
        for note in results.notes:
            print(f"note: {note}", file=sys.stderr)
        return
    show(results, per_language=per_language)


def tasks_command(
    name: Annotated[str, Argument(help="A task or training set, to see all of it.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the installed tasks and training sets, or show one."""
    from harness.display import catalogue

    if name and not _is_task(name):
        values = [catalogue.training_dict(registry.training(name))]
    else:
        tasks = (registry.task(name),) if name else registry.tasks()
        values = [catalogue.as_dict(task, registry.benchmarks()) for task in tasks]
    if as_json:
        print(json.dumps(values[0] if name else values, indent=1))
    elif name:
        print(catalogue.card(values[0]))
    else:
        print(catalogue.listing(registry.tasks(), registry.trainings(), registry.benchmarks()))


def _is_task(name: str) -> bool:
    """Return whether a name is a task's; refuse what is no training set's either."""
    known = (*registry.task_names(), *registry.training_names())
    if name not in known:
        raise unknown("task", name, known)
    return name in registry.task_names()


@options_of(api.evaluate, "labels", "benchmark", "tasks")
def check_command(
    folder: Annotated[Path, Argument(help="Folder in XTREME's layout.")],
    per_language: PerLanguage = False,
    **options: Any,
) -> None:
    """Say what a data folder holds, task by task and language by language."""
    from harness.data.check import check_folder, check_training
    from harness.data.folder import open_folder
    from harness.display.catalogue import findings_table

    chosen, asked = registry.benchmark(options["benchmark"]), options["tasks"]
    opened = open_folder(folder, options["labels"] and Path(options["labels"]))
    source = replace(opened, every=chosen.languages)
    names = asked or [name for name in chosen.task_names() if name in api.tasks()]
    targets = [registry.task(name) for name in names if _is_task(name)]
    sets = [registry.training(name) for name in names if not _is_task(name)]
    findings = list(check_folder(source, chosen, targets))
    for training in sets:
        findings += check_training(source, training)
    learnt = [chosen.training_of(task) for task in targets]  # SQuAD is an intermediate task too
    for training in () if asked else registry.trainings():
        if training in learnt:
            continue
        listed = {(finding.name, finding.split) for finding in findings}  # SNLI is part of ANLI+
        found = check_training(source, training)
        there = [f for f in found if f.rows is not None or f.problems]  # nobody needs them all
        findings += [f for f in there if (f.name, f.split) not in listed]
    print(findings_table(findings, per_language=per_language))
    problems = [line for finding in findings for line in finding.problems]
    for line in problems:
        print(line, file=sys.stderr)
    if problems:
        raise HarnessError(
            f"{len(problems)} malformed places in {folder}; mend the lines named above"
        )
