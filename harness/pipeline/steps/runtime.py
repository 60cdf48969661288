"""What steps work with: the store, the data, the device, a loaded model, progress."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.models.device import Device

if TYPE_CHECKING:
    from harness.data.source import Source
    from harness.declarations import Format
    from harness.models.checkpoint import Checkpoint
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

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs: no loaded model and no progress callback."""
        return vars(replace(self, work=Path(), report=_no_report, _loaded=None))

    def model(self, form: Format, checkpoint: Checkpoint, settings: Settings) -> Model:
        """Return a model ready to predict; the one used last stays loaded.

        Args:
            form: The format; its trained head is ``heads/0`` of the checkpoint.
            checkpoint: A trained model from the store; for retrieval, any encoder.
            settings: For retrieval, which hidden state to pool, and how.
        """
        from harness.models.model import load_encoder
        from harness.models.multi_head import load_trained

        pooling = (settings.layer, settings.pooling) if form.head is None else ()
        identity = (checkpoint.path, form.head, pooling)
        if self._loaded is None or self._loaded[0] != identity:
            self._loaded = None  # free its memory before the next one is loaded
            if form.head is None:
                model = load_encoder(checkpoint, settings.layer, self.device, settings.pooling)
            else:
                model = load_trained(checkpoint.path, form.head, 0, self.device)
            self._loaded = (identity, model)
        model = self._loaded[1]
        model.report = self.report
        return model

    def forget(self) -> None:
        """Free the loaded model."""
        self._loaded = None
