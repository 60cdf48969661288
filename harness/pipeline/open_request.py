"""From what was asked for, in names and paths, to a checked request."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from harness import places, registry
from harness.bounds import BOUNDS, shown
from harness.data.files import writable
from harness.data.memory import Memory
from harness.data.open_source import open_source
from harness.declarations import Benchmark
from harness.errors import HarnessError, unknown
from harness.models.checkpoint import open_checkpoint
from harness.models.device import choose_device, hush, thread_share
from harness.pipeline.request import Request, checkpoint_place
from harness.pipeline.store.remote import open_store
from harness.pipeline.store.store import Store
from harness.recipes import SETTINGS, Recipe


@dataclass(frozen=True)
class DataPlace:
    """Where data lies.

    Attributes:
        data: Folder in XTREME's layout; None for the benchmark's own, else the hub.
        labels: Folder of test labels; None for the one beside the data.
        offline: Fetch nothing.
    """

    data: str | PathLike[str] | None
    labels: str | PathLike[str] | None
    offline: bool


@dataclass(frozen=True)
class Compute:
    """Where and how to compute.

    Attributes:
        device: As ``harness.models.device.choose_device`` takes it.
        precision: Likewise.
        threads: CPU threads of a step; 0 for a worker's share of all there are.
        workers: Processes that share the CPU.
    """

    device: str
    precision: str
    threads: int
    workers: int


def open_request(
    checkpoint: str,
    benchmark: Benchmark,
    recipe: Recipe,
    data: DataPlace,
    compute: Compute,
    store: str | None,
    intermediate: str = "",
    **options: Any,
) -> tuple[Store, Request]:
    """Check everything that is named, the cheap things first; return the store and a request.

    Args:
        checkpoint: A folder, a hub id or ``packaged``.
        benchmark: Which tasks and languages make a score.
        recipe: Hyper-parameters.
        data: Where data lies.
        compute: Where and how to compute.
        store: Folder or URL of finished steps; None for the user's own.
        intermediate: What the checkpoint was trained on, where it does not say itself.
        options: What a Request has by the same names.

    Raises:
        HarnessError: Something named is not there or does not fit.
    """
    check_numbers(threads=compute.threads, workers=compute.workers)
    check_numbers(**{name: options[name] for name in options if name in BOUNDS})
    for name in options.get("tasks", ()):
        registry.task(name)
    place = store or places.store()
    kept = open_store(place)
    writable(place)
    memory = Memory(places.memory())
    folder, labels = (None if one is None else Path(one) for one in (data.data, data.labels))
    source = open_source(folder, labels, benchmark, memory, offline=data.offline)
    if data.offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    _know_tracker(options["tracker"])
    where = checkpoint_place(checkpoint, benchmark)
    opened = open_checkpoint(where, offline=data.offline, memory=memory)
    if intermediate:
        notes = opened.notes
        if opened.intermediate:
            notes += (f"it says itself that it was trained on {opened.intermediate}",)
        opened = replace(opened, intermediate=intermediate[:300], notes=notes)
    hush()
    threads = thread_share(compute.threads, compute.workers)
    request = Request(
        checkpoint=opened,
        benchmark=benchmark,
        source=source,
        recipe=recipe,
        device=choose_device(compute.device, compute.precision, threads),
        memory=memory,
        **options,
    )
    return kept, request


def check_numbers(**numbers: float) -> None:
    """Refuse a number that is out of its bounds."""
    for name, number in numbers.items():
        if number not in BOUNDS[name]:
            raise HarnessError(f"{name} {shown(number)}: expected {BOUNDS[name]}")


def _know_tracker(name: str) -> None:
    if name == "none":
        return
    from transformers.integrations import get_available_reporting_integrations

    known = ("none", *get_available_reporting_integrations())
    if name not in known:
        raise unknown("tracker", name, known, "these are installed here")


def with_layer(recipe: Recipe, layer: str) -> Recipe:
    """Return the recipe with another hidden state for retrieval, if one is named."""
    if not layer:
        return recipe
    chosen: int | str = int(layer) if re.fullmatch("[0-9]{1,9}", layer) else layer
    expected = SETTINGS["layer"].expected
    if chosen not in expected:
        raise HarnessError(f"--layer {shown(layer)}: expected {expected}")
    formats = {
        name: {key: value for key, value in changes.items() if key != "layer"}
        for name, changes in recipe.formats.items()
    }
    return replace(recipe, default=replace(recipe.default, layer=chosen), formats=formats)
