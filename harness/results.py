"""Results: the scores of one run as a value that prints, saves and loads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import registry
from harness.data.files import read_json, write_json
from harness.declarations import Benchmark
from harness.errors import HarnessError
from harness.score_tables import language_table, missing_lines, score_html, score_table
from harness.task_score import Summary, TaskScore, summarise

if TYPE_CHECKING:
    import pandas as pd

    from harness.statistics import Run

SCORES = "scores.json"
STATISTICS = "statistics.safetensors"


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
        notes: What the run has decided by itself, e.g. the layer for retrieval, or what is odd in
            predictions that were scored all the same; not saved here, manifest.json has it.
        official: Whether groups are the official script's (``Benchmark.official``).
        run: The sums by cluster that intervals are made of; None where predictions were scored
            without the test examples, which say what belongs together.
    """

    benchmark: Benchmark
    tasks: Mapping[str, TaskScore]
    partial: str = ""
    name: str = ""
    failed: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    notes: tuple[str, ...] = ()
    official: bool = False
    run: Run | None = field(default=None, compare=False, repr=False)

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
        """Return the table of scores, followed by what is missing and by notes."""
        table = score_table(self.benchmark, self.tasks, self.summary, self.partial, self.groups)
        return "\n".join([table, *missing_lines(self.tasks), *self.notes])

    def by_language(self) -> str:
        """Return the headline metrics, with a row for each language and a column for each task."""
        return language_table(self.tasks)

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        return score_html(self.benchmark, self.tasks, self.summary, self.groups)

    @property
    def summary(self) -> Summary:
        """Return the group and overall scores, which are None for a partial run.

        There is no overall score by the official script's groups where these are its own.
        """
        groups = self.groups
        if self.partial:
            return Summary(dict.fromkeys(groups), None)
        names = {name for some in groups.values() for name in some}
        tasks = {name: task for name, task in self.tasks.items() if name in names}
        whole = summarise(groups, tasks)
        return whole if groups == self.benchmark.groups else replace(whole, overall=None)

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Return group to its tasks, as the table and the summary have them."""
        own = self.benchmark.groups
        return (self.benchmark.official or own) if self.official else own

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
        """Write scores and statistics into a folder; ``harness.load`` reads them again."""
        write_json(self.as_dict(), Path(folder) / SCORES)
        if self.run is not None:
            self.run.save(Path(folder) / STATISTICS)


def read_results(folder: Path) -> Results:
    """Return the results in a folder that ``save`` or ``harness eval`` has written.

    Raises:
        HarnessError: scores.json is missing, or not what the harness writes.
    """
    path = folder / SCORES
    results = results_of(read_json(path), path)
    run = None
    if (folder / STATISTICS).is_file():
        from harness.statistics import Run
        from harness.statistics.sums import refuse_other_scores

        run = Run.load(folder / STATISTICS)
        for name, sums in run.sums.items():
            scores = results[name].headlines if name in results.tasks else {}
            refuse_other_scores(sums, scores, f"{folder / STATISTICS}: {name}")
    return replace(results, name=folder.resolve().name, folder=folder, run=run)


def read_runs(folder: Path) -> list[Results]:
    """Return the runs in a folder: its own results, or those of its sub-folders.

    Raises:
        HarnessError: There are none, or they are not what the harness writes.
    """
    inner = sorted(path.parent for path in folder.glob(f"*/{SCORES}"))
    alone = (folder / SCORES).is_file() or not inner
    return [read_results(path) for path in ([folder] if alone else inner)]


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
