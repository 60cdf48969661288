"""Small trainings: what they learn from, on what device."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import registry
from harness.data.folder import FolderSource
from harness.data.source import Rows, training_rows
from harness.declarations import TrainingSet
from harness.models.checkpoint import open_checkpoint
from harness.models.collator import padding_collator
from harness.models.device import Device, choose_device
from harness.recipes import Settings
from harness.training.batch_maker import BatchMaker
from harness.training.batch_plan import BatchPlan
from harness.training.spec import SetSpec, TrainingSpec
from support.places import MINI

SETTINGS = Settings(
    learning_rate=1e-3, epochs=2, batch_size=8, max_length=48, stride=16, max_question=16,
    train_examples=32, dev_examples=12,
)  # fmt: skip


GIVEN = replace(SETTINGS, epochs=4)


def training_set(name: str) -> TrainingSet:
    """Return an intermediate task's training set, or what a target is learnt from."""
    return (
        registry.task(name).training if name in registry.task_names() else registry.training(name)
    )


def mnli() -> TrainingSet:
    found = registry.task("xnli").training
    assert found is not None
    return found


def spec_of(checkpoint: Path, settings: Settings = SETTINGS, seed: int = 1, **more: Any) -> Any:
    """Return a training on the packaged MNLI."""
    return TrainingSpec(
        checkpoint=open_checkpoint(str(checkpoint), offline=True),
        sets=(SetSpec(mnli(), settings),),
        settings=settings, seed=seed, **more,
    )  # fmt: skip


def rows_of(spec: TrainingSpec) -> list[Rows]:
    """Return the packaged rows of a training's sets."""
    source = FolderSource(MINI / "xtreme", MINI / "labels")
    return [training_rows(source, one.training, None) for one in spec.sets]


def inputs_of(batch: Any, tokenizer: Any, head: Any, seed: int = 1) -> dict[str, Any]:
    """Return the padded inputs of examples of one set."""
    number = batch[0][0]
    collators, heads = ((one,) * (number + 1) for one in (padding_collator(tokenizer), head))
    plan = BatchPlan([], [], set(), 0, [], [])
    return BatchMaker(plan, collators, heads, tokenizer, seed).inputs(batch)


def device() -> Device:
    return choose_device("cpu", "fp32", 1)


def ignore(done: int, total: int) -> None:
    """Take a report."""
