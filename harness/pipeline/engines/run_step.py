"""Running a step in this process: fetch its parents, keep its result, report its failure."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from harness.data.files import one_line
from harness.errors import HarnessError, disk_trouble
from harness.models.device import processes
from harness.pipeline.engines.schedule import Moved, Outcome
from harness.pipeline.engines.torchrun import launch
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step


class Ended(NamedTuple):
    """The end of a step.

    Attributes:
        seconds: Wall time it took.
        error: Why it failed, "" if it did not.
        disk: The message of a full or forbidden disk (no other step can succeed), else "".
    """

    seconds: float
    error: str = ""
    disk: str = ""


def perform(step: Step, runtime: Runtime) -> Ended:
    """Run a step; return an error as a line."""
    try:
        return Ended(do(step, runtime))
    except Exception as error:
        runtime.forget()
        ours = isinstance(error, HarnessError)
        why = str(error) if ours else f"{type(error).__name__}: {one_line(error)}"
        return Ended(0.0, why, disk_trouble(error))


def do(step: Step, runtime: Runtime, announce: Callable[[Any], Any] = lambda value: value) -> float:
    """Run a step and store its result, unless another process has just done so.

    Args:
        step: The step.
        runtime: What it works with.
        announce: Called with the work folder, or "" if the step is finished already, for
            processes that run the step together.

    Returns:
        The seconds it took.
    """
    start, store = time.monotonic(), runtime.store
    if step.in_all_processes and runtime.device.processes > 1 and processes() == 1:
        runtime.forget()
        launch(step, runtime)  # the first process of them takes the lock
        return time.monotonic() - start
    with store.locked(step) as alone, store.aside() as own:
        work = store.work(step) if alone else own
        if not announce("" if store.settle(step) else str(work)):
            return 0.0
        with store.aside() as folder:
            result = run_in(folder, step, runtime, work)
            store.keep(step, folder, result, time.monotonic() - start)
    return time.monotonic() - start


def run_in(folder: Path, step: Step, runtime: Runtime, work: Path) -> dict[str, Any]:
    """Fetch a step's parents and run it; it writes into the folder."""
    runtime.work = work
    parents = tuple(runtime.store.fetched(parent) for parent in step.parents)
    return step.run(folder, parents, runtime)


class InProcessEngine:
    """An engine that runs a step in ``wait``."""

    slots = 1

    def __init__(self, runtime: Runtime) -> None:
        """Store the runtime and prepare its device."""
        runtime.device.prepare()
        self.runtime = runtime
        self.begun: list[tuple[int, Step]] = []

    def start(self, slot: int, step: Step) -> None:
        """Store the step for ``wait``."""
        self.begun.append((slot, step))

    def wait(self, moved: Moved) -> list[Outcome]:
        """Run the step and return its outcome."""
        slot, step = self.begun.pop()
        self.runtime.report = lambda done, total: moved(step, done, total)
        return [Outcome(slot, step, *self.perform(step))]

    def perform(self, step: Step) -> Ended:
        """Run a step in this process."""
        return perform(step, self.runtime)

    def close(self) -> None:
        """Free the loaded model."""
        self.runtime.forget()
