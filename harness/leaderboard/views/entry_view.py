"""Entry: all that is known of one entry, and how to run it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness import registry
from harness.leaderboard.board_rows import BoardRow
from harness.leaderboard.views.shown_cells import MISSING, intermediate_of, number
from harness.submission.checks.claims import TOLERANCE
from harness.submission.findings import CODES
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
        tasks: Names of the tasks in the table of runs.
        runs: The scores of every run.
        claims: Claims that did not hold: what, the claim, what was found.
        findings: Warnings and notes: code, number and what it means.
        hashes: What was read: a title and the first characters of the hash.
        links: Title and address of each link.
        notes: The submitter's notes.
        rerun: The commands that run it again, () if they are not known.
    """

    row: BoardRow
    facts: tuple[tuple[str, str], ...]
    tasks: tuple[str, ...]
    runs: tuple[RunScores, ...]
    claims: tuple[tuple[str, str, str], ...]
    findings: tuple[tuple[str, int, str], ...]
    hashes: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    notes: str
    rerun: tuple[str, ...]


def entry_view_of(row: BoardRow) -> EntryView:
    """Return all that is known of an entry."""
    entry, verified = row.entry, row.verified
    value = entry.value
    runs = tuple(_runs(row))
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
        tasks=tuple(verified.summary.tasks) if verified else (),
        runs=runs,
        claims=tuple(
            (name, f"{claim.claimed:.2f}", MISSING if claim.found is None else f"{claim.found:.2f}")
            for name, claim in claims
            if claim.difference is not None and abs(claim.difference) > TOLERANCE
        ),
        findings=tuple((c, n, CODES[c][1] if c in CODES else "") for c, n in findings),
        hashes=tuple(_hashes(row)),
        links=tuple(links.items()),
        notes=value.get("notes", ""),
        rerun=tuple(_commands(row)),
    )


def _facts(row: BoardRow) -> Iterator[tuple[str, str]]:
    """Yield what was run, "" for what is not known."""
    entry, value = row.entry, row.entry.value
    submitter, training, model = value["submitter"], entry.training, value["model"]
    yield "Name", entry.slug
    yield "Withdrawn", entry.withdrawn
    yield "Partial", entry.partial
    yield (
        "Submitted by",
        ", ".join(submitter[key] for key in ("name", "affiliation") if submitter.get(key)),
    )
    yield "Date", entry.date
    yield "Licence", entry.licence
    yield "Model", model["name"]
    yield "Base", " @ ".join(filter(None, (entry.base, model.get("revision"))))
    yield "Weights", model["weights"]
    pretraining = model.get("pretraining", {})
    yield "Pre-trained on", ", ".join(pretraining.get("corpora", ()))
    yield "Intermediate training", "" if entry.intermediate else intermediate_of(row)
    for number_, stage in enumerate(entry.intermediate, 1):
        for task in stage["tasks"]:
            examples = "" if task["examples"] is None else f", {task['examples']:,} examples"
            yield (
                f"Intermediate stage {number_}",
                f"{task['name']} in {', '.join(task['languages'])}{examples}",
            )
    yield "Baseline", entry.baseline or ""
    yield "Regime", training["regime"]
    yield "Target training in", ", ".join(training["languages"])
    yield "Recipe", training["recipe"]
    yield "Checkpoint chosen by", training["selection"]
    yield "Configurations tried", str(training["tried"])
    source = value.get("source", {})
    yield "Source", ", ".join(source[key] for key in ("citation", "where") if key in source)
    manifest = value.get("manifest", {})
    for key in ("harness", "python", "torch", "transformers", "device", "precision"):
        yield key.capitalize(), manifest.get(key) or ""
    git = manifest.get("git")
    if git:
        yield "Commit", git["commit"][:HASH] + (", with changes" if git["dirty"] else "")


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
    scores = {code: dict(metrics) for code, metrics in languages.items()}
    expected = row.benchmark.languages_of(task)
    return number(TaskScore(name, task.format.metric, scores, expected).score)


def _hashes(row: BoardRow) -> Iterator[tuple[str, str]]:
    """Yield the hashes of what was read."""
    verified = row.verified
    if verified is None:
        return
    yield "entry and predictions", verified.entry[:HASH]
    for task, sha256 in verified.labels.items():
        examples = verified.examples.get(task, "")[:HASH]
        yield (
            f"{task} labels",
            f"{sha256[:HASH]} examples {examples}" if examples else sha256[:HASH],
        )


def _commands(row: BoardRow) -> Iterator[str]:
    """Yield the commands that run an entry of the harness again."""
    entry = row.entry
    stages = entry.intermediate
    if "manifest" not in entry.value or entry.training["regime"] != "zero-shot" or len(stages) > 1:
        return
    names = [task["name"] for stage in stages for task in stage["tasks"]]
    if len(names) > 1:
        return
    given = f" --intermediate {names[0]}" if names else ""
    for run in entry.runs:
        yield (
            f"harness eval {entry.base}{given} --benchmark {entry.benchmark}"
            f" --recipe {entry.training['recipe']} --seed {run.seed}"
        )
