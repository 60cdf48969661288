"""What a training is to learn, and how."""

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
        settings: What its inputs and batches depend on.
        weight: Its weight, where the sampling is by given weights.
        ratio: Share of all batches that are this set's, for masked language modelling that is
            mixed in; 0 for a set that the sampling deals out and whose dev counts.
        kept: Number of the checkpoint's head to go on with; None for a fresh one.
    """

    training: TrainingSet
    settings: Settings
    weight: float = 1.0
    ratio: float = 0.0
    kept: int | None = None


@dataclass(frozen=True)
class TrainingSpec:
    """A training: from which checkpoint, on which sets, how.

    Attributes:
        checkpoint: The encoder to start from.
        sets: The training sets, a head each.
        settings: Hyper-parameters of the whole.
        seed: Seeds heads, dropout and order.
        max_steps: Updates, at most; 0 means as the settings say.
        tracker: transformers' name of an experiment tracker, or ``none``.
    """

    checkpoint: Checkpoint
    sets: tuple[SetSpec, ...]
    settings: Settings
    seed: int
    max_steps: int = 0
    tracker: str = "none"

    def deciding(self) -> list[int]:
        """Return the numbers of the sets whose dev chooses the weights."""
        whole = [i for i, one in enumerate(self.sets) if not one.ratio]
        return [i for i in whole if not self.sets[i].training.format.auxiliary] or whole
