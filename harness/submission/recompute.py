"""Scores of an entry's predictions, from the predictions and the labels alone."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from harness import registry
from harness.data.layouts.pooled import POOL
from harness.declarations import Task
from harness.formats.common import Unlabelled
from harness.formats.faults import Fault
from harness.score_tables import NO_PREDICTIONS
from harness.submission.cluster_sums import ScoredOn, kept_clusters, sums_of
from harness.submission.entry import Entry
from harness.submission.findings import ERROR, Finding, finding
from harness.submission.incoming import Incoming
from harness.submission.labels import Labels
from harness.submission.reading import Findings, Read, predictions_of
from harness.submission.score import score_file
from harness.task_score import TaskScore

if TYPE_CHECKING:
    from harness.statistics import Run, Sums
    from harness.statistics.clusters import Clusters, Keys
    from harness.statistics.sums import Tally


@dataclass(frozen=True)
class Recomputed:
    """What an entry's predictions score.

    Attributes:
        runs: Run to its tasks' scores, in the benchmark's order.
        sums: Run to its sums by cluster; {} without the test examples.
        findings: What is wrong with the prediction files.
    """

    runs: Mapping[str, Mapping[str, TaskScore]]
    sums: Mapping[str, Run]
    findings: tuple[Finding, ...]


def scored_on(labels: Labels, task: Task, languages: Iterable[str]) -> ScoredOn:
    """Return hashes of what a task's predictions are scored on, where it is there.

    Args:
        labels: The labels.
        task: The task.
        languages: Its languages with predictions, in the benchmark's order.
    """
    source, data, gold = labels.source, {}, {}
    for code in languages:
        has = source.has(task, "test", code)
        if has:
            data[code] = source.digest(task, "test", code)
        if has or source.label_file(task, code):
            gold[code] = source.gold_digest(task, code)
    return ScoredOn(data, gold)


@lru_cache(maxsize=1)  # the concerns and verify ask for the same
def recompute(incoming: Incoming) -> Recomputed:
    """Read and score every prediction file of an entry.

    Args:
        incoming: The entry, with labels.

    Raises:
        HarnessError: A file of labels or examples is malformed.
    """
    assert incoming.labels is not None
    with _uncollected():
        return _recompute(incoming, incoming.labels)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage: among millions of lists without a circle that takes an eighth."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _recompute(incoming: Incoming, labels: Labels) -> Recomputed:
    entry = incoming.entry
    benchmark = registry.benchmark(entry.benchmark)
    tasks: dict[str, dict[str, TaskScore]] = {run.id: {} for run in entry.runs}
    sums: dict[str, dict[str, Sums]] = {run.id: {} for run in entry.runs}
    findings: list[Finding] = []
    for name, reads in groupby(predictions_of(incoming), key=lambda read: read.task.name):
        work = _TaskWork(registry.task(name), labels)
        for language, each in groupby(reads, key=lambda read: read.language):
            findings += work.score(language, each, entry)
        expected = benchmark.languages_of(work.task)
        for run, one in work.scores(expected).items():
            tasks[run][name] = one
        for run, of_run in work.sums(expected).items():
            sums[run][name] = of_run
    return Recomputed(tasks, _runs(entry, sums), tuple(findings))


@dataclass
class _TaskWork:
    """The scores of one task in all runs, as they come."""

    task: Task
    labels: Labels
    metrics: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    missing: dict[str, dict[str, str]] = field(default_factory=dict)
    tallies: dict[str, dict[str, Tally]] = field(default_factory=dict)
    hashes: dict[str, dict[str, str]] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)  # of the examples of one language
    keys: dict[str, Keys] = field(default_factory=dict)  # of the examples that were read
    pool: frozenset[str] | None = None  # the ids of the candidates, read once for all languages

    def score(self, language: str, reads: Iterable[Read], entry: Entry) -> Iterator[Finding]:
        """Score the runs' files of one language and yield what is wrong with them."""
        gold = self._gold(language)
        stated = {run.id: run.files for run in entry.runs}
        for read in reads:
            self.metrics.setdefault(read.run, {})
            self.missing.setdefault(read.run, {})
            sha256 = read.file.sha256
            path = f"{self.task.name}/{self.task.file(language)}"
            misfits: list[Finding] = []
            if sha256 != stated[read.run].get(path, sha256):
                misfits = [_other_bytes(read)]
            elif read.answers is not None and gold is not None:
                several = Findings(read.file)
                for fault in (
                    *self.task.format.misfits(gold, read.answers),
                    *self._unknown(language, read.answers),
                ):
                    several.add(fault)
                misfits = several.every
            yield from (*read.findings, *misfits)
            if gold is None:
                self.missing[read.run][language] = "no labels"
            elif read.answers is None or any(one.severity is ERROR for one in misfits):
                self.missing[read.run][language] = "the predictions are not well formed"
            else:
                self._add(read, gold, sha256)

    def _unknown(self, language: str, answers: Any) -> Iterator[Fault]:
        """Yield the predictions that name no test example, where the gold alone does not tell."""
        form, source = self.task.format, self.labels.source
        if form.has_pool and source.has(self.task, POOL, ""):
            if self.pool is None:
                self.pool = frozenset(name for name, _ in source.pool(self.task))
            yield from form.unknown(self.pool, answers)
        if not form.names_examples or not source.has(self.task, "test", language):
            return
        if language not in self.names:
            columns = source.columns(self.task, "test", language)
            self.names = {language: form.names(columns)}
            self.keys[language] = form.keys(columns)  # a million sentences are read only once
        yield from form.unknown(self.names[language], answers)

    def _keys(self, language: str) -> Keys:
        """Return the keys of a language's test examples."""
        if language in self.keys:
            return self.keys[language]
        return self.task.format.keys(self.labels.source.columns(self.task, "test", language))

    def _add(self, read: Read, gold: Any, sha256: str) -> None:
        scores, tally = score_file(self.task, read.language, gold, read.answers)
        self.metrics[read.run][read.language] = scores
        if self.labels.examples and self.labels.source.has(self.task, "test", read.language):
            one = tally()
            if one is not None:
                self.tallies.setdefault(read.run, {})[read.language] = one
                self.hashes.setdefault(read.run, {})[read.language] = sha256

    def _gold(self, language: str) -> Any | None:
        try:
            return self.labels.source.gold(self.task, language)
        except Unlabelled:
            return None

    def scores(self, expected: tuple[str, ...]) -> dict[str, TaskScore]:
        """Return the scores of each run that has predictions of the task."""
        metric = self.task.format.metric
        found = {}
        for run, languages in self.metrics.items():
            others = {code: NO_PREDICTIONS for code in expected if code not in languages}
            missing = others | self.missing[run]
            found[run] = TaskScore(self.task.name, metric, languages, expected, missing)
        return found

    def sums(self, expected: tuple[str, ...]) -> dict[str, Sums]:
        """Return the sums by cluster of each run that has some.

        The clusters are those of all languages that a run has predictions of, as in a run of the
        harness on these languages.
        """
        if not self.tallies:
            return {}
        seen = {code for run in self.metrics for code in (*self.metrics[run], *self.missing[run])}
        hashed = scored_on(self.labels, self.task, [code for code in expected if code in seen])
        clusters = _clusters(self.task, hashed, self._keys)
        return {
            run: sums_of(tallies, clusters, hashed, self.hashes[run])
            for run, tallies in self.tallies.items()
        }


def _other_bytes(read: Read) -> Finding:
    return finding(
        "F305",
        read.file.name,
        "other bytes than those whose hash is stated",
        "the file that was handed in",
        remedy="state its hash anew; if it is right, the file changed while it was read: run again",
    )


_KEPT: dict[str, tuple[dict[str, str], Clusters]] = {}
"""The clusters of each task that were used last: the next entry most often asks for the same."""


def _clusters(task: Task, hashed: ScoredOn, keys: Callable[[str], Keys]) -> Clusters:
    data = dict(hashed.data)
    if task.name not in _KEPT or _KEPT[task.name][0] != data:
        _KEPT[task.name] = (data, kept_clusters(task, data, keys))
    return _KEPT[task.name][1]


def _runs(entry: Entry, sums: Mapping[str, Mapping[str, Sums]]) -> dict[str, Run]:
    """Return the sums of each run that has some, with what intervals need to know of it."""
    if not any(sums.values()):
        return {}
    from harness.statistics import Run

    benchmark = registry.benchmark(entry.benchmark)
    return {
        run.id: Run(
            run.seed,
            sums[run.id],
            frozenset(
                name
                for name in sums[run.id]
                if entry.intermediate or benchmark.training_of(registry.task(name))
            ),
            run.intermediate_run or "",
        )
        for run in entry.runs
        if sums[run.id]
    }
