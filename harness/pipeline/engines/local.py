"""The engine in this process (or, under torchrun, in these processes together)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from harness.models.device import first_process, processes
from harness.pipeline.engines import together
from harness.pipeline.step import Step
from harness.pipeline.store import Store
from harness.pipeline.workbench import Workbench

LONGEST_WAIT = timedelta(hours=12)  # that other processes wait while the first one predicts


class Progress(Protocol):
    """What an engine tells while it runs."""

    def step(
        self, step: Step, place: int, total: int
    ) -> AbstractContextManager[Callable[[int, int], None]]:
        """Announce a step; the value takes the units done and those there are."""
        ...


def run(steps: Sequence[Step], store: Store, bench: Workbench, progress: Progress) -> int:
    """Run the steps that the store does not have, parents first; the first failure ends it.

    Under torchrun all processes train together; the first one alone predicts, scores and writes.

    Returns:
        How many steps ran.
    """
    bench.device.prepare()
    store.sweep()
    todo = [step for step in steps if not store.has(step)]
    first = first_process()
    meet = _barrier(bench)
    meet()
    for place, step in enumerate(todo, 1):
        if first:
            with progress.step(step, place, len(todo)) as report:
                bench.report = report
                do(step, store, bench)
        elif step.kind == "train":
            with store.aside() as folder:
                _job(step, store, bench, folder)
        meet()
    bench.forget()
    return len(todo)


def do(step: Step, store: Store, bench: Workbench) -> float:
    """Do a step and put its result into the store, unless somebody else just has.

    Returns:
        The seconds it took.
    """
    start = time.monotonic()
    if step.kind == "train" and bench.device.processes > 1 and processes() == 1:
        bench.forget()
        together.launch(step, store, bench)  # the first process of them takes the lock
        return time.monotonic() - start
    with store.locked(step):
        if store.settle(step):
            return 0.0
        with store.aside() as folder:
            result = _job(step, store, bench, folder)
            store.keep(step, folder, result, time.monotonic() - start)
    return time.monotonic() - start


def _job(step: Step, store: Store, bench: Workbench, folder: Path) -> dict[str, Any]:
    bench.work = store.work(step)
    parents = tuple(store.fetched(parent) for parent in step.parents)
    return step.job.run(folder, parents, bench)


def _barrier(bench: Workbench) -> Callable[[], None]:
    """Return what makes all processes of torchrun wait for one another; nothing with one."""
    if processes() == 1:
        return lambda: None
    from accelerate import PartialState

    state = PartialState(cpu=bench.device.kind == "cpu", timeout=LONGEST_WAIT)
    wait: Callable[[], None] = state.wait_for_everyone
    return wait
