"""Nearest neighbours by inner product, exact unless an index is named."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.bounds import THREADS
from harness.errors import HarnessError
from harness.search.arrays import check_pair, checked, tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from harness.search.arrays import Rows
    from harness.search.top_k import TopK

log = logging.getLogger("harness")
LARGE = 1_000_000  # rows from which an approximate index pays (docs/methodology.md)
MANY_FALLEN = 0.001  # share of the rows from which it is a warning


@dataclass(frozen=True)
class Neighbours:
    """Each row's best, the highest score first; of equal scores the lower row first.

    Attributes:
        scores: float32 (rows, k), inner products.
        rows: int64 (rows, k), the numbers of the rows that were found.
    """

    scores: NDArray[np.float32]
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class SearchFacts:
    """How a search was done.

    Attributes:
        how: ``exact, fp32``, ``exact, bf16 filter``, or ``faiss`` and its index.
        why: Why it was done so.
        fallen: Rows, of all directions, that were searched whole in float32 because what was found
            for them was not certain.
        recall: Share of the true neighbours found, measured on a sample; None where all are.
        warnings: What the user should know.
    """

    how: str
    why: str
    fallen: int = 0
    recall: float | None = None
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it in a line, each warning in one more."""
        recall = "" if self.recall is None else f"; recall {self.recall:.4f} on a sample"
        fallen = f"; {self.fallen:,} rows searched again in fp32" if self.fallen else ""
        return "\n".join([f"{self.how} ({self.why}){recall}{fallen}", *self.warnings])


@dataclass(frozen=True)
class BothWays:
    """The neighbours of each left row among the right ones, and the other way round.

    Attributes:
        forward: Of each left row.
        backward: Of each right row.
        facts: How they were found.
    """

    forward: Neighbours
    backward: Neighbours
    facts: SearchFacts


@dataclass(frozen=True)
class _Choice:
    """What a caller asks for."""

    how: str
    threads: int
    device: str = "cpu"
    both: bool = False


def nearest(
    queries: ArrayLike, index: ArrayLike, k: int, *, how: str = "auto", threads: int | None = None
) -> Neighbours:
    """Return each query's ``k`` nearest rows by inner product, the best first.

    Args:
        queries: (queries, dimensions), float32, float64 or float16; L2-normalised for cosine.
        index: (rows, dimensions), likewise.
        k: Neighbours wanted, 1 to 50,000; all rows, where there are fewer.
        how: As ``nearest_both`` takes it.
        threads: Threads, at most; None for as many as torch uses.

    Raises:
        HarnessError: An array is not of numbers and two dimensions, their widths differ, or ``k``
            or ``how`` is not allowed.
        NotFinite: A value is NaN, infinite, or beyond float32.
    """
    x, y = _sides(queries, index, k, ("queries", "index"))
    (found,), _ = _search(x, y, k, _Choice(how, threads or 0))
    return found


def nearest_both(
    left: ArrayLike,
    right: ArrayLike,
    k: int,
    *,
    how: str = "auto",
    threads: int | None = None,
    device: str = "cpu",
) -> BothWays:
    """Return each left row's ``k`` nearest right rows and each right row's nearest left rows.

    One pass over the similarities serves both directions. Beyond the embeddings, memory is what is
    returned and, for each thread, a block and 12 bytes for each right row and each of ``k``.

    Args:
        left: (rows, dimensions), float32, float64 or float16; L2-normalised for cosine. What is not
            float32 in order of its rows is copied.
        right: (rows, dimensions), likewise.
        k: Neighbours wanted, 1 to 50,000; all rows of the other side, where there are fewer.
        how: ``fp32``: exact. ``bf16``: the same neighbours, by a filter in bfloat16 whose answers
            are proven, or searched again in float32. ``auto``: the filter where the processor has
            instructions for it, else fp32. Else a faiss index by its factory string, e.g. ``Flat``,
            ``IVF4096,Flat``, ``HNSW32``: it may miss neighbours, and what it finds is measured.
        threads: Threads, at most; None for as many as torch uses.
        device: ``cpu``, or a torch device with memory for both sides (not with faiss).

    Raises:
        HarnessError: An array is not of numbers and two dimensions, their widths differ, or ``k``,
            ``how`` or ``device`` is not allowed.
        NotFinite: A value is NaN, infinite, or beyond float32.
    """
    x, y = _sides(left, right, k, ("left", "right"))
    (forward, backward), facts = _search(x, y, k, _Choice(how, threads or 0, device, both=True))
    return BothWays(forward, backward, facts)


def _sides(left: ArrayLike, right: ArrayLike, k: int, names: tuple[str, str]) -> tuple[Rows, Rows]:
    """Return both sides, checked with each other and with k."""
    import numpy as np

    from harness.search.top_k import MOST

    x, y = checked(left, names[0]), checked(right, names[1])
    check_pair(x, y, names)
    whole = isinstance(k, (int, np.integer)) and not isinstance(k, bool)
    if not whole or k < 1 or min(k, max(len(x), len(y))) > MOST:
        raise HarnessError(f"k: {k!r:.20}; expected a whole number from 1 to {MOST:,}")
    return x, y


def _search(
    left: Rows, right: Rows, k: int, choice: _Choice
) -> tuple[list[Neighbours], SearchFacts]:
    """Search in one or both directions, in the way chosen, and log its warnings."""
    import torch

    if not isinstance(choice.how, str):
        raise HarnessError(
            f"how: {choice.how!r:.60}; expected auto, fp32, bf16 or a faiss index like IVF1024,Flat"
        )
    if not isinstance(choice.device, str):
        raise HarnessError(f"device: {choice.device!r:.60}; expected cpu or a torch device's name")
    if choice.threads not in THREADS:
        raise HarnessError(f"threads: {choice.threads!r:.20}; expected {THREADS}")
    how, why = _chosen(choice, max(len(left), len(right)))
    choice = replace(choice, how=how, threads=choice.threads or torch.get_num_threads())
    search = _exact if how in ("fp32", "bf16") else _approximate
    ways, facts = search(left, right, k, choice)
    for warning in facts.warnings:
        log.warning(warning)
    return ways, replace(facts, why=why)


def _approximate(
    left: Rows, right: Rows, k: int, choice: _Choice
) -> tuple[list[Neighbours], SearchFacts]:
    """Search by an index of faiss."""
    from harness.search import faiss_index

    if choice.device != "cpu":
        raise HarnessError(f"how {choice.how!r:.60}: faiss searches on the CPU; leave device out")
    pairs = [(left, right), (right, left)] if choice.both else [(left, right)]
    answer = faiss_index.search(pairs, k, choice.how, choice.threads)
    facts = SearchFacts(
        f"faiss {choice.how}", "", answer.fallen, answer.recall, faiss_index.warnings()
    )
    return [Neighbours(scores, rows) for scores, rows in answer.ways], facts


def _exact(
    left: Rows, right: Rows, k: int, choice: _Choice
) -> tuple[list[Neighbours], SearchFacts]:
    """Search all, in float32 or by the filter in bfloat16."""
    from harness.search import bf16_filter, blocks

    x, y = tensor(left, choice.device), tensor(right, choice.device)
    if choice.how == "fp32":
        ways = blocks.search(x, y, k, both=choice.both, threads=choice.threads)
        return [_neighbours(way) for way in ways], SearchFacts("exact, fp32", "")
    ways, fallen = bf16_filter.search(x, y, k, both=choice.both, threads=choice.threads)
    total = len(left) + (len(right) if choice.both else 0)
    warnings = (
        f"{fallen:,} of {total:,} rows were not certain in bfloat16, so searched in float32;"
        " are many rows nearly the same? how='fp32' spares the first search",
    )
    many = fallen > MANY_FALLEN * total
    facts = SearchFacts("exact, bf16 filter", "", fallen, warnings=warnings if many else ())
    return [_neighbours(way) for way in ways], facts


def _neighbours(best: TopK) -> Neighbours:
    return Neighbours(best.scores.cpu().numpy(), best.rows.cpu().numpy())


def _chosen(choice: _Choice, rows: int) -> tuple[str, str]:
    """Return how to search, and why.

    Beyond a million rows an index would be quicker, yet ``auto`` stays exact: neighbours that are
    missed change scores, so they are missed only where that was asked for.
    """
    from harness.search import bf16_filter

    if choice.how != "auto":
        return choice.how, "asked for"
    quick, why = bf16_filter.pays(choice.device)
    if rows > LARGE:
        lists = 2 ** round(4 * rows**0.5 - 1).bit_length()
        why += (
            f"; exact, though of {rows:,} rows how='IVF{lists},Flat' would be quicker and miss some"
        )
    return ("bf16" if quick else "fp32"), why
