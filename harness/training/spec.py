"""What a training is to learn, and the record of its dev checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.declarations import Format
    from harness.models.checkpoint import Checkpoint
    from harness.recipes import Settings


@dataclass(frozen=True)
class Part:
    """One training set of a lesson.

    Attributes:
        name: The set's name, for the log.
        form: The format that gives inputs and head.
        train: Labelled rows.
        dev: English dev rows.
        settings: What its inputs and batches depend on.
        weight: Its weight where the sampling is by given weights.
        ratio: Share of all batches that are this set's, for masked language modelling that is
            mixed in; 0 for a set that the sampling deals out and whose dev counts.
        head: Folder of the head to go on with; None for a fresh one.
    """

    name: str
    form: Format
    train: Dataset
    dev: Dataset
    settings: Settings
    weight: float = 1.0
    ratio: float = 0.0
    head: Path | None = None


@dataclass(frozen=True)
class TrainingSpec:
    """What to learn, how, and from which checkpoint.

    Attributes:
        checkpoint: The encoder to start from.
        parts: The training sets, a head each.
        settings: Hyper-parameters of the whole.
        seed: Seeds heads, dropout and order.
        max_steps: Updates, at most; 0 means as the settings say.
        tracker: transformers' name of an experiment tracker, or ``none``.
    """

    checkpoint: Checkpoint
    parts: tuple[Part, ...]
    settings: Settings
    seed: int
    max_steps: int = 0
    tracker: str = "none"

    def judged(self) -> list[int]:
        """Return the numbers of the sets whose dev chooses the weights."""
        whole = [i for i, part in enumerate(self.parts) if not part.ratio]
        return [i for i in whole if self.parts[i].form.layout != "lines"] or whole


@dataclass
class History:
    """The dev checks of a training run, kept with each state to resume from.

    Attributes:
        steps: Updates done at each check.
        scores: The headline score, in percent; of several sets the mean.
        each: The score of each set, by name.
        losses: The mean loss of each set over its last few updates before the check, by name.
    """

    steps: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    each: list[dict[str, float]] = field(default_factory=list)
    losses: list[dict[str, float]] = field(default_factory=list)

    def best(self) -> int:
        """Return the place of the best check, the earliest of equals; -1 without any."""
        return max(range(len(self.scores)), key=lambda i: (self.scores[i], -i), default=-1)

    def best_update(self) -> int:
        """Return the update of the best check; -1 without any."""
        return self.steps[self.best()] if self.steps else -1

    def until(self, step: int) -> History:
        """Return the checks up to an update."""
        kept = sum(one <= step for one in self.steps)
        return History(self.steps[:kept], self.scores[:kept], self.each[:kept], self.losses[:kept])


def best_folder(work: Path, update: int) -> Path:
    """Return where the weights of the best check are kept, by the update it came after."""
    return work / f"best-{update}"
