"""What the retrieval formats share: no head, no training of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from harness.errors import HarnessError

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.recipes import Settings


@dataclass(frozen=True)
class EncoderOnly:
    """A format that uses the encoder as it is."""

    name: str = "encoder only"
    labels: tuple[str, ...] = ()
    suffix: str = "tsv"
    head: str | None = None
    reads: tuple[str, ...] = ("max_length", "layer", "pooling")
    special: ClassVar[tuple[str, ...]] = ()

    def encode(
        self, rows: Dataset, tokenizer: Any, settings: Settings, *, training: bool
    ) -> NoReturn:
        """Refuse: nothing is learnt in this format."""
        raise HarnessError(f"{self.name} has no training of its own; it uses the encoder as it is")
