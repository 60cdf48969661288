"""Worker processes on this machine, with a GPU or a share of the CPU's threads each.

A slot is a pool of one process, so that a crash ends only the step that it runs.
"""

from __future__ import annotations

import os
import signal
from concurrent.futures import FIRST_COMPLETED, wait
from multiprocessing import get_context
from typing import Any

from harness.errors import HarnessError
from harness.models.device import gpus
from harness.pipeline.engines.run_step import TOLD_EVERY, Ended, perform_apart, progress_of
from harness.pipeline.engines.schedule import Moved, Outcome
from harness.pipeline.engines.torchrun import end_with_parent
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step


class LocalEngine:
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

        self.runtime = runtime
        shares = _gpu_shares(runtime, workers)
        self.pools = [
            ProcessPool(
                max_workers=1,
                context=get_context("spawn"),
                initializer=become_worker,
                initargs=(runtime.device.threads, share),
            )
            for share in shares
        ]
        self.running: dict[Any, tuple[int, Step]] = {}

    @property
    def slots(self) -> int:
        """Return how many steps run at once."""
        return len(self.pools)

    def start(self, slot: int, step: Step) -> None:
        """Start a step on a free slot."""
        future = self.pools[slot].schedule(perform_apart, args=[step, self.runtime])
        self.running[future] = (slot, step)

    def wait(self, moved: Moved) -> list[Outcome]:
        """Wait until a step has ended; return all outcomes."""
        while True:
            done, _ = wait(list(self.running), TOLD_EVERY, return_when=FIRST_COMPLETED)
            if done:
                return [self._outcome(future) for future in done]
            for _, step in self.running.values():
                if progress := progress_of(self.runtime.store, step):
                    moved(step, *progress)

    def _outcome(self, future: Any) -> Outcome:
        slot, step = self.running.pop(future)
        try:
            ended = future.result()
        except Exception as crash:
            code = getattr(crash, "exitcode", None)
            how = f"exit code {code}" if code is not None else f"{type(crash).__name__}: {crash}"
            ended = Ended(0.0, f"its process died ({how}; -9 often means too little memory)")
        return Outcome(slot, step, *ended)

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
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)
    if gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent takes Ctrl-C and ends its workers
    end_with_parent()
