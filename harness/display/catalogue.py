"""Lists of installed tasks and training sets, and of what a data folder holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from harness.declarations import Benchmark, Hub, Task, TrainingSet

if TYPE_CHECKING:
    from harness.data.check import Finding

YES_OR_NO = {True: "yes", False: "no", None: "–"}


def listing(
    tasks: Sequence[Task], trainings: Sequence[TrainingSet], benchmarks: Sequence[Benchmark]
) -> str:
    """Return the table of tasks, and the names of the intermediate ones."""
    rows = []
    for task in tasks:
        form, group = task.format, _groups(task, benchmarks) or "–"
        codes = _languages(task, benchmarks)
        counts = ", ".join(f"{len(codes[name])} {name}" for name in codes) or len(task.languages)
        stages = task.training.stages() if task.training else ()
        learnt = ", then ".join(one.name for one in stages) or "–"
        rows.append((task.name, group, form.name, counts, learnt, form.metric, task.licence))
    head = ("task", "group", "format", "languages", "learnt from", "metric", "licence")
    names = ", ".join(training.name for training in trainings)
    return f"{_table(rows, head)}\n\nintermediate tasks, for harness train: {names}"


def _table(rows: Sequence[Sequence[Any]], head: Sequence[str]) -> str:
    return tabulate(rows, head, "simple", disable_numparse=True, missingval="–")


def _groups(task: Task, benchmarks: Sequence[Benchmark]) -> str:
    """Return the groups that a task is in, in any benchmark; "" for none."""
    groups = (benchmark.group_of(task) for benchmark in benchmarks)
    return ", ".join(dict.fromkeys(group for group in groups if group))


def _languages(task: Task, benchmarks: Sequence[Benchmark]) -> dict[str, list[str]]:
    """Return a task's languages in each benchmark that it is in."""
    return {b.name: list(b.languages_of(task)) for b in benchmarks if task.name in b.task_names()}


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
        "languages": _languages(task, benchmarks) or {task.name: list(task.languages)},
        "training_set": training and training.name,
        "after": training.after.name if training and training.after else None,
        "licence": task.licence,
        "citation": task.citation,
        "homepage": task.homepage,
        "sources": {
            "folder": dict(task.folder.files) | {"labels": task.folder.labels},
            "hub": _hub(task.hub),
            "training_folder": training and dict(training.folder.files),
            "training_hub": training and _hub(training.hub),
        },
    }


def _hub(hub: Hub | None) -> dict[str, Any] | None:
    return {"repo": hub.repo, "revision": hub.revision, "files": dict(hub.files)} if hub else None


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
            "hub": _hub(training.hub),
        },
    }


def card(value: Mapping[str, Any]) -> str:
    """Return one task or intermediate task with its citation and sources, in lines.

    Args:
        value: What ``as_dict`` or ``training_dict`` returns.
    """
    title = value.get("title", "an intermediate task, for harness train and studies")
    keys = ("group", "format", "metric", "training_set", "licence", "citation", "homepage")
    lines = [f"{value['name']}: {title}"]
    lines += [f"  {k.replace('_', ' '):13} {value[k] or '–'}" for k in keys if k in value]
    if value["labels"]:
        lines.append(f"  labels        {' '.join(value['labels'])}")
    if isinstance(value["languages"], list):
        lines.append(f"  languages     {' '.join(value['languages'])}")
    else:
        for name, codes in value["languages"].items():
            lines.append(f"  {name:13} {len(codes)} languages: {' '.join(codes)}")
    parts = value.get("parts")
    for part in parts or [value]:
        lines += [f"  {part['name']}:"] if parts else []
        lines += _sources(part["sources"])
    return "\n".join(lines)


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
    rows: list[tuple[Any, ...]] = []
    if per_language:
        for f in findings:
            note = "; ".join(part for part in (f.note, *_malformed([f])) if part)
            rows.append((f.name, f.split, f.language, f.rows, YES_OR_NO[f.labelled], note))
        return _table(rows, ("task or set", "split", "language", "rows", "labelled", "note"))
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.name, finding.split), []).append(finding)
    for (name, split), members in groups.items():
        present = [f for f in members if f.rows is not None]
        unlabelled = [f.language for f in present if not f.labelled]
        notes = _absent([f for f in members if f.rows is None])
        if unlabelled and len(unlabelled) < len(present):
            notes.append(f"no labels: {' '.join(unlabelled)}")
        remarks = [f.remarks for f in present if f.remarks]
        notes += remarks[:1]
        if remarks[1:]:
            notes.append(f"{len(remarks) - 1} more such notes with --per-language")
        notes += _malformed(members)
        labelled = len(present) - len(unlabelled)
        counts = [f.rows or 0 for f in present]
        span = f"{min(counts)}–{max(counts)}" if counts else "–"
        coverage = f"{len(present)}/{len(members)}"
        rows.append((name, split, coverage, span, f"{labelled}/{len(present)}", "; ".join(notes)))
    return _table(rows, ("task or set", "split", "languages", "rows", "labelled", "note"))


def _absent(findings: Sequence[Finding]) -> list[str]:
    """Return remarks on findings without rows: whose files lack, or cannot be read."""
    unread = [f.language for f in findings if f.unreadable]
    lacking = [f for f in findings if not f.unreadable]
    files = list(dict.fromkeys(f.note for f in lacking))
    notes = []
    if len(files) < len(lacking) or any(f.language == "all" for f in lacking):
        notes += files  # which several languages need
    elif lacking:
        notes.append(f"no file: {' '.join(f.language for f in lacking)}")
    if unread:
        notes.append(f"cannot be read: {' '.join(unread)}")
    return notes


def _malformed(findings: Sequence[Finding]) -> list[str]:
    """Return a remark on how many places are malformed, if any are."""
    problems = sum(len(finding.problems) for finding in findings)
    return [f"{problems} malformed"] if problems else []
