"""The step that embeds a part of a retrieval task's pool, once for all languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from harness.declarations import Task
from harness.errors import HarnessError
from harness.models.pool import write_pool
from harness.pipeline.steps.encoding import Encoding
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step


@dataclass(frozen=True, eq=False, kw_only=True)
class PoolStep(Step):
    """Embed neighbouring candidates of a pool, and write them in its order.

    A candidate whose embedding is zero or not finite is left out, and counted in the result.

    Attributes:
        task: The task.
        start: Number of the first candidate.
        stop: The number after the last one.
        data: A hash of the pool's files.
        encoding: How they are embedded.
    """

    kind: ClassVar[str] = "embed"
    unit: ClassVar[str] = "candidates"
    counts: ClassVar[str] = "candidates"
    asked_for: ClassVar[bool] = False

    task: Task
    start: int
    stop: int
    data: str
    encoding: Encoding

    @property
    def loads(self) -> tuple[str, ...]:
        """Return the encoder, and how hidden states are pooled."""
        return self.encoding.loads(self.parents)

    def identity(self) -> Mapping[str, Any]:
        """Return what decides the embeddings."""
        form = self.task.format
        pool = {
            "layout": [type(form.layout).__name__, form.name, form.version],
            "data": self.data,
            "candidates": [self.start, self.stop],
        }
        return {"pool": pool} | self.encoding.identity(self.parents)

    def run(self, folder: Path, parents: tuple[Path, ...], runtime: Runtime) -> dict[str, Any]:
        """Embed the candidates and write them."""
        candidates = list(runtime.source.pool(self.task, self.start, self.stop))
        if len(candidates) != self.stop - self.start:
            raise HarnessError(f"{self.task.name}: the pool has changed since the run began")
        model = self.encoding.ready(parents, runtime)
        numbers: dict[str, int] = {}  # each distinct text is embedded once: equal ones are ties
        places = [numbers.setdefault(text, len(numbers)) for _, text in candidates]
        texts = list(numbers)
        rows = model.embed_layers(texts, self.encoding.settings.max_length, [model.layer])
        each = rows[model.layer] if len(texts) == len(places) else rows[model.layer][places]
        dropped = write_pool(folder, [name for name, _ in candidates], each)
        return {"candidates": len(candidates), "dropped": dropped}
