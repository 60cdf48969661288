"""Scores of one task by language, and the groups' and the benchmark's averages.

The averages are those of XTREME's ``evaluate.py``, with its order of summation:
``sum(values) / len(values)`` over the languages in the benchmark's order, and over the tasks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness import registry
from harness.declarations import headline

_ENGLISH = "en"


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
        each = [[self.languages[code][metric] for code in languages] for metric in self._metrics]
        return _mean([_mean(values) for values in each])

    @property
    def scored(self) -> tuple[str, ...]:
        """Return the scored languages, in the benchmark's order."""
        return tuple(language for language in self.expected if language in self.languages)

    @property
    def complete(self) -> bool:
        """Return whether all of the benchmark's languages are scored."""
        return bool(self.expected) and len(self.languages) == len(self.expected)

    @property
    def headlines(self) -> dict[str, float]:
        """Return each scored language's headline score, percent."""
        return {code: headline(self.metric, one) for code, one in self.languages.items()}

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
        other language are scored, and for retrieval, which searches across languages.
        """
        if not registry.transfers(self.name):
            return None
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
    scores = [tasks[n].score if n in tasks and tasks[n].complete else None for n in names]
    known = [score for score in scores if score is not None]
    return _mean(known) if known and len(known) == len(names) else None


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
