"""Outgoing: what an export takes of an entry, its scores and how far they can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness import registry
from harness.declarations import Benchmark, Task, headline
from harness.errors import HarnessError
from harness.submission.checks import findings_of
from harness.submission.entries import incoming_of
from harness.submission.entry import MEAN, VERIFIED, Entry
from harness.submission.findings import ERROR
from harness.submission.summary import Points
from harness.submission.verified import DIGITS, Provenance, Verified, provenance


@dataclass(frozen=True)
class Score:
    """One number of an entry, a mean over its runs.

    Attributes:
        task: Name of the task.
        language: The language, or ``MEAN`` for the mean over the task's languages.
        metric: Name of the metric; several joined by ``+`` are averaged.
        value: Points, 0 to 100.
        half: Half the width of its 95 % interval in points; None where it is not known.
        error: Its standard error in points; None likewise.
        kind: What the interval covers (``Points.kind``); None likewise.
    """

    task: str
    language: str
    metric: str
    value: float
    half: float | None = None
    error: float | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Outgoing:
    """An entry that is well formed, with its scores.

    Attributes:
        entry: The entry.
        hash: SHA-256 over the entry and its prediction files, in hex.
        provenance: Whose word the scores are.
        scores: The scores: recomputed ones where they are known, else what is claimed.
        overall: The benchmark's score; None where it is not known.
        verified: What recomputed the scores; None where they are claimed.
    """

    entry: Entry
    hash: str
    provenance: Provenance
    scores: tuple[Score, ...]
    overall: float | None
    verified: Verified | None = None

    @property
    def benchmark(self) -> Benchmark:
        """Return the benchmark."""
        return registry.benchmark(self.entry.benchmark)

    def task(self, name: str) -> Task | None:
        """Return a task by name; None if it is not installed."""
        return registry.task(name) if name in registry.task_names() else None

    def title(self, name: str) -> str:
        """Return what a reader calls a task."""
        task = self.task(name)
        return task.title if task else name

    def headline(self, name: str) -> float | None:
        """Return the headline score of a task in points; None where the entry has none."""
        task = self.task(name)
        means = {one.metric: one for one in self.scores if (one.task, one.language) == (name, MEAN)}
        if task is None:
            return None
        metric = task.format.metric
        if metric in means:
            return means[metric].value
        if not means.keys() >= set(metric.split("+")):
            return None
        return round(headline(metric, {each: one.value for each, one in means.items()}), DIGITS)


def outgoing(folder: Path) -> Outgoing:
    """Return what can be told of an entry to others.

    Args:
        folder: The entry's folder, of ``entries_in``.

    Raises:
        HarnessError: The entry has errors, or no scores.
    """
    incoming = incoming_of(folder)
    errors = [one for one in findings_of(incoming) if one.severity is ERROR]
    if errors:
        first = errors[0]
        raise HarnessError(
            f"{first.file}: {first.code} {first.found:.200}; an entry with errors is not exported:"
            f" see harness submission validate {folder}"
        )
    status, verified = provenance(incoming), None
    if status is Provenance.RECOMPUTED:
        verified = Verified.read(incoming.folder, incoming.shown(VERIFIED))
    return of_entry(incoming.entry, incoming.hash, status, verified)


def of_entry(
    entry: Entry, sha256: str, status: Provenance, verified: Verified | None = None
) -> Outgoing:
    """Return an entry with its scores.

    Args:
        entry: The entry.
        sha256: Its hash (``entry_hash``).
        status: Whose word its scores are.
        verified: What was recomputed; None where its claims are all there is.

    Raises:
        HarnessError: There are no scores, or verified.json is not what ``verify`` writes.
    """
    try:
        scores = tuple(_claimed(entry) if verified is None else _recomputed(entry, verified))
    except (KeyError, TypeError, AttributeError) as error:
        raise HarnessError(
            f"{entry.slug}/{VERIFIED}: not what verify writes ({error!r:.80}); verify again"
        ) from error
    if not scores:
        raise HarnessError(
            f"{entry.slug}: no scores: it claims none, and no {VERIFIED} fits it; run harness"
            " submission verify first"
        )
    if verified is None:
        return Outgoing(entry, sha256, status, scores, entry.overall)
    whole = verified.summary.overall
    return Outgoing(entry, sha256, status, scores, whole.score if whole else None, verified)


def _claimed(entry: Entry) -> Iterator[Score]:
    """Yield what an entry says of itself."""
    for task, languages in entry.claims.items():
        for language, metrics in languages.items():
            for metric, value in metrics.items():
                yield Score(task, language, metric, value)


def _recomputed(entry: Entry, verified: Verified) -> Iterator[Score]:
    """Yield the means over the runs of all metrics, and the headline scores with intervals.

    A language that a run lacks has no mean over the runs.
    """
    runs = [verified.runs[run.id] for run in entry.runs]
    for task, summary in verified.summary.tasks.items():
        metric = registry.task(task).format.metric
        for language, points in summary.languages.items():
            each = [run.get(task, {}).get(language, {}) for run in runs]
            names = [name for name in each[0] if name != metric and all(name in e for e in each)]
            for name in names:
                mean = sum(one[name] for one in each) / len(each)
                yield Score(task, language, name, round(mean, DIGITS))
            yield _of_points(task, language, metric, points)
        yield _of_points(task, MEAN, metric, summary.score)


def _of_points(task: str, language: str, metric: str, points: Points) -> Score:
    """Return a headline score."""
    return Score(task, language, metric, points.score, points.half, points.error, points.kind)
