"""A request: what all steps of a run have in common, and how it is opened from names and paths."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

from harness import places, registry
from harness.bounds import BOUNDS, shown
from harness.data.files import writable
from harness.data.memory import Memory
from harness.data.open_source import open_source
from harness.data.source import Source
from harness.declarations import Benchmark
from harness.errors import HarnessError, unknown
from harness.models.checkpoint import Checkpoint, open_checkpoint
from harness.models.device import Device, choose_device, hush, thread_share
from harness.pipeline.dataset_facts import DatasetFacts
from harness.pipeline.steps.step import pace_of
from harness.pipeline.steps.train_step import TrainStep
from harness.pipeline.store.remote import open_store
from harness.pipeline.store.store import Store
from harness.recipes import SETTINGS, Recipe

PACKAGED = "packaged"  # the benchmark's own checkpoint


@dataclass(frozen=True)
class Request:
    """An evaluation or a training that was asked for.

    Attributes:
        checkpoint: The encoder.
        benchmark: Which tasks and languages make a score.
        source: Where examples are.
        recipe: Hyper-parameters.
        device: Where and how to compute.
        tasks: Names of tasks; () means all that the source has.
        languages: Codes; () means all.
        seed: Seeds every training.
        limit: Test examples per language, 0 means all.
        max_steps: Updates of a training, 0 means the recipe's.
        tracker: An experiment tracker for the trainings.
        label: Text to add to the names of steps, e.g. ``mnli, seed 1``.
        start: The intermediate training whose encoder replaces the checkpoint.
        keep_if_there: With ``keep_head``, use a fresh head if there is none to keep (in a study,
            whose baseline has none); otherwise that is an error.
        memory: Facts about data and checkpoints from earlier runs.
    """

    checkpoint: Checkpoint
    benchmark: Benchmark
    source: Source
    recipe: Recipe
    device: Device
    tasks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    seed: int = 42
    limit: int = 0
    max_steps: int = 0
    tracker: str = "none"
    label: str = ""
    start: TrainStep | None = None
    keep_if_there: bool = False
    memory: Memory = field(default_factory=Memory)

    @property
    def facts(self) -> DatasetFacts:
        """Return the facts about the data."""
        return DatasetFacts(self.source, self.memory)

    @property
    def partial(self) -> str:
        """Return why the scores are not comparable with a complete run's, "" if they are."""
        reasons = []
        if self.limit:
            reasons.append(f"first {self.limit} test examples a language")
        if self.max_steps:
            reasons.append(f"at most {self.max_steps} updates a training")
        return ", ".join(reasons)

    def pace(self, kind: str, what: str) -> str:
        """Return a name shared by the steps that handle as many tokens per second."""
        return pace_of(kind, what, self.checkpoint, self.device)

    def named(self, name: str) -> str:
        """Return a step's name with the label."""
        return f"{name} ({self.label})" if self.label else name


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
        deterministic: As ``choose_device`` takes it.
    """

    device: str
    precision: str
    threads: int
    workers: int
    deterministic: bool = False


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
    hush()
    place = store or places.store()
    kept = open_store(place)
    writable(place)
    memory = Memory(places.memory())
    folder, labels = (None if one is None else Path(one) for one in (data.data, data.labels))
    source = open_source(folder, labels, benchmark, memory, offline=data.offline)
    if data.offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    if options["tracker"] != "none":
        _check_tracker(options["tracker"])
    where = checkpoint_place(checkpoint, benchmark)
    opened = open_checkpoint(where, offline=data.offline, memory=memory)
    if intermediate:
        said = opened.intermediate
        notes = (f"it says itself that it was trained on {said}",) if said else ()
        notes = (*opened.notes, *notes)
        opened = replace(opened, intermediate=intermediate[:300], notes=notes)
    threads = thread_share(compute.threads, compute.workers)
    request = Request(
        checkpoint=opened,
        benchmark=benchmark,
        source=source,
        recipe=recipe.sized(opened.layers),
        device=choose_device(
            compute.device, compute.precision, threads, deterministic=compute.deterministic
        ),
        memory=memory,
        **options,
    )
    return kept, request


def checkpoint_place(where: str, benchmark: Benchmark) -> str:
    """Return where a checkpoint is; make the benchmark's own if necessary.

    Raises:
        HarnessError: The benchmark has none.
    """
    if where != PACKAGED:
        return where
    if benchmark.encoder is None:
        raise HarnessError(
            f"the benchmark {benchmark.name} brings no checkpoint; name a folder or a hub id"
        )
    return str(benchmark.encoder(places.checkpoints()))


def check_numbers(**numbers: float) -> None:
    """Refuse a number that is out of its bounds."""
    for name, number in numbers.items():
        if number not in BOUNDS[name]:
            raise HarnessError(f"{name} {shown(number)}: expected {BOUNDS[name]}")


def _check_tracker(name: str) -> None:
    from transformers.integrations import get_available_reporting_integrations

    known = ("none", *get_available_reporting_integrations())
    if name not in known:
        raise unknown("tracker", name, known, "these are installed here")


def chosen_layer(layer: float | str) -> float | str:
    """Return a hidden state for retrieval as settings have it: a number in digits is a number.

    A number with a point is a share of the depth.

    Raises:
        HarnessError: It is not allowed.
    """
    chosen: float | str = layer
    if isinstance(layer, str) and re.fullmatch("[0-9]{1,9}", layer):
        chosen = int(layer)
    elif isinstance(layer, str) and re.fullmatch(r"[0-9]?\.[0-9]{1,17}", layer):
        chosen = float(layer)
    expected = SETTINGS["layer"].expected
    if chosen not in expected:
        raise HarnessError(f"--layer {shown(layer)}: expected {expected}")
    return chosen


def with_layer(recipe: Recipe, layer: float | str) -> Recipe:
    """Return the recipe with another hidden state for retrieval, if one is named."""
    if layer == "":
        return recipe
    chosen = chosen_layer(layer)
    formats = {
        name: {key: value for key, value in changes.items() if key != "layer"}
        for name, changes in recipe.formats.items()
    }
    return replace(recipe, default=replace(recipe.default, layer=chosen), formats=formats)
