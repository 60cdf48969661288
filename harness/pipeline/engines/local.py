"""The engine in this process (or, under torchrun, in these processes together)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol

from harness.models.device import first_process, processes
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
    """Run the steps that the store does not have, parents first.

    Under torchrun all processes train together; the first one alone predicts, scores and writes.

    Returns:
        How many steps ran.
    """
    store.sweep()
    todo = [step for step in steps if store.find(step) is None]
    first = first_process()
    meet = _barrier(bench)
    meet()
    for place, step in enumerate(todo, 1):
        if first:
            with store.locked(step):
                if store.find(step) is None:
                    with progress.step(step, place, len(todo)) as report:
                        _do(step, store, bench, report)
        elif step.kind == "train":
            with store.aside() as folder:
                _job(step, store, bench, folder)
        meet()
    bench.forget()
    return len(todo)


def _do(step: Step, store: Store, bench: Workbench, report: Callable[[int, int], None]) -> None:
    bench.report = report
    start = time.monotonic()
    with store.aside() as folder:
        result = _job(step, store, bench, folder)
        store.keep(step, folder, result, time.monotonic() - start)


def _job(step: Step, store: Store, bench: Workbench, folder: object) -> dict[str, object]:
    bench.work = store.work(step)
    parents = tuple(store.place(parent) for parent in step.parents)
    return step.job.run(folder, parents, bench)  # type: ignore[arg-type]


def _barrier(bench: Workbench) -> Callable[[], None]:
    """Return what makes all processes of torchrun wait for one another; nothing with one."""
    if processes() == 1:
        return lambda: None
    from accelerate import PartialState

    state = PartialState(cpu=bench.device.kind == "cpu", timeout=LONGEST_WAIT)
    wait: Callable[[], None] = state.wait_for_everyone
    return wait
