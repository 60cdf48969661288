"""An entry's scores with their intervals, by themselves: no other entry is needed for them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from harness import registry
from harness.errors import HarnessError
from harness.results import Results
from harness.submission.checks.claims import mean_scores
from harness.submission.entry import Entry
from harness.submission.recompute import Recomputed

if TYPE_CHECKING:
    from harness.statistics import Column, Interval

OVERALL = "overall"
NUMBER = (int, float)  # types of a number of JSON


@dataclass(frozen=True)
class Points:
    """A mean over runs, in points, and its 95 % interval; None without one.

    Attributes:
        score: The mean.
        half: Half of the interval's width.
        error: The standard error.
        kind: What the interval covers (``harness.statistics.Interval.kind``): ``runs``, ``items
            only`` where there is a single run, ``fixed`` where nothing was trained.
    """

    score: float
    half: float | None = None
    error: float | None = None
    kind: str | None = None

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Points:
        """Return the points that JSON values hold.

        Raises:
            TypeError: They do not.
        """
        one = cls(**value)
        numbers = [one.score, *(part for part in (one.half, one.error) if part is not None)]
        if any(type(part) not in NUMBER for part in numbers):
            raise TypeError(f"{numbers!r:.40}")
        if not isinstance(one.kind, (str, type(None))):
            raise TypeError(f"{one.kind!r:.40}")
        return one


@dataclass(frozen=True)
class TaskSummary:
    """A task's headline scores.

    Attributes:
        score: The mean over its languages.
        gap: The transfer gap; None where it has none.
        languages: Language to its score.
    """

    score: Points
    gap: Points | None
    languages: Mapping[str, Points]


@dataclass(frozen=True)
class EntrySummary:
    """An entry's scores over its runs.

    Attributes:
        overall: The benchmark's score; None unless all tasks are complete, and for a partial entry.
        groups: Group to its score; None unless its own tasks are complete.
        tasks: Task to its scores.
    """

    overall: Points | None
    groups: Mapping[str, Points | None]
    tasks: Mapping[str, TaskSummary]

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> EntrySummary:
        """Return the summary that JSON values hold (``dataclasses.asdict``).

        Raises:
            KeyError: They do not; or TypeError, AttributeError.
        """
        return cls(
            _points(value["overall"]),
            {name: _points(one) for name, one in value["groups"].items()},
            {
                name: TaskSummary(
                    Points.of(one["score"]),
                    _points(one["gap"]),
                    {code: Points.of(points) for code, points in one["languages"].items()},
                )
                for name, one in value["tasks"].items()
            },
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as JSON values."""
        return asdict(self)


def _points(value: Any) -> Points | None:
    return None if value is None else Points.of(value)


def summary_of(
    slug: str, entry: Entry, recomputed: Recomputed
) -> tuple[EntrySummary, tuple[str, ...]]:
    """Return an entry's scores with intervals, and why some have none.

    Args:
        slug: What messages call it.
        entry: The entry.
        recomputed: Its scores and sums.
    """
    benchmark = registry.benchmark(entry.benchmark)
    means = Results(benchmark, mean_scores(recomputed.runs))  # groups: what is missing is elsewhere
    intervals: dict[str, Interval] = {}
    notes: list[str] = []
    if recomputed.sums:
        try:
            intervals = _intervals(slug, recomputed, means, notes)
        except HarnessError as error:
            notes.append(f"no intervals: {error}")
    else:
        notes.append("no intervals: no test examples beside the labels (--data)")

    def points(name: str, score: float) -> Points:
        one = intervals.get(name)
        known = one is not None and math.isfinite(one.half)
        return Points(score, one.half, one.error, one.kind) if one and known else Points(score)

    tasks = {
        name: TaskSummary(
            points(name, one.score),
            None if one.gap is None else points(f"{name}/gap", one.gap),
            {code: points(f"{name}/{code}", one.headlines[code]) for code in one.scored},
        )
        for name, one in means.tasks.items()
        if one.score is not None
    }
    overall = None if entry.partial else means.summary.overall
    groups = {
        group: None if score is None else points(f"{group}/group", score)
        for group, score in means.summary.groups.items()
    }
    whole = None if overall is None else points(OVERALL, overall)
    return EntrySummary(whole, groups, tasks), tuple(notes)


def _intervals(
    slug: str, recomputed: Recomputed, means: Results, notes: list[str]
) -> dict[str, Interval]:
    """Return the intervals of all columns that have one.

    Raises:
        HarnessError: The runs are copies, or have a seed twice.
    """
    from harness.statistics import Panel, Row, contrasts, moderate, panels_of

    row = Row(slug, tuple(recomputed.sums.values()))
    columns = list(_columns(recomputed, means))
    found = {}
    for column, panel in zip(columns, panels_of([row], columns), strict=True):
        if not isinstance(panel, Panel):
            if "/" not in column.name:  # its languages, gap and group say the same
                notes.append(f"no interval: {panel}")
        elif len(panel.scores[0]):
            df = panel.runs - 1
            spread = moderate(panel.variances[None], df[None]).of(panel.variances, df)
            (found[column.name],) = contrasts(panel, (0,), (1.0,), spread)
    return found


def _columns(recomputed: Recomputed, means: Results) -> Iterator[Column]:
    """Yield the columns of an entry: tasks, languages, gaps, complete groups, all tasks."""
    from harness.statistics import Column

    summed = {name for run in recomputed.sums.values() for name in run.sums}
    targets = {}
    for name, one in means.tasks.items():
        if name in summed and one.languages:
            targets[name] = Column.of_target(name, one.scored)
            yield targets[name]
            yield from (Column.of_language(name, code) for code in one.scored)
            gap = Column.gap(name, one.scored)
            if gap is not None:
                yield gap
    several = {f"{group}/group": names for group, names in means.benchmark.groups.items()}
    several[OVERALL] = means.benchmark.task_names()
    for column, names in several.items():
        if all(name in targets and means[name].complete for name in names):
            yield Column.mean(column, [targets[name] for name in names])
