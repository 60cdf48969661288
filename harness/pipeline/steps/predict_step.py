"""The step that predicts one language of a task, with a trained model or a bare encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from harness.declarations import Task
from harness.errors import HarnessError, NotFinite
from harness.models.checkpoint import Checkpoint
from harness.models.device import Device
from harness.models.embeddings import Embeddings
from harness.models.pool import Pool, QueriesAndPool
from harness.pipeline.steps.layer_step import LayerStep
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step, format_identity
from harness.pipeline.steps.train_step import TrainStep, started
from harness.recipes import Settings


@dataclass(frozen=True, eq=False, kw_only=True)
class PredictStep(Step):
    """Predict one language's test split; writes a file in XTREME's layout.

    Attributes:
        checkpoint: The encoder, unless a parent has trained one or has embedded the sentences.
        task: The task.
        language: The language.
        settings: What inputs and answers depend on.
        limit: Test examples, at most; 0 means all.
        data: Hashes of the splits that are read.
        device: Where and how to compute.
    """

    kind: ClassVar[str] = "predict"
    unit: ClassVar[str] = "inputs"
    VERSION: ClassVar[int] = 4

    checkpoint: Checkpoint
    task: Task
    language: str
    settings: Settings
    limit: int
    data: Mapping[str, str]
    device: Device

    @property
    def file(self) -> str:
        """Return the name of the prediction file."""
        return self.task.file(self.language)

    @property
    def loads(self) -> tuple[str, ...]:
        """Return the trained model with its head, () where embeddings are read."""
        head = self.task.format.head
        return () if head is None else (self.parents[0].key, head.auto)

    @property
    def training(self) -> TrainStep | None:
        """Return the training whose model predicts or embeds, None if it is the checkpoint."""
        makers = [one for parent in self.parents for one in (parent, *parent.parents)]
        return next((one for one in makers if isinstance(one, TrainStep)), None)

    @property
    def picked(self) -> LayerStep | None:
        """Return the step that picked its hidden state on dev data, None if none did."""
        makers = [one for parent in self.parents for one in parent.parents]
        return next((one for one in makers if isinstance(one, LayerStep)), None)

    def identity(self) -> Mapping[str, Any]:
        """Return what decides the predictions."""
        form = self.task.format
        return {
            "checkpoint": "" if self.parents else self.checkpoint.fingerprint,
            "format": format_identity(form),
            "task": self.task.name,
            "language": self.language,
            "data": self.data,
            "settings": {name: self.settings.value(name) for name in form.reads},
            "limit": self.limit,
            "device": self.device.identity(),
        }

    def run(self, folder: Path, parents: tuple[Path, ...], runtime: Runtime) -> dict[str, Any]:
        """Predict the language and write the predictions."""
        form = self.task.format
        rows = {
            split: runtime.source.examples(self.task, split, self.language) for split in form.splits
        }
        if self.limit:
            rows["test"] = form.first(rows["test"], self.limit)
        model: Any
        if form.head is None:
            model = self._embedded(parents)
        else:
            model = runtime.model(form.head, started(self.checkpoint, parents))
        try:
            predictions = form.predict(model, rows, self.settings)
        except NotFinite as error:
            raise HarnessError(f"{self.task.name} {self.language}, {error}") from error
        form.write(predictions, folder / self.file)
        return {"examples": len(rows["test"])}

    def _embedded(self, parents: tuple[Path, ...]) -> Embeddings | QueriesAndPool:
        """Return the embeddings that parents have made: the queries', then the pool's."""
        if not self.task.format.has_pool:
            return Embeddings.open(parents, self.device)
        return QueriesAndPool(Embeddings.open(parents[:1], self.device), Pool.open(parents[1:]))
