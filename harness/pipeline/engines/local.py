"""Worker processes on this machine, with a GPU or a share of the CPU's threads each.

A slot is a pool of one process, so that a crash ends only the step that it runs.
"""

from __future__ import annotations

import os
import signal
from concurrent.futures import Future
from multiprocessing import get_context

from harness.errors import HarnessError
from harness.models.device import gpus
from harness.pipeline.engines.apart import ApartEngine, perform_apart, thread_variables
from harness.pipeline.engines.run_step import Ended
from harness.pipeline.engines.torchrun import end_with_parent
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step


class LocalEngine(ApartEngine):
    """An engine of worker processes on this machine."""

    def __init__(self, runtime: Runtime, workers: int) -> None:
        """Start the workers.

        Args:
            runtime: What the steps work with.
            workers: The number of workers.

        Raises:
            HarnessError: There are too few GPUs for them.
        """
        from pebble import ProcessPool

        super().__init__(runtime, workers)
        self.pools = [
            ProcessPool(
                max_workers=1,
                context=get_context("spawn"),
                initializer=become_worker,
                initargs=(runtime.device.threads, share),
            )
            for share in _gpu_shares(runtime, workers)
        ]

    def submit(self, slot: int, step: Step) -> Future[Ended]:
        """Have a step performed by a slot's worker."""
        future: Future[Ended] = self.pools[slot].schedule(perform_apart, args=[step, self.runtime])
        return future

    def lost(self, error: Exception) -> str:
        """Return how a worker died."""
        code = getattr(error, "exitcode", None)
        how = f"exit code {code}" if code is not None else f"{type(error).__name__}: {error}"
        return f"its process died ({how}; -9 often means too little memory)"

    def close(self) -> None:
        """Stop the workers; a step that was running resumes when run again."""
        for pool in self.pools:
            pool.stop()
        for pool in self.pools:
            pool.join()


def _gpu_shares(runtime: Runtime, workers: int) -> list[str]:
    """Return the GPUs that each worker may see, "" for none."""
    device = runtime.device
    if device.kind != "cuda":
        return [""] * workers
    every, share = gpus(), device.processes
    if len(every) < workers * share:
        raise HarnessError(f"--workers {workers}: only {len(every)} GPUs here, {share} a slot")
    return [",".join(every[i * share : (i + 1) * share]) for i in range(workers)]


def become_worker(threads: int, gpu: str) -> None:
    """Set up a new worker process: its threads, its GPU, and that it ends with its parent."""
    os.environ.update(thread_variables(threads))
    if gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent takes Ctrl-C and ends its workers
    end_with_parent()
