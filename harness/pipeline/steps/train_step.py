"""The step that trains a checkpoint, for a target or on intermediate tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from harness.data.files import digest
from harness.data.source import training_rows
from harness.models.checkpoint import Checkpoint
from harness.models.device import Device
from harness.pipeline.dataset_facts import held_out_of
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step, format_identity
from harness.recipes import read_by
from harness.training.spec import SetSpec, TrainingSpec


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainStep(Step):
    """Train on one set, or on several at once; writes the best encoder and its heads.

    The parent, if there is one, is the training whose encoder replaces the checkpoint.

    Attributes:
        spec: The training; the order of its sets is that of their names.
        data: What decides each set's rows (``harness.data.source.training_digest``).
        device: Where and how to compute.
    """

    kind: ClassVar[str] = "train"
    unit: ClassVar[str] = "updates"
    VERSION: ClassVar[int] = 6
    asked_for: ClassVar[bool] = False
    in_all_processes: ClassVar[bool] = True

    spec: TrainingSpec
    data: tuple[Any, ...]
    device: Device

    def identity(self) -> Mapping[str, Any]:
        """Return what decides the weights, without names and settings that nothing reads."""
        return {
            "checkpoint": "" if self.parents else self.spec.checkpoint.fingerprint,
            "sets": [
                self._set(one, data) for one, data in zip(self.spec.sets, self.data, strict=True)
            ],
            "settings": self._settings(),
            "seed": self.spec.seed,
            "max_steps": self.spec.max_steps,
            "device": self.device.identity(),
            # several processes share each update, so its batches differ
            **({"processes": self.device.processes} if self.device.processes > 1 else {}),
        }

    def _set(self, one: SetSpec, data: Any) -> dict[str, Any]:
        """Return what decides a set's part in the result; its name does not."""
        reads = [*read_by("set"), *one.training.format.reads]
        if one.training.languages:
            reads.append("language_exponent")
        values = {
            "format": format_identity(one.training.format),
            "data": data,
            "settings": {name: one.settings.value(name) for name in reads},
        }
        if one.ratio:
            values["ratio"] = one.ratio
        elif self.spec.settings.sampling == "weights":
            values["weight"] = one.weight
        if one.kept is not None:
            values["kept"] = one.kept
            if not self.parents:
                folder = self.spec.checkpoint.path / "heads" / str(one.kept)
                values["head"] = digest(folder / "model.safetensors")
        return values

    def _settings(self) -> dict[str, Any]:
        """Return the settings of the whole training that decide its result."""
        settings, names = self.spec.settings, read_by("training")
        if sum(not one.ratio for one in self.spec.sets) > 1:
            names += read_by("mixture") if settings.sampling == "capped" else ("sampling",)
        return settings.in_key(names)

    @property
    def loads(self) -> tuple[str, ...]:
        """Return the training itself: its model is no other step's."""
        return (self.key,)

    def run(self, folder: Path, parents: tuple[Path, ...], runtime: Runtime) -> dict[str, Any]:
        """Train and write the best encoder and its heads."""
        from harness.training.loop import train

        runtime.forget()
        sets = [one.training for one in self.spec.sets]
        rows = [training_rows(runtime.source, one, held_out_of(one)) for one in sets]
        spec = replace(self.spec, checkpoint=started(self.spec.checkpoint, parents))
        runtime.work.mkdir(parents=True, exist_ok=True)
        result = train(spec, rows, runtime.device, runtime.work, folder, runtime.report)
        return result | {"notes": [note for one in rows for note in one.notes]}


def started(checkpoint: Checkpoint, parents: tuple[Path, ...]) -> Checkpoint:
    """Return the checkpoint, or the one that a training step made from it."""
    return replace(checkpoint, path=parents[0]) if parents else checkpoint
