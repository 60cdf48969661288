"""Local slots: worker processes with a GPU or a share of the CPU's threads each.

A slot is a pool of one process, so that a crash ends the step in hand and nothing else.
"""

from __future__ import annotations

import os
import signal
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from harness.pipeline.engines.schedule import Outcome
from harness.pipeline.engines.torchrun import end_with_parent

if TYPE_CHECKING:
    from harness.data.source import Source
    from harness.models.device import Device
    from harness.pipeline.steps.runtime import Runtime
    from harness.pipeline.steps.step import Step
    from harness.pipeline.store.store import Store


@dataclass(frozen=True)
class Site:
    """What a worker needs to do steps.

    Attributes:
        store: Where results go.
        source: Where examples are.
        device: Where and how to compute.
    """

    store: Store
    source: Source
    device: Device


class WorkersEngine:
    """An engine of worker processes on this machine."""

    def __init__(self, site: Site, workers: int, gpus: list[str]) -> None:
        """Start a worker for each slot.

        Args:
            site: What the workers need.
            workers: How many.
            gpus: For each worker the GPUs that it may see, () for none.
        """
        from pebble import ProcessPool

        self.site = site
        self.pools = [
            ProcessPool(
                max_workers=1,
                context=get_context("spawn"),
                initializer=settle,
                initargs=(site.device.threads, gpus[i] if gpus else ""),
            )
            for i in range(workers)
        ]
        self.running: dict[Any, tuple[int, Step]] = {}

    @property
    def slots(self) -> int:
        """How many steps run at once."""
        return len(self.pools)

    def start(self, slot: int, step: Step) -> None:
        """Begin a step on a free slot."""
        future = self.pools[slot].schedule(perform, args=[step, self.site])
        self.running[future] = (slot, step)

    def wait(self) -> list[Outcome]:
        """Wait until a step has ended; return all that have."""
        done, _ = wait(list(self.running), return_when=FIRST_COMPLETED)
        return [self._outcome(future) for future in done]

    def _outcome(self, future: Any) -> Outcome:
        slot, step = self.running.pop(future)
        try:
            seconds, error = future.result()
        except Exception as crash:
            code = getattr(crash, "exitcode", None)
            how = f"exit code {code}" if code is not None else f"{type(crash).__name__}: {crash}"
            seconds, error = 0.0, f"its process died ({how}; -9 often means too little memory)"
        return Outcome(slot, step, seconds, error)

    def close(self) -> None:
        """End the workers, a step in hand too: it resumes when run again."""
        for pool in self.pools:
            pool.stop()
        for pool in self.pools:
            pool.join()


def settle(threads: int, gpu: str) -> None:
    """Make a new process a worker: its threads, its GPU, its end with the parent's."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)
    if gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent takes Ctrl-C and ends its workers
    end_with_parent()


_benches: dict[Site, Runtime] = {}  # of this process: keeps a loaded model between steps


def perform(step: Step, site: Site) -> tuple[float, str]:
    """Do a step in this process.

    Returns:
        The seconds it took, and why it failed, "" if it did not.
    """
    from harness.models.device import hush
    from harness.pipeline.engines.run_step import do, reason
    from harness.pipeline.steps.runtime import Runtime

    bench = _benches.get(site)
    if bench is None:
        _benches.clear()
        hush()
        site.device.prepare()
        bench = _benches[site] = Runtime(site.source, site.device)
    try:
        return do(step, site.store, bench), ""
    except Exception as error:
        bench.forget()
        return 0.0, reason(error)
