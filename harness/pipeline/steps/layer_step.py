"""The step that picks the hidden state for retrieval on dev data, by a task's own metric."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.data.files import read_json, write_json
from harness.declarations import Task
from harness.errors import HarnessError, NotFinite
from harness.models.checkpoint import Checkpoint
from harness.models.device import Device
from harness.models.embeddings import Embeddings, hash_of
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step, format_identity
from harness.pipeline.steps.train_step import started
from harness.recipes import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHOICE = "layer.json"


@dataclass(frozen=True, eq=False, kw_only=True)
class LayerStep(Step):
    """Score every hidden state on a retrieval task's dev data; writes the best one's number.

    One pass over a language's dev sentences keeps all hidden states, on disk while they are
    scored. The best has the highest mean over the languages; of equal ones it is the lowest, which
    is the cheapest.

    Attributes:
        checkpoint: The encoder, unless a parent has trained one.
        task: The task, whose format has ``dev_score``.
        settings: Tokens read, and the pooling.
        data: Language to the hash of its dev split.
        device: Where and how to compute.
    """

    kind: ClassVar[str] = "layer"
    unit: ClassVar[str] = "sentences"

    checkpoint: Checkpoint
    task: Task
    settings: Settings
    data: Mapping[str, str]
    device: Device

    @property
    def loads(self) -> tuple[str, ...]:
        """Return the encoder with all its layers, and how hidden states are pooled."""
        encoder = self.parents[0].key if self.parents else self.checkpoint.fingerprint
        return encoder, str(self.checkpoint.layers), self.settings.pooling

    def identity(self) -> Mapping[str, Any]:
        """Return what decides the choice."""
        return {
            "checkpoint": "" if self.parents else self.checkpoint.fingerprint,
            "format": format_identity(self.task.format),
            "task": self.task.name,
            "data": dict(self.data),
            "settings": {name: self.settings.value(name) for name in self.task.format.reads},
            "device": self.device.identity(),
        }

    def run(self, folder: Path, parents: tuple[Path, ...], runtime: Runtime) -> dict[str, Any]:
        """Score the hidden states and write the choice."""
        checkpoint = started(self.checkpoint, parents)
        scores = {code: self._scores(code, checkpoint, runtime) for code in self.data}
        means = [sum(each) / len(each) for each in zip(*scores.values(), strict=True)]
        choice = {"layer": means.index(max(means)), "means": means, "languages": scores}
        write_json(choice, folder / CHOICE)
        return {**choice, "task": self.task.name, "metric": self.task.format.metric}

    def _scores(self, language: str, checkpoint: Checkpoint, runtime: Runtime) -> list[float]:
        """Return the dev score of each hidden state in one language, in percent."""
        form: Any = self.task.format
        rows = runtime.source.examples(self.task, "dev", language)
        texts = list(dict.fromkeys(rows["text"][:]))
        places = {hash_of(text): (0, row) for row, text in enumerate(texts)}
        model = runtime.encoder(
            checkpoint, replace(self.settings, layer="last"), self.checkpoint.path
        )
        width = model.pooling.width(model.module.config.hidden_size)
        kept = runtime.work / "layers"
        shutil.rmtree(kept, ignore_errors=True)  # of a run that was killed
        kept.mkdir(parents=True)
        try:
            states = {
                number: _on_disk(kept / f"{number}.npy", len(texts), width)
                for number in range(model.layer + 1)
            }
            model.embed_layers(texts, self.settings.max_length, list(states), states)
            return [
                form.dev_score(Embeddings((state,), places, self.device), rows, self.settings)
                for state in states.values()
            ]
        except NotFinite as error:
            raise HarnessError(f"{self.task.name} {language}, {error}") from error
        finally:
            shutil.rmtree(kept, ignore_errors=True)


def _on_disk(path: Path, rows: int, width: int) -> NDArray[np.float32]:
    """Return an empty array in a file whose room is reserved: a full disk is an error here.

    Written through a map, the first byte that a full disk has no room for would kill the process.
    """
    import numpy as np

    array: NDArray[np.float32] = np.lib.format.open_memmap(path, "w+", np.float32, (rows, width))
    if hasattr(os, "posix_fallocate"):  # macOS has none
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def chosen(folder: Path) -> int:
    """Return the hidden state that a finished step has picked.

    Args:
        folder: The step's folder.
    """
    return int(read_json(folder / CHOICE)["layer"])


def in_words(result: Mapping[str, Any]) -> str:
    """Return a choice in a line, with the hidden state that came next.

    Args:
        result: What the step's ``run`` returned.
    """
    best, means = int(result["layer"]), list(result["means"])
    text = f"hidden state {best} of {len(means) - 1}, {result['metric']} {means[best]:.1f}"
    rest = [number for number in range(len(means)) if number != best]
    if rest:
        next_one = max(rest, key=means.__getitem__)
        text += f"; next {next_one}, {means[next_one]:.1f}"
    return f"layer picked on the dev data of {result['task']}: {text}"
