"""The verbs on plain arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from harness.search import BothWays
    from harness.search.mining import Mined, Mining


def neighbours(
    left: ArrayLike,
    right: ArrayLike,
    k: int = 4,
    *,
    how: str = "auto",
    threads: int = 0,
    device: str = "cpu",
) -> BothWays:
    """Find each left row's nearest right rows and each right row's nearest left rows, exactly.

    One pass over the similarities (inner products) serves both directions; memory beyond the
    embeddings is a block for each thread and what is returned.

    Args:
        left: (rows, dimensions), float32, float64 or float16; L2-normalised for cosine. What is
            not float32 in the order of its rows is copied.
        right: (rows, dimensions), likewise.
        k: Neighbours of each row, 1 to 50,000; all of the other side, where there are fewer.
        how: ``fp32``; ``bf16``, the same neighbours by a filter in bfloat16 whose answers are
            proven or searched again; ``auto``, the quicker of both on this processor; or a faiss
            index by its factory string (``IVF4096,Flat``, ``HNSW32``), which may miss some.
        threads: CPU threads, at most; 0 for as many as torch uses.
        device: ``cpu``, or a torch device with memory for both sides.

    Returns:
        ``forward`` and ``backward``, each with ``scores`` float32 (rows, k), the best first, and
        ``rows`` int64 (rows, k), of equal scores the lower row first; and ``facts``: how it was
        done, how many rows were searched again, the recall where it is not exact, warnings.

    Raises:
        HarnessError: An array is not of numbers and two dimensions, their widths differ, a value is
            NaN or infinite, or ``k``, ``how`` or ``device`` is not allowed.
    """
    from harness.search import nearest_both

    return nearest_both(left, right, k, how=how, threads=threads or None, device=device)


def mine(
    left: ArrayLike,
    right: ArrayLike,
    settings: Mining | str = "xtreme-paper",
    *,
    how: str = "auto",
    threads: int = 0,
    device: str = "cpu",
) -> Mined:
    """Mine translation pairs from the embeddings of two collections of sentences.

    Args:
        left: (sentences, dimensions), float32, float64 or float16; L2-normalised, each sentence
            once.
        right: (sentences, dimensions), likewise.
        settings: A published procedure by name (``xtreme-paper``, ``xtreme-script``, ``x-stilts``),
            or ``harness.search.mining.Mining``: neighbours, margin, retrieval, mean shift.
        how: As ``neighbours`` takes it.
        threads: CPU threads, at most; 0 for as many as torch uses.
        device: As ``neighbours`` takes it.

    Returns:
        ``left`` and ``right``, int64 (pairs,), the sentences' numbers, and ``scores``, float32
        (pairs,), their margins, the best first.

    Raises:
        HarnessError: An array is not of numbers and two dimensions, their widths differ, a value or
            a margin is not finite, or a setting is not allowed.
    """
    from harness.search.mining import mine as mine_pairs

    return mine_pairs(left, right, settings, how=how, threads=threads or None, device=device)
