"""One pass over the blocks of a similarity matrix, for both directions' best or for one's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from harness.search.openblas import Held, openblas_of
from harness.search.top_k import GROUP, Groups, TopK

if TYPE_CHECKING:
    from torch import Tensor

ROWS, COLUMNS = 1024, 4096
"""Of a block on a CPU: 16 MB of float32; half as wide, all but the products takes 1.3 times."""
AVX2_KERNELS = ("Haswell", "Zen")
"""The names that OpenBLAS gives to its kernels for AVX2."""
GATHERED = 2**22
"""Numbers of the others' rows that are copied at a time, for each thread: 16 MB of float32."""
_OF_TORCH = Held()
Part = TypeVar("Part")
Found = TypeVar("Found")
ACCELERATOR_ROWS, ACCELERATOR_COLUMNS = 4096, 8192


def search(left: Tensor, right: Tensor, k: int, *, both: bool, threads: int) -> list[TopK]:
    """Return the best of each left row among the right ones and, if both, the other way round.

    Memory is bounded by what is returned and, for each thread, by a block and, if both, the best of
    all right rows: 12 bytes for each of them and each of k. Threads take parts of the left rows,
    each with one thread of torch, since threads within a product wait for each other.

    Args:
        left: float32 or bfloat16 (rows, dimensions), finite, its products too.
        right: The same, on the same device.
        k: Best wanted, at least 1; all there are, where there are fewer.
        both: Whether the right rows ask, too.
        threads: Python threads, at most.
    """
    import torch

    if left.device.type != "cpu":
        return _part(left, right, k, both, range(len(left)), Event())
    spans = list(_spans(range(len(left)), ROWS))
    count = max(1, min(threads, len(spans)))
    cuts = [spans[len(spans) * i // count].start if spans else 0 for i in range(count)]
    parts = [range(a, b) for a, b in zip(cuts, [*cuts[1:], len(left)], strict=True)]
    stop = Event()
    work = partial(_part, left, right, k, both, stop=stop)
    found = in_threads(work, parts, count, stop)
    ahead, *back = zip(*found, strict=True)
    best = TopK(torch.cat([one.scores for one in ahead]), torch.cat([one.rows for one in ahead]))
    return [best, *map(TopK.joined, back)]


def in_threads(
    work: Callable[[Part], Found],
    parts: Sequence[Part],
    threads: int,
    stop: Event | None = None,
) -> list[Found]:
    """Return what work gives for each part; torch and numpy have one thread in each of ours.

    A new thread takes its number of threads from torch's, not from who starts it; the caller's and
    that of threads to come are as before afterwards, of calls that overlap after the last.

    Args:
        work: Done for each part.
        parts: What it is done for.
        threads: Threads, at most.
        stop: Set when an error, or Ctrl-C, ends it all: long parts look at it now and then.
    """
    import torch

    stop, blas = stop or Event(), openblas_of("numpy")

    def watched(part: Part) -> Found:
        try:
            return work(part)
        except BaseException:
            stop.set()
            raise

    one = _OF_TORCH.at_one(torch.get_num_threads, torch.set_num_threads, own=True)
    with one, blas.one_thread() if blas else nullcontext():
        if min(threads, len(parts)) < 2:
            return [work(part) for part in parts]
        with ThreadPoolExecutor(threads, "search", torch.set_num_threads, (1,)) as pool:
            try:
                return list(pool.map(watched, parts))
            except BaseException:  # Ctrl-C, too
                stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _part(left: Tensor, right: Tensor, k: int, both: bool, rows: range, stop: Event) -> list[TopK]:
    """Search for a part of the left rows; the right rows' best are of this part alone.

    What is returned after a stop is incomplete, and never used.
    """
    on_cpu = left.device.type == "cpu"
    height, width = (ROWS, COLUMNS) if on_cpu else (ACCELERATOR_ROWS, ACCELERATOR_COLUMNS)
    ahead = TopK.empty(len(rows), min(k, len(right)), left.device)
    back = TopK.empty(len(right) if both else 0, min(k, len(left)), left.device)
    for columns in _spans(range(len(right)), width):
        times = product(right[columns], height)
        for own in _spans(rows, height):
            if stop.is_set():
                return [ahead, back]
            block = times(left[own])
            here = slice(own.start - rows.start, own.stop - rows.start)
            ahead.offer(here, Groups.of(block, across=True), columns.start)
            if both:
                back.offer(columns, Groups.of(block, across=False), own.start)
    return [ahead, back] if both else [ahead]


def product(right: Tensor, height: int) -> Callable[[Tensor], Tensor]:
    """Return what multiplies left rows with right ones: (rows, right rows), up to whole groups.

    Where a CPU has AVX-512, oneDNN is the quickest, elsewhere numpy's OpenBLAS, if it has chosen a
    kernel for AVX2, else the BLAS that torch is built with (docs/benchmarks.md). Never decided by
    timing: they differ in their last digits.

    Args:
        right: The right rows.
        height: How many left rows there will be in most calls.
    """
    import torch

    if right.is_cpu and prefers_onednn():
        packed = torch.ops.mkldnn._reorder_linear_weight(right, height)  # noqa: SLF001
        linear = torch.ops.mkldnn._linear_pointwise  # noqa: SLF001 – no public name gives this
        return lambda left: _padded(linear(left, packed, None, "none", [], ""))
    if right.is_cuda and right.dtype == torch.bfloat16:  # partial sums must not be rounded
        return lambda left: _padded(torch.mm(left, right.T, out_dtype=torch.float32))
    # Fresh memory for each block, and a copy of those at the edge, would cost some 5 %.
    space = right.new_empty(_whole(height) * _whole(len(right)))
    through_numpy = right.is_cpu and right.dtype == torch.float32 and prefers_numpy()
    return lambda left: _into(space, left, right, through_numpy)


def _into(space: Tensor, left: Tensor, right: Tensor, through_numpy: bool) -> Tensor:
    """Return the product in the space, in whole groups."""
    import numpy as np
    import torch

    rows, columns = len(left), len(right)
    high, wide = _whole(rows), _whole(columns)
    block = space[: high * wide].view(high, wide)
    block[rows:] = -torch.inf  # what is beyond the edge is never found
    block[:rows, columns:] = -torch.inf
    if through_numpy:
        np.matmul(left.numpy(), right.numpy().T, out=block[:rows, :columns].numpy())
    else:
        torch.mm(left, right.T, out=block[:rows, :columns])
    return block


def products_of(own: Tensor, other: Tensor, rows: Tensor) -> Tensor:
    """Return the inner products of each own row with some of the others, float32.

    Args:
        own: float32 (own rows, dimensions).
        other: float32 (others, dimensions).
        rows: The numbers of the others, (own rows, how many of them for each).
    """
    import torch

    products = own.new_empty(rows.shape)
    dimensions = max(1, own.shape[1])
    across = max(1, min(rows.shape[1], GATHERED // dimensions))
    down = max(1, GATHERED // (across * dimensions))
    parts = zip(*(torch.split(whole, down) for whole in (own, rows, products)), strict=True)
    for some, numbers, space in parts:
        for at, into in zip(
            torch.split(numbers, across, 1), torch.split(space, across, 1), strict=True
        ):
            into[:] = torch.bmm(other[at], some[:, :, None])[:, :, 0]
    return products


def _whole(count: int) -> int:
    return -(-count // GROUP) * GROUP


def prefers_onednn() -> bool:
    """Return whether products go through oneDNN's linear layer on this CPU."""
    import torch

    wide = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    there = hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    return bool(wide and torch.backends.mkldnn.enabled and there)


def prefers_numpy() -> bool:
    """Return whether other products go through numpy on this CPU."""
    blas = openblas_of("numpy")
    return blas is not None and blas.kernel() in AVX2_KERNELS


def _padded(block: Tensor) -> Tensor:
    """Return a block in whole groups."""
    import torch

    rows, columns = block.shape
    edge = (0, _whole(columns) - columns, 0, _whole(rows) - rows)
    return torch.nn.functional.pad(block, edge, value=-torch.inf) if any(edge) else block


def _spans(rows: range, size: int) -> Iterator[slice]:
    """Yield a range in nearly equal spans of at most a size, all but the last of whole groups."""
    count = -(-len(rows) // size)
    step = _whole(-(-len(rows) // max(1, count)))
    for start in range(rows.start, rows.stop, step or 1):
        yield slice(start, min(start + step, rows.stop))
