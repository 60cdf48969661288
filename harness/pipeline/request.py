"""From what the user typed to a checked request."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from harness import places, recipes, registry
from harness.bounds import shown
from harness.data.folder import FolderSource, open_folder
from harness.data.hub import HubSource
from harness.data.memory import Memory
from harness.data.source import Source
from harness.declarations import Benchmark
from harness.errors import HarnessError, unknown
from harness.models.checkpoint import open_checkpoint
from harness.models.device import choose_device, hush
from harness.pipeline.plan import Request
from harness.pipeline.store.store import open_store
from harness.recipes import Recipe


@dataclass(frozen=True)
class Options:
    """An evaluation as it was asked for, in names and paths.

    Attributes:
        checkpoint: Folder or hub id.
        data: Folder in XTREME's layout; None for the benchmark's own, else the hub.
        labels: Folder of test labels; None for the one beside ``data``.
        layer: Hidden state for retrieval, "" for the recipe's.
        offline: Fetch nothing.
        store: Folder or URL of finished steps, looked at before anything else.
        intermediate: What the checkpoint was trained on, where it does not say itself.

    The other attributes are those of Request, by name.
    """

    checkpoint: str
    data: Path | None = None
    labels: Path | None = None
    benchmark: str = "xtreme"
    recipe: str = "xtreme"
    tasks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    seed: int = 42
    device: str = "auto"
    precision: str = "fp32"
    threads: int = 0
    limit: int = 0
    max_steps: int = 0
    layer: str = ""
    tracker: str = "none"
    offline: bool = False
    store: str = ""
    intermediate: str = ""

    def resolve(self) -> Request:
        """Check everything that is named, the cheap things first.

        Raises:
            HarnessError: Something named is not there or does not fit.
        """
        benchmark = registry.benchmark(self.benchmark)
        recipe = _with_layer(recipes.load(self.recipe), self.layer)
        for name in self.tasks:
            registry.task(name)
        if self.store:
            open_store(self.store)
        memory = Memory(places.memory())
        source = self._source(benchmark, memory)
        if self.offline:
            os.environ["HF_HUB_OFFLINE"] = "1"
        _know_tracker(self.tracker)
        checkpoint = open_checkpoint(self.checkpoint, offline=self.offline, memory=memory)
        if self.intermediate:
            notes = checkpoint.notes
            if checkpoint.intermediate:
                notes += (f"it says itself that it was trained on {checkpoint.intermediate}",)
            said = self.intermediate[:300]
            checkpoint = replace(checkpoint, intermediate=said, notes=notes)
        hush()
        return Request(
            checkpoint=checkpoint,
            benchmark=benchmark,
            source=source,
            recipe=recipe,
            device=choose_device(self.device, self.precision, self.threads),
            tasks=self.tasks,
            languages=self.languages,
            seed=self.seed,
            limit=self.limit,
            max_steps=self.max_steps,
            tracker=self.tracker,
            memory=memory,
        )

    def _source(self, benchmark: Benchmark, memory: Memory) -> Source:
        if self.data is not None:
            return replace(open_folder(self.data, self.labels), memory=memory)
        if benchmark.data is not None:
            return FolderSource(*benchmark.data(), memory=memory)
        return HubSource(places.hub(), offline=self.offline)


def _know_tracker(name: str) -> None:
    if name == "none":
        return
    from transformers.integrations import get_available_reporting_integrations

    known = ("none", *get_available_reporting_integrations())
    if name not in known:
        raise unknown("tracker", name, known, "these are installed here")


def _with_layer(recipe: Recipe, layer: str) -> Recipe:
    """Return the recipe with the hidden state for retrieval that ``--layer`` names."""
    if not layer:
        return recipe
    chosen: int | str = int(layer) if re.fullmatch("[0-9]{1,9}", layer) else layer
    expected = recipes.SETTINGS["layer"].expected
    if chosen not in expected:
        raise HarnessError(f"--layer {shown(layer)}: expected {expected}")
    formats = {
        name: {key: value for key, value in changes.items() if key != "layer"}
        for name, changes in recipe.formats.items()
    }
    return replace(recipe, default=replace(recipe.default, layer=chosen), formats=formats)
