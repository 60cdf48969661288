"""Lists of installed tasks and training sets, and of what a data folder holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from harness.declarations import Benchmark, Hub, Task, TrainingSet

if TYPE_CHECKING:
    from harness.data.check import Finding


def listing(tasks: Sequence[Task], benchmarks: Sequence[Benchmark]) -> str:
    """Return the table of tasks."""
    rows = []
    for task in tasks:
        counts = [
            f"{len(b.languages_of(task))} {b.name}"
            for b in benchmarks
            if task.name in b.task_names()
        ]
        rows.append(
            (
                task.name,
                _groups(task, benchmarks) or "–",
                task.format.name,
                ", ".join(counts) or str(len(task.languages)),
                task.training.name if task.training else "–",
                task.format.metric,
                task.licence,
            )
        )
    head = ("task", "group", "format", "languages", "learnt from", "metric", "licence")
    return tabulate(rows, head, "simple", disable_numparse=True)


def _groups(task: Task, benchmarks: Sequence[Benchmark]) -> str:
    """Return the groups that a task is in, in any benchmark; "" for none."""
    groups = (benchmark.group_of(task) for benchmark in benchmarks)
    return ", ".join(dict.fromkeys(group for group in groups if group))


def as_dict(task: Task, benchmarks: Sequence[Benchmark]) -> dict[str, Any]:
    """Return a task as JSON values."""
    training = task.training
    return {
        "name": task.name,
        "title": task.title,
        "group": _groups(task, benchmarks),
        "format": task.format.name,
        "metric": task.format.metric,
        "labels": list(task.format.labels),
        "languages": {
            b.name: list(b.languages_of(task)) for b in benchmarks if task.name in b.task_names()
        }
        or {task.name: list(task.languages)},
        "training_set": training and training.name,
        "licence": task.licence,
        "citation": task.citation,
        "homepage": task.homepage,
        "sources": {
            "folder": dict(task.folder.files) | {"labels": task.folder.labels},
            "hub": task.hub and _hub(task.hub),
            "training_folder": training and dict(training.folder.files),
            "training_hub": training and training.hub and _hub(training.hub),
        },
    }


def _hub(hub: Hub) -> dict[str, Any]:
    values = asdict(hub)
    return {"repo": values["repo"], "revision": values["revision"], "files": values["files"]}


def card(task: Task, benchmarks: Sequence[Benchmark]) -> str:
    """Return one task with its citation and sources, in lines."""
    value = as_dict(task, benchmarks)
    keys = ("group", "format", "metric", "training_set", "licence", "citation", "homepage")
    lines = [f"{task.name}: {task.title}", *_entry_lines(value, keys)]
    for name, codes in value["languages"].items():
        lines.append(f"  {name:13} {len(codes)} languages: {' '.join(codes)}")
    return "\n".join([*lines, *_sources(value["sources"])])


def training_dict(training: TrainingSet) -> dict[str, Any]:
    """Return an intermediate task as JSON values."""
    return {
        "name": training.name,
        "format": training.format.name,
        "metric": training.format.metric,
        "labels": list(training.format.labels),
        "languages": list(training.languages or (training.language,)),
        "licence": training.licence,
        "citation": training.citation,
        "parts": [training_dict(part) for part in training.parts],
        "sources": {
            "folder": dict(training.folder.files),
            "elsewhere": dict(training.folder.elsewhere),
            "hub": training.hub and _hub(training.hub),
        },
    }


def training_card(training: TrainingSet) -> str:
    """Return one intermediate task with its citation and sources, in lines."""
    value = training_dict(training)
    lines = [f"{training.name}: an intermediate task, for harness train and studies"]
    lines += _entry_lines(value, ("format", "metric", "licence", "citation"))
    lines.append(f"  languages     {' '.join(value['languages'])}")
    for part in value["parts"] or [value]:
        lines += [f"  {part['name']}:"] if value["parts"] else []
        lines += _sources(part["sources"])
    return "\n".join(lines)


def _entry_lines(value: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    """Return a line for each of some entries, and one for the labels, if any."""
    lines = [f"  {key.replace('_', ' '):13} {value[key] or '–'}" for key in keys]
    return lines + ([f"  labels        {' '.join(value['labels'])}"] if value["labels"] else [])


def _sources(sources: Mapping[str, Any]) -> list[str]:
    """Return a line for each file of each source."""
    lines = []
    for kind, source in sources.items():
        entries = source or {}
        if "repo" in entries:
            entries = {"repo": f"{entries['repo']} @ {entries['revision']}"} | entries["files"]
        for split, where in entries.items():
            where = where if isinstance(where, str) else ", ".join(where)
            lines.append(f"  {kind.replace('_', ' '):16} {split:7} {where}")
    return lines


def findings_table(findings: Sequence[Finding], *, per_language: bool) -> str:
    """Return the contents of a data folder, with a row for each split or each language."""
    if per_language:
        rows = [
            (f.name, f.split, f.language, _count(f.rows), _yes_or_no(f.labelled), _remark(f))
            for f in findings
        ]
        head = ("task or set", "split", "language", "rows", "labelled", "note")
        return tabulate(rows, head, "simple", disable_numparse=True)
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.name, finding.split), []).append(finding)
    rows = []
    for (name, split), members in groups.items():
        present = [f for f in members if f.rows is not None]
        unlabelled = [f.language for f in present if not f.labelled]
        missing = [f.language for f in members if f.rows is None]
        notes = [f"no file: {' '.join(missing)}"] if missing else []
        if unlabelled and len(unlabelled) < len(present):
            notes.append(f"no labels: {' '.join(unlabelled)}")
        problems = sum(len(f.problems) for f in members)
        notes += [f"{problems} malformed"] if problems else []
        labelled = len(present) - len(unlabelled)
        counts = [f.rows or 0 for f in present]
        span = f"{min(counts)}–{max(counts)}" if counts else "–"
        coverage = f"{len(present)}/{len(members)}"
        rows.append((name, split, coverage, span, f"{labelled}/{len(present)}", "; ".join(notes)))
    head = ("task or set", "split", "languages", "rows", "labelled", "note")
    return tabulate(rows, head, "simple", disable_numparse=True)


def _count(rows: int | None) -> str:
    return "–" if rows is None else str(rows)


def _yes_or_no(labelled: bool | None) -> str:
    return {True: "yes", False: "no", None: "–"}[labelled]


def _remark(finding: Finding) -> str:
    problems = f"{len(finding.problems)} malformed" if finding.problems else ""
    return "; ".join(part for part in (finding.note, problems) if part)
