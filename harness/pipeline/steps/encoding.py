"""How the steps that embed do it: the encoder, what is pooled of it, and where it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.formats.encoder_only import EncoderOnly
from harness.models.checkpoint import Checkpoint
from harness.models.device import Device
from harness.pipeline.steps.layer_step import LayerStep, chosen
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step, pace_of
from harness.pipeline.steps.train_step import started
from harness.recipes import Settings

if TYPE_CHECKING:
    from harness.models.model import Model

PART = 50_000  # texts of a task in a step, about: what a run that is killed repeats at most


@dataclass(frozen=True)
class Encoding:
    """How text becomes embeddings.

    Attributes:
        checkpoint: The encoder, unless a parent of the step has trained one.
        settings: Tokens read, layer and pooling; with the layer ``auto``, the last parent is the
            step that picks it.
        device: Where and how to compute.
    """

    checkpoint: Checkpoint
    settings: Settings
    device: Device

    def identity(self, parents: tuple[Step, ...]) -> dict[str, Any]:
        """Return what decides the embedding of a text, besides the parents."""
        return {
            "checkpoint": "" if parents else self.checkpoint.fingerprint,
            "settings": {name: self.settings.value(name) for name in EncoderOnly.reads},
            "device": self.device.identity(),
        }

    def loads(self, parents: tuple[Step, ...]) -> tuple[str, ...]:
        """Return what identifies the encoder that is loaded, and how it pools."""
        makers = [one for one in parents if not isinstance(one, LayerStep)]
        encoder = makers[0].key if makers else self.checkpoint.fingerprint
        return encoder, str(self.settings.layer), self.settings.pooling

    def ready(self, parents: tuple[Path, ...], runtime: Runtime) -> Model:
        """Return the encoder to embed with.

        Args:
            parents: The folders of the step's parents.
            runtime: Loads it.
        """
        settings = self.settings
        if settings.layer == "auto":
            parents, choice = parents[:-1], parents[-1]
            settings = replace(settings, layer=chosen(choice))
        # a training writes no modules: those of the checkpoint that it began from still count
        path = started(self.checkpoint, parents)
        return runtime.encoder(path, settings, self.checkpoint.path)

    def cost(self, texts: int, tokens: int) -> Mapping[str, Any]:
        """Return a step's fields for the estimate; layers above the one that is read are left out.

        Args:
            texts: About how many texts it embeds.
            tokens: About how many tokens they have.
        """
        layers, layer = self.checkpoint.layers, self.settings.layer
        share = (layers if layer == "auto" else int(layer)) / max(1, layers)
        return {
            "examples": texts,
            "tokens": tokens,
            "work": 2.0 * tokens * self.checkpoint.body * share,
            "pace": pace_of("embed", f"layer {layer}", self.checkpoint, self.device),
        }
