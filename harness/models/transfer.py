"""Batches to a device and answers from it, so that neither waits for the other."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from harness.models.device import is_out_of_memory

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

T = TypeVar("T")
R = TypeVar("R")
Begun = Callable[[], R]
"""Work that is queued on a device: called, it waits for it and returns what came out."""

_SAID: set[str] = set()  # that memory ran out, once a process

log = logging.getLogger("harness")


def to_device(inputs: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a batch's inputs on a device; to a GPU they go through pinned memory.

    Such copies are queued like kernels: this process goes on meanwhile.

    Args:
        inputs: Tensors on the CPU, and what is none and stays as it is.
        name: The torch device.
    """
    import torch

    if name == "cpu":
        return inputs
    pinned = name.partition(":")[0] == "cuda"
    return {
        key: (x.pin_memory() if pinned else x).to(name, non_blocking=pinned)
        if isinstance(x, torch.Tensor) and x.device.type == "cpu"
        else x
        for key, x in inputs.items()
    }


def fetched(tensors: Sequence[torch.Tensor]) -> Begun[list[NDArray[np.float32]]]:
    """Return what gives tensors as arrays; from a GPU their copies are queued now.

    Args:
        tensors: Tensors of one device, in float32.
    """
    if not tensors or tensors[0].device.type != "cuda":
        return lambda: [one.cpu().numpy() for one in tensors]
    import torch

    copies = [one.to("cpu", non_blocking=True) for one in tensors]  # torch pins them
    there = torch.cuda.Event()  # type: ignore[no-untyped-call]
    there.record()

    def wait() -> list[NDArray[np.float32]]:
        there.synchronize()  # what is queued after the copies is not waited for
        return [one.numpy().copy() for one in copies]  # pinned memory is scarce

    return wait


def in_turn(begin: Callable[[T], Iterable[Begun[R]]], items: Iterable[T]) -> Iterator[R]:
    """Yield the results of work on items, each waited for when the next one is queued.

    Args:
        begin: Queues the work on an item, in one part or several.
        items: The items.
    """
    waiting: deque[Begun[R]] = deque()
    for item in items:
        before = len(waiting)
        waiting.extend(begin(item))
        for _ in range(before):
            yield waiting.popleft()()
    while waiting:
        yield waiting.popleft()()


def in_parts(
    begin: Callable[[T], Begun[R]], item: T, halved: Callable[[T], Sequence[T]]
) -> list[Begun[R]]:
    """Queue the work on an item; where memory runs out, that on its halves.

    Args:
        begin: Queues the work on an item.
        item: The item.
        halved: Cuts an item in two, or gives it alone if it cannot be cut.
    """
    try:
        return [begin(item)]
    except (RuntimeError, MemoryError) as error:
        halves = halved(item)
        if len(halves) < 2 or not is_out_of_memory(error):
            raise
    if not _SAID:
        _SAID.add("")
        log.warning("out of memory: batches that do not fit are cut in two")
    _free()
    return [part for half in halves for part in in_parts(begin, half, halved)]


def _free() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
