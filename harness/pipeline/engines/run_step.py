"""Running a step in this process: fetch its parents, keep its result, report its failure."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from harness.data.files import one_line
from harness.errors import HarnessError, disk_trouble
from harness.models.device import hush, processes
from harness.pipeline.engines.torchrun import launch
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step
from harness.pipeline.store.store import Store

TOLD_EVERY = 0.5  # seconds between two reports of progress to another process


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
        return Ended(0.0, reason(error), disk_trouble(error))


def reason(error: Exception) -> str:
    """Return why a step failed, in one line."""
    if isinstance(error, HarnessError):
        return str(error)
    return f"{type(error).__name__}: {one_line(error)}"


def _no_announcement(value: Any) -> Any:
    """Return the value; there are no other processes."""
    return value


def do(step: Step, runtime: Runtime, announce: Callable[[Any], Any] = _no_announcement) -> float:
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


_runtimes: list[Runtime] = []  # at most one: keeps this process's model loaded between steps


def perform_apart(step: Step, runtime: Runtime) -> Ended:
    """Run a step in a process that an engine has started; its progress goes to a file."""
    if _runtimes != [runtime]:
        hush()
        runtime.device.prepare()
        _runtimes[:] = [runtime]
    local = _runtimes[0]
    path, last = progress_file(runtime.store, step), 0.0

    def report(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > TOLD_EVERY:
            last = time.monotonic()
            with suppress(OSError):  # progress is only displayed
                path.parent.mkdir(parents=True, exist_ok=True)
                aside = path.with_name(f"{path.name}.{os.getpid()}")
                aside.write_text(f"{done} {total}")
                aside.replace(path)

    local.report = report
    try:
        return perform(step, local)
    finally:
        path.unlink(missing_ok=True)


def progress_file(store: Store, step: Step) -> Path:
    """Return the file for the progress of a step in another process."""
    return store.root / "progress" / step.key


def progress_of(store: Store, step: Step) -> tuple[int, int] | None:
    """Return (units done, units in all) of a step in another process, None if unknown."""
    try:
        done, total = progress_file(store, step).read_text().split()
        return int(done), int(total)
    except (OSError, ValueError):
        return None
