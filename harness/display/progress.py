"""Progress of a run: bars with rate and time left on a terminal, else a line for each step."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.pipeline.engines.schedule import Outcome, Report
    from harness.pipeline.steps.step import Step


class Bars:
    """A bar for each running step and one for the whole run; a line for each finished step."""

    def __init__(self, *, plans: bool = False) -> None:
        """Open a console on standard error.

        Args:
            plans: Also print the plan.
        """
        from rich.console import Console

        self.console = Console(stderr=True)
        self.plans = plans
        self.live: Any = None
        self.whole: Any = None
        self.bars: dict[str, tuple[Any, float]] = {}

    def planned(self, plan: str) -> None:
        """Print the plan."""
        if self.plans:
            print(f"{plan}\n", flush=True)

    def opened(self, total: int) -> None:
        """Show the bar of the whole run."""
        if self.console.is_terminal or self.console.is_jupyter:
            self.live = _bars(self.console)
            self.live.start()
            self.whole = self.live.add_task("all steps", total=total, unit="steps", rate="")

    def begun(self, step: Step) -> None:
        """Show a step's bar."""
        if self.live is not None:
            bar = self.live.add_task(step.name, total=None, unit=step.unit, rate="")
            self.bars[step.key] = (bar, time.monotonic())

    def moved(self, step: Step, done: int, total: int) -> None:
        """Move a step's bar."""
        if step.key in self.bars:
            bar, start = self.bars[step.key]
            rate = f"{done / max(1e-6, time.monotonic() - start):.1f}/s"
            self.live.update(bar, completed=done, total=total, rate=rate)

    def ended(self, outcome: Outcome, done: int, total: int) -> None:
        """Print how a step ended; for score steps, only failures."""
        step = outcome.step
        if step.key in self.bars:
            self.live.remove_task(self.bars.pop(step.key)[0])
            self.live.update(self.whole, completed=done)
        rate = f", {step.examples / outcome.seconds:.0f} {step.counts}/s" if outcome.seconds else ""
        text = f"FAILED: {outcome.error}" if outcome.error else f"{outcome.seconds:.1f} s{rate}"
        if outcome.error or step.examples:
            self._print(f"[{done}/{total}] {step.name}: {text}")

    def closed(self, report: Report) -> None:
        """Remove the bars; print how long the run took."""
        if self.live is not None:
            self.live.stop()
            self.live, self.bars = None, {}
        if report.ran:
            self._print(
                f"{report.ran} steps ran in {report.seconds:.1f} s; {report.busy:.1f} s in steps"
                " over all slots"
            )

    def interrupted(self, kept: int, total: int, place: str) -> None:
        """Print that nothing is lost."""
        if self.live is not None:
            self.live.stop()
        self._print(
            f"interrupted: {kept} of {total} steps are finished and kept in {place}; run the same"
            " command again to go on"
        )

    def _print(self, line: str) -> None:
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)


def _bars(console: Any) -> Any:
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[unit]}"),
        progress.TextColumn("{task.fields[rate]}"),
        progress.TimeRemainingColumn(),
    )
    return progress.Progress(*columns, console=console, transient=True)
