"""The step that embeds a part of a retrieval task's pool, once for all languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from harness.declarations import Task
from harness.errors import HarnessError
from harness.formats.encoder_only import EncoderOnly
from harness.models.checkpoint import Checkpoint
from harness.models.device import Device
from harness.models.pool import write_pool
from harness.pipeline.steps.embed_step import loads_encoder, ready_encoder
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step
from harness.recipes import Settings

SHARD = 50_000  # candidates in a step: what a run that is killed repeats at most


@dataclass(frozen=True, eq=False, kw_only=True)
class PoolStep(Step):
    """Embed neighbouring candidates of a pool, and write them in its order.

    A candidate whose embedding is zero or not finite is left out, and counted in the result.

    Attributes:
        checkpoint: The encoder, unless a parent has trained one.
        task: The task.
        start: Number of the first candidate.
        stop: The number after the last one.
        data: A hash of the pool's files.
        settings: Tokens read, layer and pooling; as ``EmbedStep`` has them.
        device: Where and how to compute.
    """

    kind: ClassVar[str] = "embed"
    unit: ClassVar[str] = "candidates"
    counts: ClassVar[str] = "candidates"
    asked_for: ClassVar[bool] = False

    checkpoint: Checkpoint
    task: Task
    start: int
    stop: int
    data: str
    settings: Settings
    device: Device

    @property
    def loads(self) -> tuple[str, ...]:
        """Return the encoder, and how hidden states are pooled."""
        return loads_encoder(self.checkpoint, self.settings, self.parents)

    def identity(self) -> Mapping[str, Any]:
        """Return what decides the embeddings."""
        form = self.task.format
        return {
            "checkpoint": "" if self.parents else self.checkpoint.fingerprint,
            "pool": {
                "layout": [type(form.layout).__name__, form.name, form.version],
                "data": self.data,
                "candidates": [self.start, self.stop],
            },
            "settings": {name: self.settings.value(name) for name in EncoderOnly.reads},
            "device": self.device.identity(),
        }

    def run(self, folder: Path, parents: tuple[Path, ...], runtime: Runtime) -> dict[str, Any]:
        """Embed the candidates and write them."""
        candidates = list(runtime.source.pool(self.task, self.start, self.stop))
        if len(candidates) != self.stop - self.start:
            raise HarnessError(f"{self.task.name}: the pool has changed since the run began")
        model = ready_encoder(self.checkpoint, self.settings, parents, runtime)
        texts = [text for _, text in candidates]
        found = model.embed_layers(texts, self.settings.max_length, [model.layer])[model.layer]
        dropped = write_pool(folder, [name for name, _ in candidates], found)
        return {"candidates": len(candidates), "dropped": dropped}
