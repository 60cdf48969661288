"""Nearest neighbours in rows that lie in several arrays, such as files that are memory-mapped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.search.equal_rows import repeats_of, with_repeats
from harness.search.neighbours import Neighbours, nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS = 50_000  # searched at a time: bounds what is read of a file at once


def nearest_of_parts(
    queries: NDArray[np.float32],
    parts: Sequence[NDArray[np.float32]],
    k: int,
    *,
    threads: int | None = None,
) -> Neighbours:
    """Return each query's ``k`` nearest rows of all parts, the best first; exact.

    Of equal scores the lower row comes first, and rows of the same bits have equal scores, those of
    the first of them. Beyond the parts, memory is what ``nearest`` takes for ``ROWS`` of them, 80
    to 200 bytes a row, and what is returned.

    Args:
        queries: float32 (queries, dimensions).
        parts: float32 (rows, dimensions) each; rows are numbered from part to part.
        k: Neighbours wanted; all rows, where there are fewer.
        threads: As ``nearest`` takes it.

    Raises:
        HarnessError: There are no rows, or as ``nearest``.
    """
    import numpy as np

    best = Neighbours(
        np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
    )
    total = sum(map(len, parts))
    if not total:
        raise HarnessError("nothing to search in: all parts are empty")
    repeats = repeats_of(parts)
    wanted = np.ones(total, bool)
    wanted[list(chain.from_iterable(repeats.values()))] = False
    for some, numbers in _portions(parts, wanted):
        found = nearest(queries, some, k, threads=threads)
        scores = np.concatenate([best.scores, found.scores], axis=1)
        rows = np.concatenate([best.rows, numbers[found.rows]], axis=1)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]  # earlier rows stand before
        best = Neighbours(
            np.take_along_axis(scores, order, axis=1), np.take_along_axis(rows, order, axis=1)
        )
    if not repeats:
        return best
    return Neighbours(*with_repeats(best.scores, best.rows, repeats, min(k, total)))


def _portions(
    parts: Sequence[NDArray[np.float32]], wanted: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """Yield the rows that are wanted, some at a time, and their numbers."""
    import numpy as np

    first = 0
    for part in parts:
        for start in range(0, len(part), ROWS):
            some = part[start : start + ROWS]
            kept = wanted[first : first + len(some)]
            numbers = first + np.flatnonzero(kept)
            first += len(some)
            yield some if kept.all() else some[kept], numbers
