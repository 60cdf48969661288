"""The concern of claims: whether claimed numbers follow from the predictions and each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, median, stdev
from typing import ClassVar

from harness import registry
from harness.declarations import Benchmark
from harness.score_tables import NO_PREDICTIONS
from harness.submission.checks.predictions import trained_tasks
from harness.submission.entry import MEAN, SUBMISSION, Claims, Entry
from harness.submission.findings import ERROR, Finding, finding, warned
from harness.submission.incoming import Incoming
from harness.submission.recompute import recompute
from harness.task_score import Summary, TaskScore, summarise

TOLERANCE = 0.05  # points by which a claim may be off, as a number with one decimal may
ROUNDED_PARTS = 0.05  # points by which the mean of parts with one decimal may be off besides
FAR_OFF = 5.0  # points between a run and the median of its siblings
SLACK = 1e-9  # of binary fractions

Place = tuple[str, ...]
"""Where a number stands in claims: task, language and metric; groups and group; overall."""
Tasks = Mapping[str, TaskScore]


class ClaimsConcern:
    """Whether claims are what the predictions score, and what follows from their own parts.

    Runs that are too alike or too far apart are told here, too: a mean hides both. There is no
    check against human scores: XTREME's papers give them by task alone, for some of the tasks.
    """

    name: ClassVar[str] = "claims"
    rests_on: ClassVar[tuple[str, ...]] = ("schema",)

    def look(self, incoming: Incoming) -> Iterator[Finding]:
        """Yield the findings; those that need scores only where all predictions are in order."""
        entry, file = incoming.entry, incoming.shown(SUBMISSION)
        benchmark = registry.benchmark(entry.benchmark)
        yield from _unlike_parts(entry, benchmark, file)
        if incoming.labels is None or not incoming.predictions.files:
            return
        recomputed = recompute(incoming)
        if any(one.severity is ERROR for one in recomputed.findings):
            return
        means = mean_scores(recomputed.runs)
        yield from _unlike_predictions(entry, benchmark, means, file)
        yield from _spread(entry, recomputed.runs, file)


def claimed_numbers(entry: Entry) -> dict[Place, float]:
    """Return an entry's claims by their places."""
    return _by_place(entry.claims) | _above(Summary(dict(entry.groups), entry.overall))


def _by_place(tasks: Claims) -> dict[Place, float]:
    """Return the tasks' numbers by their places."""
    return {
        (task, language, metric): points
        for task, languages in tasks.items()
        for language, metrics in languages.items()
        for metric, points in metrics.items()
    }


def mean_scores(runs: Mapping[str, Tasks]) -> dict[str, TaskScore]:
    """Return the tasks' scores with each metric's mean over runs, where all runs have it."""
    tasks: dict[str, TaskScore] = {}
    several = list(runs.values())
    for name in several[0] if several else ():
        scores = [one[name] for one in several if name in one]
        if len(scores) < len(several):
            continue
        first = scores[0]
        codes = [code for code in first.scored if all(code in one.languages for one in scores)]
        languages = {
            code: {m: fmean(one[code][m] for one in scores) for m in first[code]} for code in codes
        }
        missing = {code: why for one in scores for code, why in one.missing.items()}
        tasks[name] = TaskScore(name, first.metric, languages, first.expected, missing)
    return tasks


def numbers_of(tasks: Tasks, benchmark: Benchmark) -> dict[Place, float]:
    """Return all that can be claimed of some tasks' scores, by place (``harness.task_score``).

    A task's mean is that over its scored languages; groups and the whole need all of them.
    """
    numbers = _by_place({name: task.languages for name, task in tasks.items()})
    for name, task in tasks.items():
        for metric in _metrics(task):
            mean = TaskScore(name, metric, task.languages, task.expected, task.missing).score
            if mean is not None:
                numbers[name, MEAN, metric] = mean
    return numbers | _above(summarise(benchmark.groups, tasks))


def _metrics(task: TaskScore) -> list[str]:
    """Return the metrics that all scored languages have."""
    several = list(task.languages.values())
    return [name for name in (several[0] if several else ()) if all(name in one for one in several)]


def _above(summary: Summary) -> dict[Place, float]:
    """Return the scores above the tasks, as far as there are some, by place."""
    numbers: dict[Place, float] = {
        ("groups", name): points for name, points in summary.groups.items() if points is not None
    }
    return numbers if summary.overall is None else numbers | {("overall",): summary.overall}


def _unlike_predictions(
    entry: Entry, benchmark: Benchmark, tasks: Tasks, file: str
) -> Iterator[Finding]:
    """Yield the claims that are not what the predictions score, and those that nothing scores."""
    numbers = numbers_of(tasks, benchmark)
    for place, claim in claimed_numbers(entry).items():
        found = numbers.get(place)
        if found is not None:
            if abs(found - claim) > TOLERANCE + SLACK:
                yield _apart("C501", file, place, claim, found, "the predictions score")
            continue
        one = finding(
            "C501",
            file,
            f"claimed {claim:.2f}, but no predictions are scored for it",
            "a number that the predictions give",
            remedy="hand in the predictions, or take the claim out",
            pointer=_pointer(place),
        )
        yield warned(one) if _labels_lack(place, tasks, benchmark) else one


def _labels_lack(place: Place, tasks: Tasks, benchmark: Benchmark) -> bool:
    """Return whether a claim cannot be checked because labels are missing, not predictions."""
    if place[0] == "overall":
        names: Sequence[str] = benchmark.task_names()
    else:
        names = benchmark.groups.get(place[1], ()) if place[0] == "groups" else place[:1]
    missing = [
        why
        for name in names
        for code, why in (tasks[name].missing if name in tasks else {"": NO_PREDICTIONS}).items()
        if len(place) < 3 or place[1] in (code, MEAN) or not code
    ]
    return bool(missing) and NO_PREDICTIONS not in missing


def _unlike_parts(entry: Entry, benchmark: Benchmark, file: str) -> Iterator[Finding]:
    """Yield the claimed means that do not follow from the claimed parts, as far as these go.

    A task's mean is held against its languages, if all are claimed; a group and the whole are
    held against the tasks' means, else their languages. Claims with one decimal may be off by
    ``TOLERANCE``, and the mean of such parts by as much again (``ROUNDED_PARTS``).
    """
    numbers: dict[Place, float] = {}
    tasks: dict[str, TaskScore] = {}
    for name in benchmark.task_names():
        languages = entry.claims.get(name, {})
        if name not in registry.task_names() or not languages:
            continue
        task = registry.task(name)
        codes = benchmark.languages_of(task)
        for metric in languages.get(MEAN, {}):
            parts = _claimed(name, metric, languages, codes)
            if parts is not None and parts.score is not None:
                numbers[name, MEAN, metric] = parts.score
        means = _claimed(name, task.format.metric, languages, (MEAN,))
        whole = means or _claimed(name, task.format.metric, languages, codes)
        if whole is not None:
            tasks[name] = whole
    numbers |= _above(summarise(benchmark.groups, tasks))
    for place, claim in claimed_numbers(entry).items():
        found = numbers.get(place)
        if found is not None and abs(found - claim) > TOLERANCE + ROUNDED_PARTS + SLACK:
            yield _apart("C502", file, place, claim, found, "its parts give")


def _claimed(
    name: str, metric: str, languages: Mapping[str, Mapping[str, float]], codes: Sequence[str]
) -> TaskScore | None:
    """Return the claims of some languages as a task's scores, None unless all are claimed."""
    given = {code: dict(languages.get(code, {})) for code in codes}
    needed = metric.split("+")
    if not all(part in metrics for metrics in given.values() for part in needed):
        return None
    return TaskScore(name, metric, given, tuple(codes))


def _apart(code: str, file: str, place: Place, claim: float, found: float, source: str) -> Finding:
    """Return the finding for a claim and what it should be."""
    return finding(
        code,
        file,
        f"claimed {claim:.2f}",
        f"{found:.2f}, which {source} ({claim - found:+.2f})",
        remedy="claim what is found, or look which predictions were handed in",
        pointer=_pointer(place),
    )


def _pointer(place: Place) -> str:
    """Return the JSON pointer of a claim."""
    escaped = (part.replace("~", "~0").replace("/", "~1") for part in place)
    return "/claims/" + "/".join(escaped)


def _spread(entry: Entry, runs: Mapping[str, Tasks], file: str) -> Iterator[Finding]:
    """Yield trained tasks that all runs score alike, and runs far from their siblings."""
    trained = trained_tasks(entry)
    by_task: dict[str, dict[str, float]] = {}
    for run, tasks in runs.items():
        for name, task in tasks.items():
            if name in trained and task.score is not None:
                by_task.setdefault(name, {})[run] = task.score
    alike = [n for n, one in by_task.items() if len(one) > 1 and stdev(one.values()) < SLACK]
    if alike:
        yield finding(
            "C504",
            file,
            f"all {len(runs)} runs score the same in {', '.join(alike)}, though they are trained",
            "scores that differ from seed to seed",
            remedy="look whether the seeds were used, and whether a run was handed in twice",
            pointer="/runs",
        )
    places = {run.id: number for number, run in enumerate(entry.runs)}
    for name, scores in by_task.items():
        middle = median(scores.values())  # the run itself included: of three, only one is told
        for run, score in scores.items():
            if len(scores) > 2 and abs(score - middle) > FAR_OFF:
                yield finding(
                    "C504",
                    file,
                    f"run {run} scores {score:.2f} in {name}, the runs' median is {middle:.2f}",
                    f"at most {FAR_OFF:g} points between them",
                    remedy="look whether its training failed; say so in notes",
                    pointer=f"/runs/{places[run]}",
                )
