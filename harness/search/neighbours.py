"""Exact nearest neighbours by inner product."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def nearest(
    queries: NDArray[np.float32], index: NDArray[np.float32], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return each query's ``k`` nearest rows by inner product, the best first.

    Args:
        queries: float32 (queries, dimensions), L2-normalised for cosine.
        index: float32 (rows, dimensions).
        k: Neighbours wanted; no more than there are rows.

    Returns:
        Similarities float32 (queries, k) and row numbers int64 (queries, k).
    """
    import faiss
    import numpy as np

    flat = faiss.IndexFlatIP(index.shape[1])
    flat.add(np.ascontiguousarray(index, dtype=np.float32))
    scores, rows = flat.search(np.ascontiguousarray(queries, dtype=np.float32), k)
    return scores, rows
