"""What steps work with: the store, the data, the device, a loaded model, progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.models.device import Device

if TYPE_CHECKING:
    from pyarrow import Array

    from harness.data.source import Source
    from harness.models.checkpoint import Checkpoint
    from harness.models.heads import Head
    from harness.models.model import Model, Report
    from harness.pipeline.store.store import Store
    from harness.recipes import Settings


def _no_report(done: int, total: int) -> None:
    """Ignore a progress report."""


@dataclass
class Runtime:
    """What a process needs to run steps; never part of a key.

    Attributes:
        store: The store of finished steps.
        source: Where examples are.
        device: Where and how to compute.
        work: This step's folder for states to resume from.
        report: Progress callback, called with (units done, units in all).
    """

    store: Store
    source: Source
    device: Device
    work: Path = field(default=Path(), compare=False)
    report: Report = field(default=_no_report, compare=False)
    _loaded: tuple[object, Model] | None = field(default=None, repr=False, compare=False)
    _texts: tuple[str, dict[int, Array]] = field(default=("", {}), repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs: no loaded model, no texts, no progress callback."""
        return vars(replace(self, work=Path(), report=_no_report, _loaded=None, _texts=("", {})))

    def model(self, head: Head, checkpoint: Checkpoint) -> Model:
        """Return a trained model ready to predict; the one used last stays loaded.

        Args:
            head: The kind of its head, which is ``heads/0`` of the checkpoint.
            checkpoint: The model, from the store.
        """
        from harness.models.multi_head import load_trained

        path = checkpoint.path
        self._texts = ("", {})  # what embeds is over
        return self._ready((path, head), partial(load_trained, path, head, 0, self.device))

    def encoder(self, checkpoint: Checkpoint, settings: Settings, modules: Path) -> Model:
        """Return an encoder ready to embed; the one used last stays loaded.

        Args:
            checkpoint: The encoder.
            settings: Which hidden state to pool, and how.
            modules: The folder whose modules.json pooling ``own`` goes by.
        """
        from harness.models.model import load_encoder, retrieval_layer

        layer, pooling = retrieval_layer(settings.layer, checkpoint), settings.pooling
        load = partial(load_encoder, checkpoint, layer, self.device, pooling, modules)
        return self._ready((checkpoint.path, layer, pooling), load)

    def _ready(self, identity: object, load: Callable[[], Model]) -> Model:
        """Return the loaded model, or another one after freeing its memory."""
        if self._loaded is None or self._loaded[0] != identity:
            self._loaded = None
            self._loaded = (identity, load())
        model = self._loaded[1]
        model.report = self.report
        return model

    def part_of_texts(
        self, identity: str, part: int, split: Callable[[], Sequence[Iterable[str]]]
    ) -> list[str]:
        """Return one part of texts, which are read and split once for all parts.

        Those of the parts that have not been asked for are held, in the bytes of their UTF-8; of
        one task at a time.

        Args:
            identity: What decides the texts and their parts.
            part: The number of the part.
            split: Returns the texts of each part.
        """
        import pyarrow as pa

        if self._texts[0] != identity or part not in self._texts[1]:
            self._texts = ("", {})
            self._texts = (identity, {i: pa.array(list(one)) for i, one in enumerate(split())})
        texts: list[str] = self._texts[1].pop(part).to_pylist()
        return texts

    def forget(self) -> None:
        """Free the loaded model and the texts."""
        self._loaded, self._texts = None, ("", {})
