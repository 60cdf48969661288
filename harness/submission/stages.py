"""What a checkpoint was trained on before the targets: the stages of intermediate training."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from harness.models.checkpoint_files import own_record
from harness.submission.own_values import part_fits

if TYPE_CHECKING:
    from harness.models.checkpoint import Checkpoint
    from harness.training.spec import TrainingSpec

ORIGIN = "origin"  # key of harness.json
SNAPSHOTS = "snapshots"  # folder of a hub checkpoint's revisions, in the hub client's cache
LONGEST_NAME, LONGEST_SAMPLING = 80, 80


@dataclass(frozen=True)
class StageTask:
    """A task of a stage.

    Attributes:
        name: Its name.
        languages: Its languages; () if unknown.
        translated: Whether its examples were translated by a machine.
        examples: Number of its training examples; None if unknown.
    """

    name: str
    languages: tuple[str, ...] = ()
    translated: bool = False
    examples: int | None = None


@dataclass(frozen=True)
class Stage:
    """One intermediate training.

    Attributes:
        tasks: What was trained on together.
        mlm: Share of the batches that are masked language modelling; None if unknown.
        sampling: How batches are dealt out among several tasks; "" with one task, or if unknown.
    """

    tasks: tuple[StageTask, ...]
    mlm: float | None = None
    sampling: str = ""

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Self:
        """Return the stage that JSON values hold, which must fit the schema."""
        tasks = (one | {"languages": tuple(one["languages"])} for one in value["tasks"])
        return cls(
            tuple(StageTask(**one) for one in tasks), value.get("mlm"), value.get("sampling", "")
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the stage as the schema has it."""
        tasks = [asdict(one) | {"languages": list(one.languages)} for one in self.tasks]
        value: dict[str, Any] = {"tasks": tasks}
        if self.mlm is not None:
            value["mlm"] = self.mlm
        if self.sampling:
            value["sampling"] = self.sampling
        return value


@dataclass(frozen=True)
class Origin:
    """Where a checkpoint comes from.

    Attributes:
        base: The checkpoint that it began as: hub id or name.
        revision: The base's revision on the hub; None if unknown.
        stages: The trainings since then, in order.
    """

    base: str
    revision: str | None = None
    stages: tuple[Stage, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the origin as JSON values, for harness.json."""
        stages = [stage.as_dict() for stage in self.stages]
        return {"base": self.base, "revision": self.revision, "stages": stages}


def origin_of(checkpoint: Checkpoint) -> Origin:
    """Return where a checkpoint comes from, by its own record, else by what is said of it.

    Where only a text says what it was trained on (``Checkpoint.intermediate``), that is one stage
    of one task, and the base is not known to be another checkpoint than itself.
    """
    record = own_record(checkpoint.path)
    with suppress(KeyError, TypeError, AttributeError):
        if str(record["intermediate"])[:300] == checkpoint.intermediate:  # else the user knows more
            return _recorded(record[ORIGIN])
    name, revision = checkpoint.name, None
    if checkpoint.path.parent.name == SNAPSHOTS:
        name, revision = name.partition("@")[0], checkpoint.path.name
    return Origin(name, revision, stages_of_text(checkpoint.intermediate))


def _recorded(value: Mapping[str, Any]) -> Origin:
    """Return the origin in a record.

    Raises:
        TypeError: It is not one.
    """
    base, revision, stages = value["base"], value["revision"], value["stages"]
    model = {"name": base, "base": base, "revision": revision, "parameters": None}
    if not (
        part_fits("intermediate", stages) and part_fits("model", model | {"weights": "unknown"})
    ):
        raise TypeError(base)
    return Origin(base, revision, tuple(Stage.of(stage) for stage in stages))


def stages_of_text(text: str) -> tuple[Stage, ...]:
    """Return the one stage that a text tells of, () for ""."""
    name = plain_of(text, LONGEST_NAME)
    return (Stage((StageTask(name),)),) if name else ()


def plain_of(text: str, longest: int) -> str:
    """Return a text as one line of characters that can be seen, cut to a length."""
    visible = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(visible.split())[:longest].rstrip()


def stage_of(spec: TrainingSpec, examples: tuple[int | None, ...]) -> Stage:
    """Return what a training is as a stage.

    Args:
        spec: The training.
        examples: For each of its sets the number of training examples; None if unknown.
    """
    tasks, mlm = [], 0.0
    for one, count in zip(spec.sets, examples, strict=True):
        if one.ratio:  # mixed in, beside the tasks
            mlm = one.ratio
            continue
        training = one.training
        tasks.append(
            StageTask(
                name=training.name.partition("[")[0],
                languages=training.languages or (training.language,),
                translated=training.variant.startswith("translated:"),
                examples=count,
            )
        )
    sampling = spec.settings.sampling if len(tasks) > 1 else ""
    if sampling == "weights":
        weights = {one.training.name: one.weight for one in spec.sets if not one.ratio}
        sampling += f" {json.dumps(weights)}"
    return Stage(tuple(tasks), mlm, sampling[:LONGEST_SAMPLING])
