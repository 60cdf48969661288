"""The engine in this process (or, under torchrun, in these processes together)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from harness.data.files import one_line
from harness.errors import HarnessError, disk_trouble
from harness.models.device import first_process, processes
from harness.pipeline.engines import torchrun as together
from harness.pipeline.engines.schedule import to_do
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step
from harness.pipeline.store.store import Store

BEFORE = "a step before it failed"
LONGEST_WAIT = timedelta(hours=12)  # that other processes wait while the first one predicts


class Progress(Protocol):
    """What an engine tells while it runs."""

    def step(
        self, step: Step, place: int, total: int
    ) -> AbstractContextManager[Callable[[int, int], None]]:
        """Announce a step; the value takes the units done and those there are."""
        ...


def run(
    steps: Sequence[Step],
    store: Store,
    bench: Runtime,
    progress: Progress,
    failed: dict[str, str] | None = None,
) -> int:
    """Run the steps that are to be done, parents first.

    Under torchrun all processes train together; the first one alone predicts, scores and writes.

    Args:
        steps: All steps, parents before children.
        store: Where finished steps are and go.
        bench: What they work with.
        progress: Told of each step.
        failed: Takes the keys of steps that fail, and why; the others go on. Without it the first
            failure ends the run, and so does, under torchrun, that of a training.

    Returns:
        How many steps were done.
    """
    bench.device.prepare()
    store.sweep()
    first, say = first_process(), _telling(bench)
    missing = set(say([step.key for step in to_do(steps, store.sound)] if first else []))
    todo = [step for step in steps if step.key in missing]
    lost: dict[str, str] = {}
    for place, step in enumerate(todo, 1):
        tell = say if step.kind == "train" else _keep_to_oneself
        if first and any(parent.key in lost for parent in step.parents):
            lost[step.key] = BEFORE
            tell("")  # the others need not train
        elif first:
            try:
                with progress.step(step, place, len(todo)) as report:
                    bench.report = report
                    do(step, store, bench, tell)
            except Exception as error:
                if failed is None or disk_trouble(error) or processes() > 1:
                    raise
                bench.forget()
                lost[step.key] = reason(error)
        elif step.kind == "train" and (work := say(None)):
            with store.aside() as folder:
                _job(step, store, bench, folder, Path(work))
        say(None)  # nobody goes on before the step is in the store
    bench.forget()
    if failed is not None:
        failed.update(say(lost))
    return len(todo) - len(lost)


def reason(error: Exception) -> str:
    """Return in one line why a step failed."""
    if isinstance(error, HarnessError):
        return str(error)
    return f"{type(error).__name__}: {one_line(error)}"


def _keep_to_oneself(value: Any) -> Any:
    """Tell nobody."""
    return value


def do(
    step: Step, store: Store, bench: Runtime, say: Callable[[Any], Any] = _keep_to_oneself
) -> float:
    """Do a step and put its result into the store, unless somebody else just has.

    Args:
        step: The step.
        store: Where its parents are and its result goes.
        bench: What it works with.
        say: Takes the work folder, or "" if there is nothing to be done, once that is sure, for
            processes that do the step together.

    Returns:
        The seconds it took.
    """
    start = time.monotonic()
    if step.kind == "train" and bench.device.processes > 1 and processes() == 1:
        bench.forget()
        together.launch(step, store, bench)  # the first process of them takes the lock
        return time.monotonic() - start
    with store.locked(step) as alone, store.aside() as own:
        work = store.work(step) if alone else own
        if not say("" if store.settle(step) else str(work)):
            return 0.0
        with store.aside() as folder:
            result = _job(step, store, bench, folder, work)
            store.keep(step, folder, result, time.monotonic() - start)
    return time.monotonic() - start


def _job(step: Step, store: Store, bench: Runtime, folder: Path, work: Path) -> dict[str, Any]:
    bench.work = work
    parents = tuple(store.fetched(parent) for parent in step.parents)
    return step.job.run(folder, parents, bench)


def _telling(bench: Runtime) -> Callable[[Any], Any]:
    """Return what gives all processes of torchrun the first one's value; they wait for it."""
    if processes() == 1:
        return _keep_to_oneself
    from accelerate import PartialState
    from accelerate.utils import broadcast_object_list

    state = PartialState(cpu=bench.device.kind == "cpu", timeout=LONGEST_WAIT)

    def say(value: Any) -> Any:
        told = broadcast_object_list([value], from_process=0)[0]
        state.wait_for_everyone()  # the sender may end and close before the others have it all
        return told

    return say
