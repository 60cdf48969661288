"""Steps in processes that an engine starts: their progress goes to files, their ends to futures."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from pathlib import Path

from harness.data.files import write_text
from harness.models.device import hush
from harness.pipeline.engines.run_step import Ended, perform
from harness.pipeline.engines.schedule import Moved, Outcome
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step

TOLD_EVERY = 0.5  # seconds between two reports of progress to another process

_runtimes: list[Runtime] = []  # at most one: keeps this process's model loaded between steps


class ApartEngine:
    """An engine whose steps run in other processes, on this machine or others."""

    def __init__(self, runtime: Runtime, slots: int) -> None:
        """Store what the steps work with, and how many run at once."""
        self.runtime, self.slots = runtime, slots
        self.running: dict[Future[Ended], tuple[int, Step]] = {}

    def submit(self, slot: int, step: Step) -> Future[Ended]:
        """Have a step performed (``perform_apart``) in a slot's process."""
        raise NotImplementedError

    def lost(self, error: Exception) -> str:
        """Return why a step has no end: an error that is not its own."""
        raise NotImplementedError

    def start(self, slot: int, step: Step) -> None:
        """Start a step on a free slot."""
        self.running[self.submit(slot, step)] = (slot, step)

    def wait(self, moved: Moved) -> list[Outcome]:
        """Wait until a step has ended; return all outcomes."""
        while True:
            done, _ = wait(self.running, TOLD_EVERY, return_when=FIRST_COMPLETED)
            if done:
                return [self._outcome(future) for future in done]
            for _, step in self.running.values():
                try:
                    units, total = map(int, progress_file(self.runtime, step).read_text().split())
                except (OSError, ValueError):
                    continue  # nothing is told yet, or its process has another folder as store
                moved(step, units, total)

    def _outcome(self, future: Future[Ended]) -> Outcome:
        try:
            ended = future.result()
        except Exception as error:
            ended = Ended(0.0, self.lost(error))
        slot, step = self.running.pop(future)
        return Outcome(slot, step, *ended)


def perform_apart(step: Step, runtime: Runtime) -> Ended:
    """Run a step in a process that an engine has started; its progress goes to a file."""
    if _runtimes != [runtime]:
        hush()
        runtime.device.prepare()
        _runtimes[:] = [runtime]
    local = _runtimes[0]
    path, last = progress_file(local, step), 0.0

    def report(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > TOLD_EVERY:
            last = time.monotonic()
            with suppress(OSError):  # progress is only displayed
                write_text(f"{done} {total}", path)

    local.report = report
    try:
        return perform(step, local)
    finally:
        path.unlink(missing_ok=True)


def progress_file(runtime: Runtime, step: Step) -> Path:
    """Return the file for the progress of a step in another process."""
    return runtime.store.root / "progress" / step.key


def thread_variables(threads: int) -> dict[str, str]:
    """Return the environment of a process that computes with a number of CPU threads."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return dict.fromkeys(names, str(threads))
