"""The three kinds of work: train, predict, score."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.files import write_json
from harness.data.source import training_rows
from harness.declarations import Scores, Task, TrainingSet
from harness.errors import HarnessError, NotFinite
from harness.formats.common import Unlabelled
from harness.pipeline.dataset_facts import held_out_of
from harness.recipes import Settings

if TYPE_CHECKING:
    from harness.models.checkpoint import Checkpoint
    from harness.pipeline.steps.runtime import Runtime


@dataclass(frozen=True)
class Ingredient:
    """One training set of a training.

    Attributes:
        training: The set.
        settings: What its inputs and batches depend on.
        weight: Its weight, where the sampling is by given weights.
        ratio: Share of all batches, for masked language modelling that is mixed in; else 0.
        kept: Number of the checkpoint's head to go on with; None for a fresh one.
    """

    training: TrainingSet
    settings: Settings
    weight: float = 1.0
    ratio: float = 0.0
    kept: int | None = None


@dataclass(frozen=True)
class TrainJob:
    """Train a checkpoint on one or several sets; leaves the best encoder and its heads.

    The parent, if there is one, is the training whose encoder takes the checkpoint's place.
    """

    checkpoint: Checkpoint
    sets: tuple[Ingredient, ...]
    settings: Settings
    seed: int
    max_steps: int
    tracker: str

    def run(self, folder: Path, parents: tuple[Path, ...], bench: Runtime) -> dict[str, Any]:
        """Train."""
        from harness.models.multi_head import HEADS
        from harness.training.loop import train
        from harness.training.spec import Part, TrainingSpec

        bench.forget()
        checkpoint = started(self.checkpoint, parents)
        parts: list[Part] = []
        notes: list[str] = []
        for one in self.sets:
            rows = training_rows(bench.source, one.training, held_out_of(one.training))
            head = None if one.kept is None else checkpoint.path / HEADS / str(one.kept)
            parts.append(
                Part(
                    name=one.training.name,
                    form=one.training.format,
                    train=rows.train,
                    dev=rows.dev,
                    settings=one.settings,
                    weight=one.weight,
                    ratio=one.ratio,
                    head=head,
                )
            )
            notes += rows.notes
        lesson = TrainingSpec(
            checkpoint, tuple(parts), self.settings, self.seed, self.max_steps, self.tracker
        )
        bench.work.mkdir(parents=True, exist_ok=True)
        found = train(lesson, bench.device, bench.work, folder, bench.report)
        return found | {"notes": notes}


def started(checkpoint: Checkpoint, parents: tuple[Path, ...]) -> Checkpoint:
    """Return the checkpoint, or what a training step made of it."""
    return replace(checkpoint, path=parents[0]) if parents else checkpoint


@dataclass(frozen=True)
class PredictJob:
    """Predict one language's test split; leaves a file in XTREME's layout."""

    checkpoint: Checkpoint
    task: Task
    language: str
    settings: Settings
    limit: int

    @property
    def file(self) -> str:
        """Return the name of the prediction file."""
        return f"test-{self.language}.{self.task.format.suffix}"

    def run(self, folder: Path, parents: tuple[Path, ...], bench: Runtime) -> dict[str, Any]:
        """Predict."""
        rows = {
            split: bench.source.examples(self.task, split, self.language)
            for split in self.task.format.splits
        }
        if self.limit:
            rows["test"] = self.task.format.first(rows["test"], self.limit)
        checkpoint = started(self.checkpoint, parents)
        model = bench.model(self.task.format, checkpoint, self.settings)
        try:
            predictions = self.task.format.predict(model, rows, self.settings)
        except NotFinite as error:
            raise HarnessError(f"{self.task.name} {self.language}, {error}") from error
        self.task.format.write(predictions, folder / self.file)
        return {"examples": len(rows["test"])}


@dataclass(frozen=True)
class ScoreJob:
    """Score a task's predictions in all languages; leaves scores.json."""

    task: Task
    languages: tuple[str, ...]
    limit: int

    def run(self, folder: Path, parents: tuple[Path, ...], bench: Runtime) -> dict[str, Any]:
        """Score."""
        scores: dict[str, Scores] = {}
        missing: dict[str, str] = {}
        for language, parent in zip(self.languages, parents, strict=True):
            path = parent / f"test-{language}.{self.task.format.suffix}"
            try:
                gold = bench.source.gold(self.task, language)
            except Unlabelled as error:  # less the user's folder: others will read this
                missing[language] = str(error).rpartition(": ")[2]
                continue
            if gold is None:
                missing[language] = "no labels"
                continue
            if self.limit:
                whole = bench.source.examples(self.task, "test", language)
                rows = self.task.format.first(whole, self.limit)
                gold = self.task.format.limited(gold, rows)
                if not gold:
                    missing[language] = f"nothing labelled among the first {self.limit}"
                    continue
            try:
                scores[language] = self.task.format.score(
                    gold, self.task.format.read(path), language
                )
            except (HarnessError, ValueError) as error:
                raise HarnessError(f"{self.task.name} {language}: {error}") from error
        result = {"languages": scores, "missing": missing}
        write_json(result, folder / "scores.json")
        return result
