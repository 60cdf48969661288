"""Approximate neighbours by a faiss index, and what share of the true ones it finds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.search import blocks
from harness.search.arrays import tensor
from harness.search.openblas import openblas_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.search.arrays import Rows

SAMPLE = 512  # rows of each direction whose true neighbours are found, to measure recall
TIE = 1e-6  # a neighbour is as good as a true one if its cosine is no more than this below
SCORED = 1024  # rows scored at a time
LEAST_LINKS = 2  # of HNSW; fewer end the process
GENERIC = ("prescott", "core2", "nehalem", "katmai", "northwood", "generic", "armv8")
"""Kernels of OpenBLAS without AVX2 or what is like it."""


@dataclass(frozen=True)
class Answer:
    """What an index found.

    Attributes:
        ways: Scores float32 (rows, k) and rows int64 (rows, k) of each direction.
        recall: Share of the true neighbours that were found, on a sample of the rows.
        fallen: Rows for which the index found fewer than k, so that they were searched exactly.
    """

    ways: list[tuple[NDArray[np.float32], NDArray[np.int64]]]
    recall: float
    fallen: int


def search(pairs: list[tuple[Rows, Rows]], k: int, factory: str, threads: int) -> Answer:
    """Search the second of each pair of sides for the neighbours of the first.

    An index with inverted lists looks at the square root of their number, at least 8.

    Args:
        pairs: Queries and what is indexed.
        k: Neighbours wanted; all there are, where there are fewer.
        factory: What ``faiss.index_factory`` takes.
        threads: Threads, at most.

    Raises:
        HarnessError: faiss cannot search such an index of these rows.
    """
    import faiss
    import numpy as np

    ways, hits, asked, fallen = [], 0.0, 0, 0
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(threads)
    try:
        for queries, index in pairs:
            wanted = min(k, len(index))
            rows = _search(queries, index, wanted, factory)
            lost = np.flatnonzero((rows < 0).any(axis=1))
            fallen += len(lost)
            rows[lost] = _exact(queries[lost], index, wanted, threads)
            scores = _scores(queries, index, rows, threads)
            order = np.lexsort((rows, -scores), axis=1)
            scores, rows = np.take_along_axis(scores, order, 1), np.take_along_axis(rows, order, 1)
            hits += _hits(queries, index, scores, threads)
            asked += min(SAMPLE, len(queries)) * wanted
            ways.append((scores, rows))
    finally:
        faiss.omp_set_num_threads(before)
    return Answer(ways, hits / asked if asked else 1.0, fallen)


def _search(queries: Rows, index: Rows, k: int, factory: str) -> NDArray[np.int64]:
    """Build the index and ask it; -1 where it finds fewer than k.

    Its scores are of no use: an index that stores codes has those of the codes.
    """
    import faiss
    import numpy as np

    if not k or not len(queries):
        return np.zeros((len(queries), k), np.int64)
    if any(int(links) < LEAST_LINKS for links in re.findall(r"HNSW(\d+)", factory)):
        raise HarnessError(
            f"how {factory!r:.60}: HNSW needs at least {LEAST_LINKS} links; expected e.g. HNSW32"
        )
    try:
        built = faiss.index_factory(index.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
        built.train(index)
        built.add(index)
        lists = faiss.try_extract_index_ivf(built)
        if lists is not None:
            lists.nprobe = min(lists.nlist, max(8, round(lists.nlist**0.5)))
        rows: NDArray[np.int64] = built.search(queries, k)[1]
    except (RuntimeError, MemoryError) as error:
        reason = (str(error).splitlines() or ["no memory"])[0].rpartition(": ")[2]
        raise HarnessError(
            f"how {factory!r:.60}: faiss cannot search this index of {len(index):,} rows "
            f"({reason:.120}); expected auto, fp32, bf16 or a faiss index like IVF1024,Flat"
        ) from error
    return rows


def _scores(
    queries: Rows, index: Rows, rows: NDArray[np.int64], threads: int
) -> NDArray[np.float32]:
    """Return the inner products of each query with the rows found for it."""
    import numpy as np

    scores = np.zeros(rows.shape, np.float32)
    if not rows.size:
        return scores
    x, y, numbers = tensor(queries), tensor(index), tensor(rows)

    def score(start: int) -> None:
        here = slice(start, start + SCORED)
        scores[here] = blocks.products_of(x[here], y, numbers[here]).numpy()

    blocks.in_threads(score, range(0, len(rows), SCORED), threads)
    return scores


def _exact(queries: Rows, index: Rows, k: int, threads: int) -> NDArray[np.int64]:
    best = blocks.search(tensor(queries), tensor(index), k, both=False, threads=threads)[0]
    return best.rows.numpy()


def _hits(queries: Rows, index: Rows, scores: NDArray[np.float32], threads: int) -> float:
    """Return how many true neighbours of a sample of the queries were found.

    A tie is a share of the norms, so that it is the same for rows of any size.
    """
    import numpy as np

    k = scores.shape[1]
    if not len(queries) or not k:
        return 0.0
    places = np.linspace(0, len(queries) - 1, min(SAMPLE, len(queries))).astype(np.int64)
    sample = np.ascontiguousarray(queries[places])
    rows = _exact(sample, index, k, threads)
    true = _scores(sample, index, rows, threads).min(axis=1)
    sides = (sample, index[rows[:, -1]])
    norms = [np.linalg.norm(side.astype(np.float64), axis=1) for side in sides]
    return float((scores[places] >= (true - TIE * norms[0] * norms[1])[:, None]).sum())


def warnings() -> tuple[str, ...]:
    """Return a warning if the BLAS that faiss brings has chosen a kernel for old processors.

    OpenBLAS does not know processors newer than itself: its products then take four times as long.
    """
    kernel = blas_kernel()
    if kernel.lower() not in GENERIC:
        return ()
    return (
        f"faiss multiplies with OpenBLAS' kernel {kernel}, an old one: set OPENBLAS_CORETYPE "
        "in the environment (Haswell where there is AVX2, SkylakeX with AVX-512)",
    )


def blas_kernel() -> str:
    """Return the kernel that faiss' own OpenBLAS has chosen, "" if that cannot be told."""
    import faiss  # noqa: F401 – loads it

    blas = openblas_of("faiss")
    return blas.kernel() if blas else ""
