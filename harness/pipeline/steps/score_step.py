"""The step that scores a task's predictions in all languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from harness.data.files import digest, write_json
from harness.declarations import Task
from harness.formats.common import Unlabelled
from harness.pipeline.steps.cluster_step import CLUSTERS
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step, format_identity
from harness.results import SCORES, STATISTICS
from harness.submission.cluster_sums import ScoredOn, sums_of
from harness.submission.score import score_task


@dataclass(frozen=True, eq=False, kw_only=True)
class ScoreStep(Step):
    """Score a task's predictions; writes scores.json and the sums by cluster.

    The parents are the predictions, one for each language, and the clusters of the examples.

    Attributes:
        task: The task.
        gold: A hash of the gold of each language, in the order of the parents.
        data: A hash of the test examples of each language.
        limit: Test examples per language, at most; 0 means all.
    """

    kind: ClassVar[str] = "score"
    unit: ClassVar[str] = "languages"
    VERSION: ClassVar[int] = 3

    task: Task
    gold: Mapping[str, str]
    data: Mapping[str, str]
    limit: int

    def identity(self) -> Mapping[str, Any]:
        """Return what decides the scores."""
        return {
            "task": self.task.name,
            "format": format_identity(self.task.format),
            "gold": self.gold,
            "limit": self.limit,
        }

    def run(self, folder: Path, parents: tuple[Path, ...], runtime: Runtime) -> dict[str, Any]:
        """Score all languages and write the scores, and the sums by cluster if it has any."""
        from harness.statistics.clusters import Clusters
        from harness.statistics.sums_file import save

        *predictions, clusters = parents
        files = {
            language: parent / self.task.file(language)
            for language, parent in zip(self.gold, predictions, strict=True)
        }
        scores, tallies = score_task(
            self.task, files, lambda language: self._gold(language, runtime)
        )
        result = {"languages": scores.languages, "missing": scores.missing}
        write_json(result, folder / SCORES)
        each = {language: tally() for language, tally in tallies.items()}
        ratios = {language: tally for language, tally in each.items() if tally is not None}
        if ratios:
            known = Clusters.load(clusters / CLUSTERS)
            hashes = {code: digest(files[code]) for code in ratios}
            sums = sums_of(ratios, known, self.scored_on, hashes)
            save({self.task.name: sums}, folder / STATISTICS)
        return result

    @property
    def scored_on(self) -> ScoredOn:
        """Return what runs must have in common to be compared."""
        return ScoredOn(self.data, self.gold, self.limit)

    def _gold(self, language: str, runtime: Runtime) -> tuple[Any, str]:
        """Return the gold of the predicted test examples, in the form that ``score_task`` takes.

        Raises:
            Unlabelled: There is no gold; says why.
        """
        form = self.task.format
        gold = runtime.source.gold(self.task, language)
        if gold is not None and self.limit:
            rows = runtime.source.examples(self.task, "test", language)
            gold = form.limited(gold, form.first(rows, self.limit))
            if not gold:
                raise Unlabelled(f"nothing labelled among the first {self.limit}")
        return gold, ""
