"""Entry: all that is known of one entry, and how to run it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any

from harness import registry
from harness.data.files import digest_of
from harness.leaderboard.board_rows import BoardRow
from harness.leaderboard.views.shown_cells import MISSING, intermediate_of, number
from harness.submission.checks.claims import TOLERANCE
from harness.submission.findings import CODES
from harness.submission.statements import unstated
from harness.submission.verified import Verified
from harness.task_score import TaskScore

HASH = 8  # characters shown of a hash


@dataclass(frozen=True)
class RunScores:
    """One run: its name, seed, intermediate training, and the score of each task."""

    name: str
    seed: str
    intermediate: str
    scores: tuple[str, ...]


@dataclass(frozen=True)
class EntryView:
    """All that is known of one entry.

    Attributes:
        row: The board's row.
        facts: What was run: a title and a text each.
        states: Why it is not whole or not ranked, each whole with its title.
        tasks: Names of the tasks in the table of runs.
        runs: The scores of every run.
        claims: Claims that did not hold: what, the claim, what was found.
        findings: Warnings and notes: what each means, how often, and its code.
        hash: First characters of the hash over entry and predictions, "" if not recomputed.
        data: Tag of the data that it was scored on (``DataSet``), "" if not recomputed.
        links: Title and address of each link.
        notes: The submitter's notes.
        rerun: The command that runs its first run again, "" if it is not known.
        seeds: The other runs' seeds.
    """

    row: BoardRow
    facts: tuple[tuple[str, str], ...]
    states: tuple[tuple[str, str], ...]
    tasks: tuple[str, ...]
    runs: tuple[RunScores, ...]
    claims: tuple[tuple[str, str, str], ...]
    findings: tuple[str, ...]
    hash: str
    data: str
    links: tuple[tuple[str, str], ...]
    notes: str
    rerun: str
    seeds: str


def entry_view_of(row: BoardRow) -> EntryView:
    """Return all that is known of an entry."""
    entry, verified = row.entry, row.verified
    value = entry.value
    runs = tuple(_runs(row))
    seeds = sorted({run.seed for run in entry.runs})
    command = _command(row, seeds[0]) if seeds else ""
    links = dict(value.get("links", {}))
    if "url" in value["submitter"]:
        links["submitter"] = value["submitter"]["url"]
    if "source" in value:
        links["source"] = value["source"]["url"]
    claims = verified.claims.items() if verified else ()
    findings = verified.findings.items() if verified else ()
    return EntryView(
        row=row,
        facts=tuple((title, text) for title, text in _facts(row) if text),
        states=tuple((title, text) for title, text in _states(row) if text),
        tasks=tuple(verified.summary.tasks) if verified else (),
        runs=runs,
        claims=tuple(
            (name, f"{claim.claimed:.2f}", MISSING if claim.found is None else f"{claim.found:.2f}")
            for name, claim in claims
            if claim.difference is not None and abs(claim.difference) > TOLERANCE
        ),
        findings=tuple(_finding(code, count) for code, count in findings),
        hash=verified.entry[:HASH] if verified else "",
        data=_data_tag(verified) if verified else "",
        links=tuple(links.items()),
        notes=value.get("notes", ""),
        rerun=command,
        seeds=", ".join(map(str, seeds[1:])) if command else "",
    )


def _finding(code: str, count: int) -> str:
    """Return a finding in words, its code last."""
    times = "once" if count == 1 else f"{count:,} times"
    if code not in CODES:
        return f"{times}, code {code}"
    severity, words = CODES[code]
    return f"{severity.value.capitalize()}: {words}, {times} ({code})"


def _states(row: BoardRow) -> Iterator[tuple[str, str]]:
    """Yield what keeps an entry from a rank, "" for what does not."""
    entry = row.entry
    yield "Withdrawn", entry.withdrawn
    yield "Partial", entry.partial
    yield "Not ranked because", "" if entry.withdrawn or entry.partial else row.unranked


def _facts(row: BoardRow) -> Iterator[tuple[str, str]]:
    """Yield what was run, "" for what is not known."""
    entry, value = row.entry, row.entry.value
    submitter, training, model = value["submitter"], entry.training, value["model"]
    yield "Name", entry.slug
    names = [submitter[key] for key in ("name", "affiliation") if submitter.get(key)]
    yield "Submitted by", ", ".join([*names, entry.date])
    yield "Licence", entry.licence
    base = " @ ".join(filter(None, (entry.base, model.get("revision"))))
    yield "Model", f"{model['name']}, weights {model['weights']}"
    yield "Base", base
    yield "Pre-trained on", _pretraining(model.get("pretraining", {}))
    yield "Intermediate training", "" if entry.intermediate else intermediate_of(row)
    for number_, stage in enumerate(entry.intermediate, 1):
        for task in stage["tasks"]:
            examples = "" if task["examples"] is None else f", {task['examples']:,} examples"
            yield (
                f"Intermediate stage {number_}",
                f"{task['name']} in {', '.join(task['languages'])}{examples}",
            )
    yield "Baseline", entry.baseline or ""
    yield (
        "Targets",
        f"{training['regime']}, trained in {', '.join(training['languages']) or 'unknown'}",
    )
    yield "Data beyond English", _extra(training)
    for name, how in value.get("retrieval", {}).items():
        yield f"Vectors of {name}", _vectors(how)
    yield "Not stated", ", ".join(unstated(entry))
    yield "Recipe", training["recipe"]
    chosen = training["selection"].replace("-", " ")
    yield "Checkpoint", f"chosen by {chosen}, {training['tried']} tried"
    source = value.get("source", {})
    yield "Source", ", ".join(source[key] for key in ("citation", "where") if key in source)
    manifest = value.get("manifest", {})
    for key in ("harness", "python", "torch", "transformers", "device", "precision"):
        yield key.capitalize(), manifest.get(key) or ""
    git = manifest.get("git")
    if git:
        yield "Commit", git["commit"][:HASH] + (", with changes" if git["dirty"] else "")


def _pretraining(value: Mapping[str, Any]) -> str:
    """Return what a base was pre-trained on, as far as it is known."""
    nouns = {"languages": "languages", "tokens": "tokens", "parallel": "parallel sentences"}
    counts = [
        f"{value[key]:,.15g} {noun}" for key, noun in nouns.items() if value.get(key) is not None
    ]
    return ", ".join([*value.get("corpora", ()), *counts])


def _extra(training: Mapping[str, Any]) -> str:
    """Return the data beyond the English training sets, "none" if there are none, "" if unknown."""
    if "extra" not in training:
        return ""
    each = [
        f"{one['name']} in {', '.join(one['languages']) or 'unknown'}"
        + (", translated" if one["translated"] else "")
        for one in training["extra"]
    ]
    return "; ".join(each) or "none"


def _vectors(how: Mapping[str, Any]) -> str:
    """Return how a task's texts became vectors."""
    layer = "unknown" if how["layer"] is None else str(how["layer"])
    depth = f" of {how['layers']}" if how.get("layers") is not None else ""
    return f"{how['pooling']}, hidden state {layer}{depth}"


def _runs(row: BoardRow) -> Iterator[RunScores]:
    """Yield every run's scores."""
    verified = row.verified
    for run in row.entry.runs:
        scores: tuple[str, ...] = ()
        if verified is not None:
            tasks = verified.runs.get(run.id, {})
            scores = tuple(_score(row, name, tasks.get(name)) for name in verified.summary.tasks)
        yield RunScores(run.id, str(run.seed), run.intermediate_run or "", scores)


def _score(row: BoardRow, name: str, languages: Mapping[str, Mapping[str, float]] | None) -> str:
    """Return a run's score of a task."""
    if languages is None or name not in registry.task_names():
        return MISSING
    task = registry.task(name)
    names = task.format.metric.split("+")
    scores = {code: dict(m) for code, m in languages.items() if all(name in m for name in names)}
    expected = row.benchmark.languages_of(task)
    return number(TaskScore(name, task.format.metric, scores, expected).score)


@dataclass(frozen=True)
class DataSet:
    """Labels and test examples that entries were scored on.

    Attributes:
        tag: What entries call it, the first characters of a hash over all of it.
        parts: Of each task what was read.
    """

    tag: str
    parts: tuple[str, ...]


def data_sets_of(rows: Sequence[BoardRow]) -> tuple[DataSet, ...]:
    """Return the data that rows were scored on, each once, by its tag.

    Args:
        rows: The rows.
    """
    found = {}
    for verified in filter(None, (row.verified for row in rows)):
        parts = []
        for task, sha256 in verified.labels.items():
            examples = verified.examples.get(task, "")[:HASH]
            parts.append(f"{task} {sha256[:HASH]}" + (f" and {examples}" if examples else ""))
        tag = _data_tag(verified)
        found[tag] = DataSet(tag, tuple(parts))
    return tuple(found[tag] for tag in sorted(found))


def _data_tag(verified: Verified) -> str:
    return digest_of([dict(verified.labels), dict(verified.examples)])[:HASH]


def _command(row: BoardRow, seed: int) -> str:
    """Return the command that runs a run of the harness again, "" if it is not known."""
    entry = row.entry
    stages = entry.intermediate
    names = [task["name"] for stage in stages for task in stage["tasks"]]
    zero_shot = entry.training["regime"] == "zero-shot"
    if "manifest" not in entry.value or not zero_shot or len(stages) > 1 or len(names) > 1:
        return ""
    given = f" --intermediate {names[0]}" if names else ""
    return (
        f"harness eval {quote(entry.base)}{given} --benchmark {entry.benchmark}"
        f" --recipe {entry.training['recipe']} --seed {seed}"
    )
