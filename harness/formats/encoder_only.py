"""What the retrieval formats share: no head, no training, and sentences of two sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from harness.formats.common import EvaluatedFormat

if TYPE_CHECKING:
    from datasets import Dataset

SIDES = ("source", "english")


class EncoderOnly(EvaluatedFormat):
    """A format that uses the bare encoder.

    Attributes:
        queries: The side whose sentences are looked for among those of the other.
    """

    labels: ClassVar[tuple[str, ...]] = ()
    head: ClassVar[None] = None
    reads: ClassVar[tuple[str, ...]] = ("max_length", "layer", "pooling")
    queries: ClassVar[str]

    def first(self, rows: Dataset, limit: int) -> Dataset:
        """Return the first queries, and all sentences of the other side."""
        places = [i for i, side in enumerate(rows["side"][:]) if side == self.queries]
        dropped = set(places[limit:])
        return rows.select([i for i in range(len(rows)) if i not in dropped])


def of_side(rows: Dataset, side: str, column: str) -> list[Any]:
    """Return the values of the rows of one side."""
    sides, values = rows["side"][:], rows[column][:]  # datasets' columns are lazy: 100 times slower
    return [value for s, value in zip(sides, values, strict=True) if s == side]
