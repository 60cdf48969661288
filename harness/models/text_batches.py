"""Tokenised texts as arrays, sorted by length, so that batches are cut without copying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class TextBatch:
    """The inputs of some texts, the longest first, end to end.

    Attributes:
        numbers: int64 (texts,), which texts they are.
        lengths: int64 (texts,), the tokens of each.
        values: int64 (tokens,), by the names of the inputs.
    """

    numbers: NDArray[np.int64]
    lengths: NDArray[np.int64]
    values: Mapping[str, NDArray[np.int64]]

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.lengths)

    def features(self) -> list[dict[str, NDArray[np.int64]]]:
        """Return the inputs of each text."""
        import numpy as np

        edges = np.cumsum(self.lengths)[:-1]
        columns = {name: np.split(value, edges) for name, value in self.values.items()}
        return [{name: columns[name][i] for name in columns} for i in range(len(self))]

    def halved(self) -> list[TextBatch]:
        """Return the first half of the texts and the others; one text alone as it is."""
        middle = len(self) // 2
        return self.cut([middle, len(self) - middle]) if middle else [self]

    def cut(self, counts: Sequence[int]) -> list[TextBatch]:
        """Return batches of so many texts each, in order."""
        import numpy as np

        ends = np.cumsum([0, *counts])
        edges = np.concatenate([[0], np.cumsum(self.lengths)])[ends]
        return [
            TextBatch(
                self.numbers[start:end],
                self.lengths[start:end],
                {name: value[first:last] for name, value in self.values.items()},
            )
            for start, end, first, last in zip(ends, ends[1:], edges, edges[1:], strict=False)
        ]


def sorted_texts(numbers: Sequence[int], lists: Mapping[str, list[list[int]]]) -> TextBatch:
    """Return texts as one batch, the longest first.

    Args:
        numbers: Which texts they are.
        lists: Their inputs by name.
    """
    import numpy as np

    lengths = np.array([len(ids) for ids in lists["input_ids"]], dtype=np.int64)
    order = np.argsort(-lengths, kind="stable")
    total, places = int(lengths.sum()), order.tolist()
    values = {
        name: np.fromiter(chain.from_iterable([rows[i] for i in places]), np.int64, total)
        for name, rows in lists.items()
    }
    return TextBatch(np.array(numbers, dtype=np.int64)[order], lengths[order], values)
