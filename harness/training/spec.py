"""What a training needs to know: checkpoint, sets, settings, seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.declarations import TrainingSet
from harness.recipes import Settings

if TYPE_CHECKING:
    from harness.models.checkpoint import Checkpoint


@dataclass(frozen=True)
class SetSpec:
    """One training set of a training.

    Attributes:
        training: The set.
        settings: The settings of its inputs and batches.
        weight: Its weight, for sampling by given weights.
        ratio: Its share of all batches, for masked language modelling that is mixed in; 0 for a
            set that the sampling covers and whose dev score counts.
        kept: Number of the checkpoint's head to continue with; None for a fresh one.
    """

    training: TrainingSet
    settings: Settings
    weight: float = 1.0
    ratio: float = 0.0
    kept: int | None = None


@dataclass(frozen=True)
class TrainingSpec:
    """A training: its checkpoint, its sets and its settings.

    Attributes:
        checkpoint: The encoder to start from.
        sets: The training sets, a head each.
        settings: Hyper-parameters of the whole training.
        seed: Seeds heads, dropout and order.
        max_steps: Updates, at most; 0 means as many as the settings give.
        tracker: transformers' name of an experiment tracker, or ``none``.
    """

    checkpoint: Checkpoint
    sets: tuple[SetSpec, ...]
    settings: Settings
    seed: int
    max_steps: int = 0
    tracker: str = "none"

    def deciding(self) -> list[int]:
        """Return the numbers of the sets whose dev scores choose the weights."""
        candidates = [i for i, one in enumerate(self.sets) if not one.ratio]
        return [i for i in candidates if not self.sets[i].training.format.auxiliary] or candidates
