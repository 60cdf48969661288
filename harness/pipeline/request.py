"""A request, checked: what all steps of a run have in common."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness import places
from harness.data.memory import Memory
from harness.data.source import Source
from harness.declarations import Benchmark, Format
from harness.errors import HarnessError
from harness.models.checkpoint import Checkpoint
from harness.models.device import Device
from harness.pipeline.dataset_facts import DatasetFacts
from harness.pipeline.steps.train_step import TrainStep
from harness.recipes import Recipe

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

    def pace(self, kind: str, form: Format) -> str:
        """Return a name shared by the steps that handle as many tokens per second."""
        size, device = f"{self.checkpoint.body / 1e6:.0f}M", self.device
        return f"{kind} {form.name} {size} {device.kind} {device.precision} {device.threads}"

    def named(self, name: str) -> str:
        """Return a step's name with the label."""
        return f"{name} ({self.label})" if self.label else name


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
