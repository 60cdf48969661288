"""The concern of files: those that should be there, and those that should not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import ClassVar

from harness import registry
from harness.declarations import Benchmark
from harness.errors import HarnessError, closest
from harness.submission.entry import PREDICTIONS, STATISTICS, SUBMISSION, VERIFIED, EntryRun
from harness.submission.findings import AT_MOST, Finding, finding
from harness.submission.incoming import Incoming
from harness.submission.strict_json import escaped

_LANGUAGE_FILE = re.compile(r"test-([A-Za-z0-9-]+)\.[a-z]+")


class FilesConcern:
    """The files of an entry, by the benchmark's tasks and languages and by the hashes it states."""

    name: ClassVar[str] = "files"
    rests_on: ClassVar[tuple[str, ...]] = ("schema",)

    def look(self, incoming: Incoming) -> Iterator[Finding]:
        """Yield the findings."""
        yield from _strays(incoming)
        entry = incoming.entry
        declared_only = not incoming.predictions.files
        if entry.runs and declared_only and not entry.value.get("links", {}).get("predictions"):
            yield finding(
                "F305",
                incoming.shown(PREDICTIONS),
                "no predictions and no links.predictions",
                "predictions/ with the runs' files",
                remedy="put the predictions in, or say in links.predictions where they are",
            )
        benchmark = registry.benchmark(entry.benchmark)
        for index, run in enumerate(entry.runs):
            files = run.files if declared_only else incoming.runs.get(run.id, {})
            above = f"{PREDICTIONS}/{run.id}"
            if files and not declared_only:  # the level of the run may be left out
                inner, path = next(iter(files.items()))
                above = f"{PREDICTIONS}/{path.removesuffix(inner)}".rstrip("/")
            place = incoming.shown(above)
            if files:
                yield from _of_run(benchmark, files, place)
            if not declared_only:
                yield from _hashes(incoming, run, f"/runs/{index}/files")


def _strays(incoming: Incoming) -> Iterator[Finding]:
    """Yield files that are not of an entry, and folders of predictions that no run names."""
    runs = [run.id for run in incoming.entry.runs]
    allowed = {SUBMISSION, VERIFIED, *(f"{STATISTICS}/{run}.safetensors" for run in runs)}
    likely = allowed - {VERIFIED} - set(incoming.listing.files)  # that a file may be meant for
    outside = (path for path in incoming.listing.files if not path.startswith(f"{PREDICTIONS}/"))
    for path, near in _with_nearest((path for path in outside if path not in allowed), likely):
        expected = f"{SUBMISSION} and {PREDICTIONS}/ alone"
        yield _stray(incoming.shown(path), path, expected, near)
    for run, near in _with_nearest((run for run in incoming.runs if run not in runs), runs):
        file = incoming.shown(f"{PREDICTIONS}/{run}")
        expected = f"a run of the entry: {', '.join(runs)}" if runs else "no predictions"
        yield _stray(file, f"{PREDICTIONS}/{run}", expected, near)


def _with_nearest(words: Iterable[str], known: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield names with the nearest known one, the first few alone: likeness takes its time."""
    for number, word in enumerate(words):
        near = closest(word, known) if number < AT_MOST else ()
        yield word, next(iter(near), "")


def _stray(file: str, path: str, expected: str, near: str = "") -> Finding:
    remedy = f"rename it {near!r}, or remove it" if near else "remove it"
    return finding("F304", file, f"{path!r:.120}", expected, near=near, remedy=remedy)


def _of_run(benchmark: Benchmark, files: Iterable[str], place: str) -> Iterator[Finding]:
    """Yield the tasks and languages of a run that are unknown or missing."""
    tasks: dict[str, list[str]] = {}
    for path in files:
        name, _, file = path.partition("/")
        if PurePosixPath(path).name == path or "/" in file:
            yield _stray(f"{place}/{path}", path, "a task's folder with its files")
        else:
            tasks.setdefault(name, []).append(file)
    known = benchmark.task_names()
    for name in (name for name in tasks if name in known):
        yield from _of_task(benchmark, name, tasks[name], f"{place}/{name}")
    for name, near in _with_nearest((name for name in tasks if name not in known), known):
        remedy = f"rename it {near!r}" if near else "remove it, or name the benchmark that has it"
        expected = f"the tasks of {benchmark.name}: {' '.join(known)}"
        file, found = f"{place}/{name}", f"the task {name!r}"
        yield finding("F301", file, found, expected, near=near, remedy=remedy)
    missing = [name for name in known if name not in tasks]
    if missing:
        yield _lacking(place, "tasks", len(known), missing)


def _of_task(benchmark: Benchmark, name: str, files: list[str], place: str) -> Iterator[Finding]:
    """Yield the languages of a task that are unknown or missing, and stray files."""
    if name not in registry.task_names():
        return  # its plug-in is not installed here: what it has cannot be known
    task = registry.task(name)
    languages = benchmark.languages_of(task)
    expected = {task.file(code): code for code in languages}
    for file, nearest in _with_nearest((file for file in files if file not in expected), expected):
        match = _LANGUAGE_FILE.fullmatch(file)
        near = nearest if file.startswith("test") else ""
        if match is None or file != task.file(match[1]):
            yield _stray(f"{place}/{file}", file, f"files like {task.file('en')}", near)
            continue
        remedy = f"the languages of {name} in {benchmark.name} are {' '.join(languages)}"
        known = f"one of {len(languages)} languages"
        found = f"the language {match[1]!r}"
        yield finding("F303", f"{place}/{file}", found, known, near=near, remedy=remedy)
    missing = [code for file, code in expected.items() if file not in files]
    if missing:
        yield _lacking(place, "languages", len(languages), missing)


def _lacking(place: str, noun: str, count: int, missing: list[str]) -> Finding:
    found = f"{count - len(missing)} of {count} {noun}: without {' '.join(missing)}"
    remedy = "add them, unless `partial` says why they are left out"
    return finding("F302", place, found, f"{count} {noun}", remedy=remedy)


def _hashes(incoming: Incoming, run: EntryRun, pointer: str) -> Iterator[Finding]:
    """Yield the files of a run that are not as ``runs[].files`` states."""
    there = incoming.runs.get(run.id, {})
    file = incoming.shown(SUBMISSION)
    for path in run.files:
        if path not in there:
            found, remedy = (
                f"{path!r} is listed but not there",
                "put it in, or take it off the list",
            )
            place = f"{pointer}/{escaped(path)}"
            yield finding("F305", file, found, "the file", pointer=place, remedy=remedy)
    for path, below in there.items():
        if path not in run.files:
            found, remedy = f"{path!r} of {run.id} is there but not listed", "list it, or remove it"
            yield finding("F305", file, found, "its SHA-256", pointer=pointer, remedy=remedy)
            continue
        try:
            sha = incoming.read(below).sha256
        except HarnessError as error:
            yield finding("F305", incoming.shown(f"{PREDICTIONS}/{below}"), str(error), "the file")
            continue
        if sha != run.files[path]:
            shown = incoming.shown(f"{PREDICTIONS}/{below}")
            remedy = "the file was changed, or its hash not updated: put in the one that was meant"
            yield finding("F305", shown, f"SHA-256 {sha}", run.files[path], remedy=remedy)
