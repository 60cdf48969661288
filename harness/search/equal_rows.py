"""Rows that hold the same bits: a product may differ in its last bit by where a row stands."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Repeats = Mapping[int, Sequence[int]]
"""The number of a row to those of the later rows that hold the same bits."""


def repeats_of(parts: Sequence[NDArray[np.float32]]) -> Repeats:
    """Return the rows that come again in some arrays; memory is 80 to 200 bytes a row.

    Args:
        parts: float32 (rows, dimensions) each; rows are numbered from part to part.
    """
    import numpy as np

    # two numbers of each row tell nearly all of them apart; the others are looked at whole
    ends = np.concatenate([_ends(part) for part in parts])
    _, kinds, counts = np.unique(ends, return_inverse=True, return_counts=True)
    starts = np.cumsum([0, *map(len, parts)]).tolist()
    firsts: dict[bytes, int] = {}
    repeats: dict[int, list[int]] = {}
    for number in np.flatnonzero(counts[kinds] > 1).tolist():
        part = bisect_right(starts, number) - 1
        bits = parts[part][number - starts[part]].tobytes()
        first = firsts.setdefault(hashlib.blake2b(bits, digest_size=16).digest(), number)
        if first != number:
            repeats.setdefault(first, []).append(number)
    return repeats


def with_repeats(
    scores: NDArray[np.float32], rows: NDArray[np.int64], repeats: Repeats, k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return each query's ``k`` best, the later rows among them with the scores of the first.

    Args:
        scores: Of each query the best among the rows that do not come again, falling.
        rows: Their numbers.
        repeats: The others.
        k: How many there will be; no more than there are rows.
    """
    import numpy as np

    best = []
    for some, numbers in zip(scores.tolist(), rows.tolist(), strict=True):
        pairs = [
            (-score, each)
            for score, number in zip(some, numbers, strict=True)
            for each in (number, *repeats.get(number, ())[:k])
        ]
        best.append(sorted(pairs)[:k])
    ranked = np.array(best, np.float64).reshape(len(best), k, 2)
    return (-ranked[..., 0]).astype(np.float32), ranked[..., 1].astype(np.int64)


def _ends(part: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Return the bits of each row's first and last number."""
    import numpy as np

    pairs: NDArray[np.float32] = np.stack([part[:, 0], part[:, -1]], axis=1)
    return pairs.view(np.uint64)[:, 0]
