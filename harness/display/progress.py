"""Progress of a run: bars with rate and time left on a terminal, a line a step elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.pipeline.steps.step import Step

UNITS = {"train": "updates", "predict": "inputs", "score": "languages"}


class Bars:
    """Shows the step in hand; counts the steps that are finished."""

    def __init__(self) -> None:
        """Look whether standard error is a terminal."""
        from rich.console import Console

        self.console = Console(stderr=True)
        self.finished = 0

    @contextmanager
    def step(self, step: Step, place: int, total: int) -> Iterator[Callable[[int, int], None]]:
        """Show one step while it runs."""
        name = f"[{place}/{total}] {step.name}"
        start = time.monotonic()
        try:
            if self.console.is_terminal:
                with self._bar(name, UNITS[step.kind]) as report:
                    yield report
            else:
                yield lambda done, whole: None
        except Exception:
            self.console.print(f"{name}: failed", highlight=False, markup=False)
            raise
        self.finished += 1
        seconds = time.monotonic() - start
        if step.kind != "score":
            rate = f", {step.examples / seconds:.0f} examples/s" if step.examples else ""
            self.console.print(f"{name}: {seconds:.1f} s{rate}", highlight=False, markup=False)

    @contextmanager
    def _bar(self, name: str, unit: str) -> Iterator[Callable[[int, int], None]]:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        start = time.monotonic()
        with Progress(*columns, console=self.console, transient=True) as bars:
            bar = bars.add_task(name, total=None, unit=unit, rate="")

            def report(done: int, whole: int) -> None:
                rate = f"{done / max(1e-6, time.monotonic() - start):.1f}/s"
                bars.update(bar, completed=done, total=whole, rate=rate)

            yield report
