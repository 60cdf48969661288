"""Work on batches: spread over threads of one core each, and what they need prepared ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

AHEAD = 2  # items that are prepared or waiting beyond those in work, for each thread


def spread(work: Callable[[T], R], items: Iterable[T], threads: int) -> Iterator[R]:
    """Yield the results of some work on items, in their order.

    Each thread computes with one core: threads within an operation spin while they wait, which on
    a shared machine costs more CPU time than the operation. A single item takes all cores.

    Args:
        work: What to do with an item.
        items: The items; they are taken as they are needed.
        threads: Threads to use. With one, the caller's does the work.
    """
    source = iter(items)
    first = list(islice(source, 2))
    if threads <= 1 or len(first) < 2:
        for item in first:
            yield work(item)
        yield from map(work, source)
        return
    import torch

    try:
        with ThreadPoolExecutor(threads, initializer=lambda: torch.set_num_threads(1)) as pool:
            waiting = deque(pool.submit(work, item) for item in first)
            try:
                for item in islice(source, AHEAD * threads):
                    waiting.append(pool.submit(work, item))
                while waiting:
                    yield waiting.popleft().result()
                    waiting.extend(pool.submit(work, item) for item in islice(source, 1))
            finally:
                for future in waiting:
                    future.cancel()
    finally:
        torch.set_num_threads(threads)  # a thread's number is also that of threads to come


def ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield items, the next one being made in a thread meanwhile."""
    source = iter(items)
    end = object()

    def make() -> object:
        return next(source, end)

    with ThreadPoolExecutor(1) as pool:
        coming: Future[object] = pool.submit(make)
        while (item := coming.result()) is not end:
            coming = pool.submit(make)
            yield item  # type: ignore[misc] # it is an item, since it is not the end
