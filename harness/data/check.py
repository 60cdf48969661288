"""Checks a data folder: which files it has, their rows and labels, and what is malformed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness.data.files import at
from harness.data.folder import FolderSource, read_columns
from harness.data.layouts import Columns
from harness.data.layouts.pooled import POOL
from harness.data.pool_facts import read_pool
from harness.declarations import Benchmark, Task, TrainingSet
from harness.errors import HarnessError

MOST_PROBLEMS = 20  # reported for one finding


@dataclass
class Finding:
    """The contents of one split of one language.

    Attributes:
        rows: Number of examples (for two sides, of source sentences). None if a file is missing.
        labelled: Whether the split or its label file has labels; None if a file is missing.
        note: What is missing or remarkable.
        problems: Malformed places, ``file:line: what``.
    """

    name: str
    split: str
    language: str
    rows: int | None = None
    labelled: bool | None = None
    note: str = ""
    problems: list[str] = field(default_factory=list)


def check_folder(
    source: FolderSource, benchmark: Benchmark, tasks: Sequence[Task]
) -> Iterator[Finding]:
    """Yield a finding for each training set's and task's splits and languages."""
    seen: set[str] = set()
    for task in tasks:
        learnt = benchmark.training_of(task)
        for training in learnt.stages() if learnt else ():
            if training.name in seen:
                continue
            seen.add(training.name)
            for split in training.folder.files:
                yield _check(source, training, split, training.language)
        for split in task.folder.files:
            if split == POOL:
                yield _check_pool(source, task)
                continue
            for language in benchmark.languages_of(task):
                yield _check(source, task, split, language)


def check_training(source: FolderSource, training: TrainingSet) -> Iterator[Finding]:
    """Yield a finding for each split of an intermediate task, or of each of its parts."""
    for part in training.parts or (training,):
        for split in part.folder.files:
            finding = _check(source, part, split, part.language_of(split))
            finding.name = f"{part.name} (intermediate)"
            finding.language = " ".join(part.languages) or finding.language
            yield finding


def _check(source: FolderSource, of: Task | TrainingSet, split: str, language: str) -> Finding:
    """Read a split as an evaluation would, but collect what is malformed."""
    finding, layout = Finding(of.name, split, language), of.format.layout
    paths = source.files(of, split, language)
    missing = [path for path in paths if not path.is_file()]
    if missing:
        finding.note = f"missing: {missing[0]}"
        return finding
    try:
        columns = read_columns(of, paths, lambda path: partial(_note, finding.problems, path))
    except HarnessError as error:
        finding.problems.append(str(error))
        return finding
    if layout.offsets and not of.folder.columns:
        for path in paths:  # malformed questions are told above, and left out here
            for _, what in layout.misplaced(layout.read_file(path, (), lambda *_: None)):
                _note(finding.problems, path, 0, what)
    finding.rows = layout.count(columns)
    if not finding.rows:
        finding.problems.append(f"{paths[0]}: holds no examples")
    finding.labelled = layout.labelled(columns)
    if isinstance(of, Task) and split == "test":
        _check_labels(source, of, language, columns, finding)
    return finding


def _check_pool(source: FolderSource, task: Task) -> Finding:
    """Read the candidates of a retrieval task, which are the same for all languages."""
    finding = Finding(task.name, POOL, "all")
    missing = [path for path in source.files(task, POOL, "") if not path.is_file()]
    if missing:
        finding.note = f"missing: {missing[0]}"
        return finding
    try:
        pool = read_pool(source, task, lambda path: partial(_note, finding.problems, path))
    except HarnessError as error:
        finding.problems.append(str(error))
        return finding
    finding.rows, finding.note = pool.rows, "; ".join(pool.notes)
    return finding


def _note(problems: list[str], path: Path, line: int, what: str) -> None:
    """Add a malformed place to the first problems of a finding."""
    if len(problems) < MOST_PROBLEMS:
        problems.append(at(path, line, what))


def _check_labels(
    source: FolderSource, task: Task, language: str, columns: Columns, finding: Finding
) -> None:
    """Compare the label file, if there is one, with the examples."""
    gold, examples = None, source.files(task, "test", language)[0]
    path = source.label_file(task, language)
    if path:
        try:
            gold = task.format.read_gold(path)
        except HarnessError as error:
            finding.problems.append(str(error))
            return
        finding.labelled = True
    elif not finding.labelled:
        finding.note = "no labels"
    finding.problems += task.format.layout.misfits(columns, gold, examples, path or examples)
