"""Step: one unit of work with a key made of everything that decides its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from harness.data.files import digest_of
from harness.declarations import NEWER, NO_RESULT, Format
from harness.formats.common import values_of
from harness.models.checkpoint import Checkpoint
from harness.models.device import Device
from harness.pipeline.steps.runtime import Runtime


@dataclass(frozen=True, eq=False, kw_only=True)
class Step:
    """One unit of work; each kind of step is a class with its key and its work.

    Attributes:
        kind: Name of the kind, e.g. ``train``.
        unit: What its progress counts.
        counts: What ``examples`` are, for the rate.
        VERSION: Increased when the kind's code changes its results, so that old results are not
            reused.
        asked_for: Whether its result is an end in itself, not only input to other steps.
        in_all_processes: Whether all processes of torchrun run it together.
        name: Its name, e.g. ``predict xnli de``.
        parents: Steps whose results it reads.
        examples: Number of examples, 0 if they are not counted.
        tokens: Number of tokens, a rough guess from the bytes, for the estimate.
        work: Roughly how many floating-point operations it takes, for the estimate and the order.
        pace: A name shared by the steps that handle as many tokens per second.
    """

    kind: ClassVar[str]
    unit: ClassVar[str] = "examples"
    counts: ClassVar[str] = "examples"
    VERSION: ClassVar[int] = 1
    asked_for: ClassVar[bool] = True
    in_all_processes: ClassVar[bool] = False

    name: str
    parents: tuple[Step, ...] = ()
    examples: int = 0
    tokens: int = 0
    work: float = 0.0
    pace: str = ""

    def identity(self) -> Mapping[str, Any]:
        """Return the settings, seeds and data hashes that decide the result, as JSON values."""
        raise NotImplementedError

    @property
    def loads(self) -> tuple[str, ...]:
        """Return what identifies the model that it has loaded while it runs, () for none.

        Steps of one model go to one slot, so that it is loaded once.
        """
        return ()

    def run(self, folder: Path, parents: tuple[Path, ...], runtime: Runtime) -> dict[str, Any]:
        """Do the work, write files to ``folder``, return the result for the manifest.

        The result must depend on nothing that is missing from the identity.
        """
        raise NotImplementedError

    @cached_property
    def key(self) -> str:
        """Return the SHA-256 over kind, code version, identity and the parents' keys, in hex."""
        content = {
            "kind": self.kind,
            "version": self.VERSION,
            "identity": self.identity(),
            "parents": [parent.key for parent in self.parents],
        }
        return digest_of(content)


def format_identity(form: Format) -> dict[str, Any]:
    """Return what identifies a format in a step's key: its name, its version and its values.

    Fields whose metadata say that they change no result (``NO_RESULT``) are left out, and newer
    ones (``NEWER``) where they have their default; a layout that is a value stands by its class's
    name.
    """
    declared: Any = form
    values = values_of(form)
    for one in fields(declared):
        usual = one.metadata == NEWER and values[one.name] == one.default
        if usual or one.metadata == NO_RESULT:
            del values[one.name]
    return {"name": form.name, "version": form.version} | values


def pace_of(kind: str, what: str, checkpoint: Checkpoint, device: Device) -> str:
    """Return a name shared by the steps that handle as many tokens per second.

    Args:
        kind: The kind of step.
        what: What it does: a format's name, or the hidden state that it embeds by.
        checkpoint: The encoder.
        device: Where it runs.
    """
    size = f"{checkpoint.body / 1e6:.0f}M"
    return f"{kind} {what} {size} {device.kind} {device.precision} {device.threads}"
