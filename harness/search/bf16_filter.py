"""Exact neighbours by a search in bfloat16 whose answers are proven, or found again in float32.

Both sides are centred and rounded to bfloat16. What a row's similarities may be off by is bounded
by the true norms of what rounding took away, so a row whose k-th best, computed in float32, is
above all that its bound allows to the others has the right neighbours. Others are searched whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.search import blocks
from harness.search.arrays import mean_of
from harness.search.top_k import TopK

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    Numbers = NDArray[np.float64]

KEPT = 4  # times k that the filter keeps of each row
CHUNK = 256  # rows rescored at a time
FALLEN = 4096  # rows searched again at a time
HALF = 2.0**-8  # rounding to bfloat16 changes a number by this share of it, at most
UNIT = 2.0**-24  # the same of float32
DOUBLE = 2.0**-52  # and more than that of float64
TINY = 2.0**-125  # what is smaller may count as zero
INSTRUCTIONS = ("amx_bf16", "avx512_bf16")


@dataclass(frozen=True)
class Rounded:
    """A side in bfloat16, and how far that is from it.

    A row x less the side's mean m, with n the mean of the other side, is rounded and followed by
    x·n - m·n in two pieces and two ones (the other side has its ones first), so that the product of
    two rounded rows is near x·y - m·n.

    Attributes:
        rows: bfloat16 (rows, dimensions + 4).
        norms: The centred rows' norms, float64 (rows,).
        lost: The norms of what rounding took from them.
        term: The absolute value of the two pieces together.
        term_lost: What rounding took from the term.
    """

    rows: Tensor
    norms: Numbers
    lost: Numbers
    term: Numbers
    term_lost: Numbers


def pays(device: str) -> tuple[bool, str]:
    """Return whether a device multiplies bfloat16 quicker than float32, and the reason in words."""
    import torch

    if device.partition(":")[0] == "cuda":
        quick = torch.cuda.is_bf16_supported(including_emulation=False)
        return quick, f"the GPU has {'' if quick else 'no '}bfloat16"
    if device != "cpu":
        return False, f"no proof of bfloat16 on {device}"
    place = Path("/proc/cpuinfo")
    lines = place.read_text("utf-8", "replace").splitlines() if place.exists() else []
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    found = next((name for name in INSTRUCTIONS if name in flags), "")
    return bool(found), f"the CPU has {found or 'no instructions for bfloat16'}"


def search(
    left: Tensor, right: Tensor, k: int, *, both: bool, threads: int
) -> tuple[list[TopK], int]:
    """Return what ``blocks.search`` does, and how many rows were searched again in float32.

    Args:
        left: float32 (rows, dimensions), finite.
        right: The same, on the same device.
        k: Best wanted, at least 1; all there are, where there are fewer.
        both: Whether the right rows ask, too.
        threads: Python threads, at most.
    """
    import torch

    if not len(left) or not len(right):
        return blocks.search(left, right, k, both=both, threads=threads), 0
    means = [_mean(side) for side in (left, right)]
    apart = float(means[0] @ means[1])  # what all similarities in the filter lack
    sides = (rounded(left, *means, ones_first=False), rounded(right, *means[::-1], ones_first=True))
    found = blocks.search(sides[0].rows, sides[1].rows, k * KEPT, both=both, threads=threads)
    ways = [(left, right, *sides), (right, left, *sides[::-1])]
    best, fallen = [], 0
    for kept, (own, other, own_rounded, other_rounded) in zip(found, ways, strict=False):
        bound = errors(own_rounded, other_rounded)
        one, uncertain = _rescored(own, other, kept, k, bound, apart, threads)
        for some in torch.split(uncertain, FALLEN):
            again = blocks.search(own[some], other, k, both=False, threads=threads)[0]
            one.scores[some], one.rows[some] = again.scores, again.rows
        best.append(one)
        fallen += len(uncertain)
    return best, fallen


def rounded(rows: Tensor, mean: Tensor, other: Tensor, *, ones_first: bool) -> Rounded:
    """Return a side in bfloat16, made block by block, without a float32 copy of the whole.

    Args:
        rows: float32 (rows, dimensions).
        mean: Its mean, float64 but with the digits of float32.
        other: The mean of the other side.
        ones_first: Whether the ones stand before the term.
    """
    import torch

    count, width = rows.shape
    small = rows.new_empty((count, width + 4), dtype=torch.bfloat16)
    ones, terms = (slice(-4, -2), slice(-2, None))[:: 1 if ones_first else -1]
    small[:, ones] = 1
    centre, apart = mean.float(), mean @ other
    reach = float(mean.norm()), float(other.norm())
    facts = torch.empty((4, count), dtype=torch.float64)
    for start in range(0, count, blocks.ROWS):
        here = slice(start, start + blocks.ROWS)
        centred = rows[here] - centre
        near = small[here, :width] = centred.to(torch.bfloat16)
        norms = _norms(centred)
        term = rows[here].double() @ other - apart
        high = term.to(torch.bfloat16)
        low = (term - high).to(torch.bfloat16)
        small[here, terms] = torch.stack([high, low], 1)
        facts[0, here] = norms * (1 + UNIT)
        facts[1, here] = _norms(centred - near) + UNIT * norms  # centring rounds, too
        facts[2, here] = high.double().abs() + low.double().abs()
        summed = width * DOUBLE * (norms + 2 * reach[0]) * reach[1]
        facts[3, here] = (term - high.double() - low.double()).abs() + summed
    return Rounded(small, *facts.numpy())


def errors(own: Rounded, other: Rounded) -> Numbers:
    """Return how far off each own row's products with the others may be, float64 (rows,).

    Before the product itself is rounded to bfloat16: |x·y - A·B| is at most
    |x - A|·|y| + |A|·|y - B|, what the terms lost, and d·2^-24 of the sum of absolute products, for
    sums in float32 in any order (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
    """
    width = own.rows.shape[1]
    largest, lost = other.norms.max(), other.lost.max()
    size = own.norms + own.lost
    products = size * (largest + lost) + own.term + other.term.max()
    sums = width * UNIT / (1 - width * UNIT) * products
    flushed = TINY * width * (1 + size + largest)
    return own.lost * largest + size * lost + own.term_lost + other.term_lost.max() + sums + flushed


def highest(product: Numbers, error: Numbers) -> Numbers:
    """Return the highest that a similarity may be whose product in bfloat16 is given.

    Args:
        product: Products, rounded to bfloat16.
        error: How far they may have been off before.
    """
    import numpy as np

    return product + HALF * np.abs(product) + error


def certain(last: Numbers, unseen: Numbers, error: Numbers) -> NDArray[np.bool_]:
    """Return for which rows nothing unseen can be as good as the last of the best.

    NaN is never certain.

    Args:
        last: The similarity of the k-th best, on the scale of the products.
        unseen: The highest product among all that were not kept.
        error: How far products may be off.
    """
    return last > highest(unseen, error)


def _rescored(
    own: Tensor,
    other: Tensor,
    kept: TopK,
    k: int,
    bound: Numbers,
    apart: float,
    threads: int,
) -> tuple[TopK, Tensor]:
    """Return the best of what the filter kept, in float32, and the rows that are not certain."""
    import torch

    best = TopK.empty(len(own), min(k, len(other)), own.device)
    sure = torch.empty(len(own), dtype=torch.bool)

    def rescore(start: int) -> None:
        here = slice(start, start + CHUNK)
        some = TopK(kept.scores[here], kept.rows[here])
        one, ok = _best_of(own[here], other, some, k, bound[here], apart)
        best.scores[here], best.rows[here], sure[here] = one.scores, one.rows, torch.from_numpy(ok)

    blocks.in_threads(rescore, range(0, len(own), CHUNK), threads if own.is_cpu else 1)
    return best, (~sure).nonzero()[:, 0].to(own.device)


def _best_of(
    own: Tensor, other: Tensor, kept: TopK, k: int, bound: Numbers, apart: float
) -> tuple[TopK, NDArray[np.bool_]]:
    """Compute similarities again, the highest first, as far as they may be among the best.

    Returns:
        The best, and which rows are certain.
    """
    import numpy as np
    import torch

    products = kept.scores.double().cpu().numpy()
    width = products.shape[1]
    scores = torch.full_like(kept.scores, -torch.inf)
    last = np.full(len(own), -np.inf)
    for start in range(0, width, k):
        slab = slice(start, min(start + k, width))
        asking = np.flatnonzero(~(highest(products[:, start], bound) < last))
        if not len(asking):
            break
        rows = torch.from_numpy(asking).to(own.device)
        scores[rows, slab] = blocks.products_of(own[rows], other, kept.rows[rows, slab])
        if slab.stop >= min(k, len(other)):
            last = scores.topk(min(k, len(other))).values[:, -1].double().cpu().numpy() - apart
    order = kept.rows.argsort(1)  # equal scores stand in the order of their rows
    order = order.gather(1, scores.gather(1, order).argsort(dim=1, descending=True, stable=True))
    order = order[:, : min(k, len(other))]
    best = TopK(scores.gather(1, order), kept.rows.gather(1, order))
    if width == len(other):
        return best, np.isfinite(last)  # nothing is unseen
    return best, certain(last, products[:, -1], bound)


def _norms(rows: Tensor) -> Tensor:
    """Return the rows' norms, float64: float32 may not hold their squares."""
    import torch

    return torch.linalg.vector_norm(rows, dim=1, dtype=torch.float64)


def _mean(rows: Tensor) -> Tensor:
    """Return the mean row, float64 but with the digits of float32."""
    return mean_of(rows).float().double()
