"""Checks a data folder: which files it has, their rows and labels, and what is malformed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness.data.files import Report, at
from harness.data.folder import FolderSource, read_columns, remarks_of
from harness.data.layouts import Columns
from harness.data.layouts.pooled import POOL
from harness.data.pool_facts import read_pool
from harness.declarations import Benchmark, Task, TrainingSet
from harness.errors import HarnessError

MOST_PROBLEMS = 20  # reported for one finding
UNREADABLE, NO_LABELS = "cannot be read", "no labels"


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

    @property
    def unreadable(self) -> bool:
        """Return whether a file is there, but cannot be read as a whole."""
        return self.note == UNREADABLE

    @property
    def remarks(self) -> str:
        """Return what is remarkable, besides that there are no labels."""
        return self.note.removeprefix(NO_LABELS).strip("; ")


def check_folder(
    source: FolderSource, benchmark: Benchmark, tasks: Sequence[Task]
) -> Iterator[Finding]:
    """Yield a finding for each training set's and task's splits and languages."""
    seen: set[str] = set()
    told: set[str] = set()
    for task in tasks:
        learnt = benchmark.training_of(task)
        for training in learnt.stages() if learnt else ():
            if training.name in seen:
                continue
            seen.add(training.name)
            for split in training.folder.files:
                yield _check(source, training, split, training.language, told)
        for split in task.folder.files:
            if split == POOL:
                yield _check_pool(source, task, told)
                continue
            languages = benchmark.languages_of(task)
            own = {source.files(task, split, code)[0] for code in languages}
            for language in languages:
                yield _check(source, task, split, language, told, own)


def check_training(source: FolderSource, training: TrainingSet) -> Iterator[Finding]:
    """Yield a finding for each split of an intermediate task, or of each of its parts."""
    told: set[str] = set()
    for part in training.parts or (training,):
        for split in part.folder.files:
            finding = _check(source, part, split, part.language_of(split), told)
            finding.name = f"{part.name} (intermediate)"
            finding.language = " ".join(part.languages) or finding.language
            yield finding


def _check(
    source: FolderSource,
    of: Task | TrainingSet,
    split: str,
    language: str,
    told: set[str],
    own: Collection[Path] = (),
) -> Finding:
    """Read a split as an evaluation would, but collect what is malformed.

    Args:
        source: Where it is.
        of: The task or set.
        split: The split.
        language: The language.
        told: Malformed places that findings have told.
        own: The first file of each language; what is wrong with one is told for its language.
    """
    finding, layout = Finding(of.name, split, language), of.format.layout
    paths = source.files(of, split, language)
    missing = [path for path in paths if not path.is_file()]
    if missing:
        finding.note = f"missing: {missing[0]}"
        return finding
    elsewhere = set(own) - {paths[0]}

    def reports(path: Path) -> Report:
        return _silent if path in elsewhere else partial(_note, finding, told, path)

    try:
        columns = read_columns(of, paths, reports)
    except HarnessError as error:
        finding.note = UNREADABLE
        _add(finding, told, str(error))
        return finding
    if layout.offsets and not of.folder.columns:
        for path in paths:  # malformed questions are told above, and left out here
            for _, what in layout.misplaced(layout.read_file(path, (), _silent)):
                _note(finding, told, path, 0, what)
    finding.note = "; ".join(remarks_of(of, split, language, paths, lambda _: _silent))
    finding.rows = layout.count(columns)
    if not finding.rows:
        finding.problems.append(f"{paths[0]}: holds no examples")
    finding.labelled = layout.labelled(columns)
    if isinstance(of, Task) and split == "test":
        _check_labels(source, of, language, columns, finding)
    return finding


def _check_pool(source: FolderSource, task: Task, told: set[str]) -> Finding:
    """Read the candidates of a retrieval task, which are the same for all languages."""
    finding = Finding(task.name, POOL, "all")
    missing = [path for path in source.files(task, POOL, "") if not path.is_file()]
    if missing:
        finding.note = f"missing: {missing[0]}"
        return finding
    try:
        pool = read_pool(source, task, lambda path: partial(_note, finding, told, path))
    except HarnessError as error:
        finding.note = UNREADABLE
        _add(finding, told, str(error))
        return finding
    finding.rows, finding.note = pool.rows, "; ".join(pool.notes)
    return finding


def _silent(line: int, what: str) -> None:
    """Take what is told elsewhere."""


def _note(finding: Finding, told: set[str], path: Path, line: int, what: str) -> None:
    """Add a malformed place to a finding."""
    _add(finding, told, at(path, line, what))


def _add(finding: Finding, told: set[str], problem: str) -> None:
    """Add a problem to the first ones of a finding, unless one has told it before."""
    if problem not in told and len(finding.problems) < MOST_PROBLEMS:
        finding.problems.append(problem)
        told.add(problem)


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
        finding.note = "; ".join(part for part in (NO_LABELS, finding.note) if part)
    if not finding.problems:  # what is malformed was left out, and would lack here
        finding.problems += task.format.layout.misfits(columns, gold, examples, path or examples)
