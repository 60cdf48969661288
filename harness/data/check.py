"""Looks through a data folder: what is there, how many rows, labelled or not, what is malformed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.data.files import Report
from harness.data.fit import LAYOUTS, misfits
from harness.data.folder import FolderSource, read_columns
from harness.data.layout import Columns, is_labelled
from harness.declarations import Benchmark, Task, TrainingSet
from harness.errors import HarnessError

if TYPE_CHECKING:
    from datasets import Dataset

MOST_PROBLEMS = 20  # of one file that are told


@dataclass
class Finding:
    """What one split of one language holds.

    Attributes:
        rows: Examples; of two sides, the source sentences. None if a file is missing.
        labelled: Whether the split or its label file carries labels; None where it has none.
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
        training = benchmark.training_of(task)
        if training is not None and training.name not in seen:
            seen.add(training.name)
            for split in training.folder.files:
                yield _check(source, training, split, training.language)
        for split in task.folder.files:
            for language in benchmark.languages_of(task):
                yield _check(source, task, split, language)


def check_training(source: FolderSource, training: TrainingSet) -> Iterator[Finding]:
    """Yield a finding for each split of an intermediate task, or of each of its parts."""
    for part in training.parts or (training,):
        for split in part.folder.files:
            language = part.language if split == "train" else "en"
            finding = Finding(
                f"{part.name} (intermediate)", split, " ".join(part.languages) or language
            )
            paths = source.files(part, split, language)
            lost = [path for path in paths if not path.is_file()]
            try:
                if lost:
                    finding.note = f"missing: {lost[0]}"
                else:
                    rows = source.examples(part, split, language)
                    finding.rows = len(rows)
                    finding.labelled = "text" in rows.column_names or _labelled(rows)
                    for path in paths if part.format.layout == "squad" else ():
                        read_columns(part.format, [path], _noted_in(finding), offsets=True)
            except HarnessError as error:
                finding.problems.append(str(error))
            yield finding


def _check(source: FolderSource, of: Task | TrainingSet, split: str, language: str) -> Finding:
    finding = Finding(of.name, split, language)
    paths = source.files(of, split, language)
    lost = [path for path in paths if not path.is_file()]
    if lost:
        finding.note = f"missing: {lost[0]}"
        return finding

    try:
        columns = read_columns(of.format, paths, _noted_in(finding), offsets=True)
    except HarnessError as error:
        finding.problems.append(str(error))
        return finding
    first = next(iter(columns.values()))
    sides = columns.get("side")
    finding.rows = sum(side == "source" for side in sides) if sides else len(first)
    if not finding.rows:
        finding.problems.append(f"{paths[0]}: holds no examples")
    finding.labelled = _labelled(columns)
    if isinstance(of, Task) and split == "test":
        _check_labels(source, of, language, columns, finding)
    return finding


def _noted_in(finding: Finding) -> Callable[[Path], Report]:
    """Return what gives each file a report that adds to the finding's problems."""

    def note(path: Path, line: int, what: str) -> None:
        if len(finding.problems) < MOST_PROBLEMS:
            finding.problems.append(f"{path}:{line}: {what}" if line else f"{path}: {what}")

    return lambda path: partial(note, path)


def _labelled(columns: Columns | Dataset) -> bool:
    names = getattr(columns, "column_names", columns)
    name = next(n for n in ("label", "tags", "answers", "matches") if n in names)
    return any(map(is_labelled, columns[name]))


def _check_labels(
    source: FolderSource, task: Task, language: str, columns: Columns, finding: Finding
) -> None:
    """Hold the label file, if there is one, against the examples."""
    examples = source.files(task, "test", language)[0]
    path = source.label_file(task, language)
    if path is None or not path.is_file():
        if not finding.labelled:
            finding.note = "no labels"
        finding.problems += misfits(task.format.layout, columns, None, examples, examples)
        return
    try:
        gold = task.format.read_gold(path)
    except HarnessError as error:
        finding.problems.append(str(error))
        return
    finding.labelled = True
    if "tokens" in columns:
        _check_tokens(path, columns, gold, finding)
    elif task.format.layout == "squad":
        answered = {name for name, _ in gold}
        lost = [name for name in columns["id"] if name not in answered]
        if lost:
            finding.problems.append(f"{path}: no answer to {len(lost)} questions, as {lost[0]}")
    elif task.format.layout in LAYOUTS:
        finding.problems += misfits(task.format.layout, columns, gold, examples, path)
    elif len(gold) != finding.rows:
        finding.problems.append(f"{path}: {len(gold)} labels for {finding.rows} examples")


def _check_tokens(
    path: Path, columns: Columns, gold: Sequence[Sequence[str]], finding: Finding
) -> None:
    tokens = columns["tokens"]
    if len(tokens) != len(gold):
        finding.problems.append(f"{path}: {len(gold)} sentences, the tokens have {len(tokens)}")
    line = 1
    for number, (words, tags) in enumerate(zip(tokens, gold, strict=False), 1):
        if len(words) != len(tags):
            finding.problems.append(
                f"{path}:{line}: sentence {number} has {len(tags)} tags for {len(words)} tokens"
            )
            return
        line += len(tags) + 1
