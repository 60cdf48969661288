"""Scoring predictions in XTREME's layout: a task's files, or a folder of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import registry
from harness.data.folder import FolderSource
from harness.declarations import Benchmark, Scores, Task
from harness.errors import HarnessError, nearest
from harness.formats.common import Unlabelled
from harness.results import Results
from harness.score_tables import NO_PREDICTIONS
from harness.submission.record import partial_of
from harness.submission.remarks import Remarks
from harness.task_score import TaskScore

if TYPE_CHECKING:
    from harness.statistics.sums import Tally

NO_LABELS = "no labels"
STRAY = ("__MACOSX", "__pycache__")
"""Folders that are ignored, besides hidden ones (``.ipynb_checkpoints``, ``.git``)."""


def score_folder(where: Path, labels: Path, benchmark: Benchmark) -> Results:
    """Score all predictions of installed tasks in a folder.

    Args:
        where: Folder with a sub-folder for each task, e.g. the output of ``harness eval``; or an
            entry of one run.
        labels: Folder of labels in the same layout.
        benchmark: Which tasks and languages to score.

    Raises:
        HarnessError: A folder is missing or empty, has a sub-folder of an unknown task or several
            runs, or a file is malformed or has a wrong number of predictions. Folders that
            ``stray_folders`` returns are ignored.
    """
    predictions = _tasks_folder(where)
    for folder in (predictions, labels):
        if not folder.is_dir():
            raise HarnessError(f"{folder}: no such folder")
    if not any(labels.iterdir()):
        raise HarnessError(f"{labels}: the folder of labels is empty")
    stray = stray_folders(predictions)
    folders = (path.name for path in predictions.iterdir() if path.is_dir())
    present = sorted(name for name in folders if name not in stray)
    known = registry.task_names()
    for name in present:
        if name not in known and name not in benchmark.task_names():
            raise HarnessError(
                f"{predictions / name}: no task is named {name!r}{nearest(name, known)};"
                " rename or remove the folder"
            )
    order = dict.fromkeys((*benchmark.task_names(), *present))  # others come last, in no mean
    names = [name for name in order if name in present and name in known]
    if not names:
        raise HarnessError(
            f"{predictions}: no predictions of a task of {benchmark.name}; expected folders named"
            f" {', '.join(benchmark.task_names())}"
        )
    scored = {n: _score_in(registry.task(n), predictions, labels, benchmark) for n in names}
    tasks = {name: score for name, (score, _) in scored.items()}
    notes = tuple(line for _, lines in scored.values() for line in lines)
    return Results(benchmark, tasks, partial_of(where), where.resolve().name, notes=notes)


def score_task(
    task: Task,
    predictions: Mapping[str, Path],
    gold: Callable[[str], tuple[Any, str]],
    remarks: Remarks | None = None,
) -> tuple[TaskScore, dict[str, Callable[[], Tally | None]]]:
    """Score a task's prediction files.

    Args:
        task: The task.
        predictions: Language to its prediction file.
        gold: Returns a language's gold, None without any, and its place for messages, or "". It
            may raise Unlabelled, with the reason after its last colon.
        remarks: Receives what is odd and scored all the same.

    Returns:
        The scores, and of each scored language a function that returns what its examples add.

    Raises:
        HarnessError: Predictions are malformed or do not fit the gold; names the files.
    """
    scores, missing = {}, {}
    tallies: dict[str, Callable[[], Tally | None]] = {}
    for language, path in predictions.items():
        answers = task.format.read(path, remarks.report(path, language) if remarks else None)
        try:
            known, place = gold(language)
        except Unlabelled as error:
            missing[language] = str(error).rpartition(": ")[2]
            continue
        if known is None:
            missing[language] = NO_LABELS
            continue
        try:
            scores[language], tallies[language] = score_file(task, language, known, answers)
        except (HarnessError, ValueError) as error:
            message = f"{task.name} {language}: {error}"
            if place:
                message = f"{path}: {error} (labels: {place})"
            raise HarnessError(message) from error
        if remarks:
            remarks.compare(language, known, answers)
    score = TaskScore(task.name, task.format.metric, scores, tuple(predictions), missing)
    return score, tallies


def score_file(
    task: Task, language: str, gold: Any, answers: Any
) -> tuple[Scores, Callable[[], Tally | None]]:
    """Score the predictions of one language; all scores come from here.

    Args:
        task: The task.
        language: The language.
        gold: Its gold.
        answers: What the task's format has read in the prediction file.

    Returns:
        The metrics, and a function that returns what each example adds to the score.

    Raises:
        HarnessError: The predictions do not fit the gold.
        ValueError: The same.
    """
    return task.format.scored(gold, answers, language)


def _score_in(
    task: Task, predictions: Path, labels: Path, benchmark: Benchmark
) -> tuple[TaskScore, list[str]]:
    """Score one task's predictions in all languages; also return lines on what is odd in them."""
    languages = benchmark.languages_of(task)
    folder = predictions / task.name
    beside = labels.absolute().parent / "xtreme"  # the examples
    source = FolderSource(beside, labels, every=benchmark.languages)
    remarks = Remarks(task, source) if task.format.has_pool else None
    paths = {code: folder / task.file(code) for code in languages}

    def gold(language: str) -> tuple[Any, str]:
        path = labels / task.folder.labels.format(lang=language)
        if task.format.has_pool and not path.is_file():  # LAReQA's gold is in its test files
            return source.gold(task, language), str(source.data)
        try:
            return (task.format.read_gold(path) if path.is_file() else None), str(path)
        except Unlabelled:
            return None, str(path)

    there = {code: path for code, path in paths.items() if path.is_file()}
    score, _ = score_task(task, there, gold, remarks)
    _refuse_unknown_files(task, folder, languages)
    missing = {
        code: score.missing.get(code, NO_PREDICTIONS)
        for code in languages
        if code not in score.languages
    }
    if remarks:
        missing |= {c: _looked_for(source, task, c) for c in missing if missing[c] == NO_LABELS}
    score = replace(score, expected=languages, missing=missing)
    return score, list(remarks.lines()) if remarks else []


def _looked_for(source: FolderSource, task: Task, language: str) -> str:
    """Return why a language of a task with a pool has no labels, and what would have them."""
    lacking = [path for path in source.files(task, "test", language) if not path.is_file()]
    if source.label_file(task, language) or not lacking:
        return NO_LABELS
    file = task.folder.labels.format(lang=language)
    beside = lacking[0].relative_to(source.data.parent)
    return f"{NO_LABELS}: neither {file} among the labels, nor {beside} beside their folder"


def _refuse_unknown_files(task: Task, folder: Path, languages: Sequence[str]) -> None:
    """Refuse a file that looks like predictions in a language that the task does not have."""
    others = [code for one in registry.benchmarks() for code in one.languages_of(task)]
    known = {task.file(code) for code in (*languages, *others)}
    for path in sorted(folder.glob("test-*")):
        if path.name not in known:
            near = nearest(path.name, [task.file(code) for code in languages])
            raise HarnessError(f"{path}: {task.name} has no such file{near}; rename or remove it")


def stray_folders(predictions: Path) -> list[str]:
    """Return the sub-folders of an editor or an archive among the predictions."""
    folder = _tasks_folder(predictions)
    names = (path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else ()
    return sorted(filter(_stray, names))


def _stray(name: str) -> bool:
    """Return whether a folder is an editor's or an archive's."""
    return name.startswith(".") or name in STRAY


def _tasks_folder(predictions: Path) -> Path:
    """Return the folder with the tasks' folders; in an output folder or an entry, below.

    Raises:
        HarnessError: There are several runs: each is scored by itself.
    """
    inner = predictions / "predictions"
    folder = inner if inner.is_dir() else predictions
    runs = _runs_in(folder)
    if len(runs) > 1:
        names = " ".join(run.name for run in runs)
        raise HarnessError(f"{folder}: {len(runs)} runs: {names}; name one, as {runs[0]}")
    return runs[0] if runs else folder


def _runs_in(folder: Path) -> list[Path]:
    """Return the folders of an entry's runs; [] where the tasks' folders are not one below."""
    known = registry.task_names()
    if not folder.is_dir() or any((folder / name).is_dir() for name in known):
        return []
    inner = sorted(path for path in folder.iterdir() if path.is_dir() and not _stray(path.name))
    return [path for path in inner if any((path / name).is_dir() for name in known)]
