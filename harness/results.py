"""Scores of one run, from languages to tasks, groups and the benchmark.

The averages are those of XTREME's ``evaluate.py``, with its order of summation:
``sum(values) / len(values)`` over the languages in the benchmark's order, and over the tasks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import registry
from harness.data.files import read_json, write_json
from harness.declarations import Benchmark
from harness.errors import HarnessError

if TYPE_CHECKING:
    import pandas as pd

_ENGLISH = "en"
SCORES = "scores.json"


def _mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean of at least one value."""
    return sum(values) / len(values)


@dataclass(frozen=True)
class TaskScore:
    """The scores of one task by language.

    Attributes:
        name: The task.
        metric: Name of the headline metric; several joined by ``+`` are averaged with equal
            weight, as ``exact_match+f1`` for question answering.
        languages: Language to its metrics (percentages). A language that could not be scored
            is absent, never 0.
        expected: The benchmark's languages, in its order.
        missing: Language to the reason why it was not scored.
    """

    name: str
    metric: str
    languages: dict[str, dict[str, float]]
    expected: tuple[str, ...]
    missing: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse unknown languages, contradictions and missing metrics.

        Raises:
            ValueError: One of these is present.
        """
        if len(set(self.expected)) != len(self.expected):
            raise ValueError(f"{self.name}: a language is expected twice")
        for language in (*self.languages, *self.missing):
            if language not in self.expected:
                raise ValueError(f"{self.name}: {language!r} is not one of its languages")
        for language, metrics in self.languages.items():
            if language in self.missing:
                raise ValueError(f"{self.name}: {language!r} is both scored and missing")
            for metric in self._metrics:
                if metric not in metrics:
                    raise ValueError(f"{self.name}: {language!r} has no {metric!r}")

    def __getitem__(self, language: str) -> dict[str, float]:
        """Return the metrics of a scored language, in percent."""
        return self.languages[language]

    @property
    def _metrics(self) -> list[str]:
        """Return the names of the metrics that make up the headline metric."""
        return self.metric.split("+")

    def _over(self, languages: Sequence[str]) -> float:
        """Return the headline metric over languages: the mean of its metrics' means.

        Args:
            languages: Scored languages, at least one.
        """
        means = [
            _mean([self.languages[language][metric] for language in languages])
            for metric in self._metrics
        ]
        return _mean(means)

    @property
    def scored(self) -> tuple[str, ...]:
        """Return the scored languages, in the benchmark's order."""
        return tuple(language for language in self.expected if language in self.languages)

    @property
    def complete(self) -> bool:
        """Return whether all of the benchmark's languages are scored."""
        return bool(self.expected) and len(self.languages) == len(self.expected)

    @property
    def score(self) -> float | None:
        """Return the headline metric's mean over the scored languages (%), None without any.

        English counts as any other language. Source: ``evaluate.py``, which averages each
        metric over the languages first and then takes (exact match + F1) / 2.
        """
        return self._over(self.scored) if self.languages else None

    @property
    def gap(self) -> float | None:
        """Return the cross-lingual transfer gap: English minus the mean of the others, in points.

        Source: XTREME (arXiv 2003.11080), section 5. None unless English and at least one
        other language are scored, so always None for retrieval.
        """
        others = [language for language in self.scored if language != _ENGLISH]
        if _ENGLISH not in self.languages or not others:
            return None
        return self._over([_ENGLISH]) - self._over(others)


@dataclass(frozen=True)
class Summary:
    """The scores above the tasks (%).

    Attributes:
        groups: Group to its score; None unless all of its tasks are complete.
        overall: The benchmark's score; None unless all tasks are complete.
    """

    groups: dict[str, float | None]
    overall: float | None


def _mean_if_complete(names: Sequence[str], tasks: Mapping[str, TaskScore]) -> float | None:
    """Return the mean score of tasks, None if one is missing or incomplete or there are none."""
    scores: list[float] = []
    for name in names:
        task = tasks.get(name)
        if task is None or not task.complete or task.score is None:
            return None
        scores.append(task.score)
    return _mean(scores) if scores else None


def summarise(groups: Mapping[str, Sequence[str]], tasks: Mapping[str, TaskScore]) -> Summary:
    """Average tasks into groups and into one score.

    The overall score is the mean of all tasks, not of the groups. The official script sums over
    a Python set of names, whose order varies from run to run; here the order is the groups', so
    the last binary digit may differ from one of its runs. Unlike in the script, which averages
    the languages that it finds, a task counts only when complete.

    Args:
        groups: Group to its tasks: all tasks of the benchmark.
        tasks: Task to its scores; tasks may be absent.

    Returns:
        The groups' scores and the overall one.

    Raises:
        ValueError: A scored task is in no group.
    """
    every = list(dict.fromkeys(name for names in groups.values() for name in names))
    for name in tasks:
        if name not in every:
            raise ValueError(f"task {name!r} is in no group")
    return Summary(
        groups={group: _mean_if_complete(names, tasks) for group, names in groups.items()},
        overall=_mean_if_complete(every, tasks),
    )


@dataclass(frozen=True)
class Results:
    """The scores of one run; prints them, saves them, gives a data frame.

    ``print(results)`` is the table that the command prints; ``results["xnli"]["de"]`` are the
    metrics of a language, in percent.

    Attributes:
        benchmark: Which tasks and languages make the overall score.
        tasks: Task to its scores, in the benchmark's order.
        partial: Why the scores are not comparable with a complete run's, "" if they are.
        name: What a comparison calls the run.
        failed: Name of each step that failed, and why; not saved, since it may name files of
            this machine.
        folder: The folder they were written to or read from; None without one.
    """

    benchmark: Benchmark
    tasks: Mapping[str, TaskScore]
    partial: str = ""
    name: str = ""
    failed: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None

    def __getitem__(self, task: str) -> TaskScore:
        """Return the scores of a task."""
        return self.tasks[task]

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the tasks."""
        return iter(self.tasks)

    def __len__(self) -> int:
        """Return the number of tasks."""
        return len(self.tasks)

    def __str__(self) -> str:
        """Return the table of scores, followed by what is missing."""
        from harness.score_tables import missing_lines, score_table

        return "\n".join([score_table(self), *missing_lines(self.tasks)])

    def by_language(self) -> str:
        """Return the headline metrics, with a row for each language and a column for each task."""
        from harness.score_tables import language_table

        return language_table(self.tasks)

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        from harness.score_tables import score_html

        return score_html(self)

    @property
    def summary(self) -> Summary:
        """Return the group and overall scores, which are None for a partial run."""
        if self.partial:
            return Summary(dict.fromkeys(self.benchmark.groups), None)
        names = self.benchmark.task_names()
        return summarise(
            self.benchmark.groups, {n: task for n, task in self.tasks.items() if n in names}
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas DataFrame with a row for each task, language and metric (percent)."""
        import pandas as pd

        rows = [
            (self.name, name, code, metric, value)
            for name, task in self.tasks.items()
            for code, metrics in task.languages.items()
            for metric, value in metrics.items()
        ]
        return pd.DataFrame(rows, columns=["run", "task", "language", "metric", "value"])

    def as_dict(self) -> dict[str, Any]:
        """Return scores as JSON values: overall, groups, and each task by language (percent)."""
        summary = self.summary
        return {
            "benchmark": self.benchmark.name,
            "partial": self.partial,
            "overall": summary.overall,
            "groups": summary.groups,
            "tasks": {
                name: {
                    "score": task.score,
                    "metric": task.metric,
                    "complete": task.complete and not self.partial,
                    "transfer_gap": task.gap,
                    "languages": asdict(task)["languages"],
                    "missing": task.missing,
                }
                for name, task in self.tasks.items()
            },
        }

    def save(self, folder: Path | str) -> None:
        """Write ``scores.json`` into a folder; ``harness.load`` reads it again."""
        write_json(self.as_dict(), Path(folder) / SCORES)


def read_results(folder: Path) -> Results:
    """Return the results in a folder that ``save`` or ``harness eval`` has written.

    Raises:
        HarnessError: scores.json is missing, or not what the harness writes.
    """
    path = folder / SCORES
    results = results_of(read_json(path), path)
    return replace(results, name=folder.resolve().name, folder=folder)


def results_of(value: Any, path: Path) -> Results:
    """Return the results that JSON values hold (``Results.as_dict``).

    Args:
        value: The values.
        path: The file they are from, for the message.

    Raises:
        HarnessError: They are not what the harness writes.
    """
    try:
        benchmark = registry.benchmark(value["benchmark"])
        tasks = {name: _task_score(benchmark, name, one) for name, one in value["tasks"].items()}
        return Results(benchmark, tasks, str(value["partial"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise HarnessError(
            f"{path}: not what the harness writes ({error!r:.80}); score or evaluate again"
        ) from error


def _task_score(benchmark: Benchmark, name: str, value: Mapping[str, Any]) -> TaskScore:
    """Return a task's scores, its languages in the benchmark's order."""
    codes = [*value["languages"], *value["missing"]]
    order: Sequence[str] = ()
    if name in registry.task_names():
        order = benchmark.languages_of(registry.task(name))
    expected = tuple(dict.fromkeys([code for code in (*order, *codes) if code in codes]))
    return TaskScore(name, value["metric"], value["languages"], expected, value["missing"])
