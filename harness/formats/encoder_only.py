"""What the retrieval formats share: they have no head and no training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class EncoderOnly:
    """A format that uses the bare encoder."""

    version: ClassVar[int] = 1
    labels: ClassVar[tuple[str, ...]] = ()
    suffix: ClassVar[str] = "tsv"
    head: ClassVar[None] = None
    reads: ClassVar[tuple[str, ...]] = ("max_length", "layer", "pooling")
    special: ClassVar[tuple[str, ...]] = ()
