"""One step in this process: its parents fetched, its result kept, its failure told in a line."""

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
    """How a step ended.

    Attributes:
        seconds: Wall time it took.
        error: Why it failed, "" if it did not.
        disk: What a full or forbidden disk said, "" of other errors: no other step will do better.
    """

    seconds: float
    error: str = ""
    disk: str = ""


def perform(step: Step, runtime: Runtime) -> Ended:
    """Do a step; what it raises becomes a line."""
    try:
        return Ended(do(step, runtime))
    except Exception as error:
        runtime.forget()
        return Ended(0.0, reason(error), disk_trouble(error))


def reason(error: Exception) -> str:
    """Return in one line why a step failed."""
    if isinstance(error, HarnessError):
        return str(error)
    return f"{type(error).__name__}: {one_line(error)}"


def _alone(value: Any) -> Any:
    """Announce something to nobody."""
    return value


def do(step: Step, runtime: Runtime, announce: Callable[[Any], Any] = _alone) -> float:
    """Do a step and put its result into the store, unless somebody else just has.

    Args:
        step: The step.
        runtime: What it works with.
        announce: Takes the work folder, or "" if there is nothing to be done, once that is sure,
            for processes that do the step together.

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
    """Run a step into a folder; its parents are fetched first."""
    runtime.work = work
    parents = tuple(runtime.store.fetched(parent) for parent in step.parents)
    return step.run(folder, parents, runtime)


_runtimes: list[Runtime] = []  # of this process, at most one: keeps a loaded model between steps


def perform_apart(step: Step, runtime: Runtime) -> Ended:
    """Do a step in a process that an engine has started; its progress goes to a file."""
    if _runtimes != [runtime]:
        hush()
        runtime.device.prepare()
        _runtimes[:] = [runtime]
    own = _runtimes[0]
    path, last = progress_file(runtime.store, step), 0.0

    def report(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > TOLD_EVERY:
            last = time.monotonic()
            with suppress(OSError):  # it is shown, and nothing depends on it
                path.parent.mkdir(parents=True, exist_ok=True)
                aside = path.with_name(f"{path.name}.{os.getpid()}")
                aside.write_text(f"{done} {total}")
                aside.replace(path)

    own.report = report
    try:
        return perform(step, own)
    finally:
        path.unlink(missing_ok=True)


def progress_file(store: Store, step: Step) -> Path:
    """Return where a step in another process tells how far it is."""
    return store.root / "progress" / step.key


def progress_of(store: Store, step: Step) -> tuple[int, int] | None:
    """Return the units done and those in all of a step in another process, None if not known."""
    try:
        done, total = progress_file(store, step).read_text().split()
        return int(done), int(total)
    except (OSError, ValueError):
        return None
