"""Which step when: parents first, on whatever slots an engine has, past failed branches."""

from __future__ import annotations

import time
from bisect import insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from harness.errors import BEFORE, HarnessError
from harness.pipeline.steps.step import Step

Moved = Callable[[Step, int, int], None]
"""Takes a running step, its units done and those in all."""


@dataclass(frozen=True)
class Outcome:
    """How a step ended.

    Attributes:
        slot: Where it ran.
        step: The step.
        seconds: Wall time it took there.
        error: Why it failed, "" if it did not.
        disk: What a full or forbidden disk said, "" of other errors.
    """

    slot: int
    step: Step
    seconds: float
    error: str = ""
    disk: str = ""


class Engine(Protocol):
    """Slots that do a step each at a time, anywhere."""

    @property
    def slots(self) -> int:
        """How many steps run at once."""
        ...

    def start(self, slot: int, step: Step) -> None:
        """Begin a step on a free slot."""
        ...

    def wait(self, moved: Moved) -> list[Outcome]:
        """Wait until a step has ended, telling how the others get on; return all that have."""
        ...

    def close(self) -> None:
        """Give the slots back."""
        ...


class Progress(Protocol):
    """What is told while steps run."""

    def planned(self, plan: str) -> None:
        """Take the plan in words, before anything runs."""
        ...

    def opened(self, total: int) -> None:
        """So many steps are going to run."""
        ...

    def begun(self, step: Step) -> None:
        """A step has begun."""
        ...

    def moved(self, step: Step, done: int, total: int) -> None:
        """A running step has done so many units of those in all."""
        ...

    def ended(self, outcome: Outcome, done: int, total: int) -> None:
        """A step has ended, as so many of all have."""
        ...

    def closed(self, report: Report) -> None:
        """No step runs any more."""
        ...

    def interrupted(self, kept: int, total: int, place: str) -> None:
        """The user has stopped the run; so many steps are finished and kept in a place."""
        ...


@dataclass
class Report:
    """What became of a schedule.

    Attributes:
        ran: Steps that were done.
        failed: Those that failed, and why.
        skipped: Those that were not begun since a parent failed.
        seconds: Wall time of the whole.
        busy: Seconds in steps, over all slots.
    """

    ran: int = 0
    failed: list[Outcome] = field(default_factory=list)
    skipped: list[Step] = field(default_factory=list)
    seconds: float = 0.0
    busy: float = 0.0

    def reasons(self) -> dict[str, str]:
        """Return for the key of each step without a result why it has none."""
        failed = {outcome.step.key: outcome.error for outcome in self.failed}
        return failed | {step.key: BEFORE for step in self.skipped}


class _Queue:
    """The steps that are to run, handed out when their parents are done.

    The step with the longest chain of work below it comes first, so that no slot is left with a
    long chain when the others have nothing more to do.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        """Take the steps, parents before children."""
        keys = {step.key for step in steps}
        self.lacks = {s.key: {p.key for p in s.parents if p.key in keys} for s in steps}
        self.children: dict[str, list[Step]] = {}
        for step in steps:
            for parent in self.lacks[step.key]:
                self.children.setdefault(parent, []).append(step)
        chains: dict[str, float] = {}
        for step in reversed(steps):
            below = (chains[child.key] for child in self.children.get(step.key, ()))
            chains[step.key] = step.work + max(below, default=0.0)
        self.rank = {step.key: (-chains[step.key], i) for i, step in enumerate(steps)}
        self.ready: list[Step] = []
        self._add([step for step in steps if not self.lacks[step.key]])

    def _add(self, steps: Sequence[Step]) -> None:
        for step in steps:
            insort(self.ready, step, key=lambda ready: self.rank[ready.key])

    def take(self, parents: tuple[Step, ...] | None) -> Step:
        """Take the first step of the same parents (their model is loaded), else the first."""
        alike = (step for step in self.ready if step.parents == parents) if parents else iter(())
        step = next(alike, self.ready[0])
        self.ready.remove(step)
        return step

    def done(self, step: Step) -> None:
        """Release the steps that waited for this one alone."""
        below = self.children.get(step.key, ())
        for child in below:
            self.lacks[child.key].discard(step.key)
        self._add([child for child in below if not self.lacks[child.key]])

    def below(self, step: Step, known: set[str]) -> list[Step]:
        """Return all steps that need a step, less those known."""
        found: list[Step] = []
        todo = [step]
        while todo:
            for child in self.children.get(todo.pop().key, ()):
                if child.key not in known:
                    known.add(child.key)
                    found.append(child)
                    todo.append(child)
        return found


def run_all(steps: Sequence[Step], engine: Engine, progress: Progress) -> Report:
    """Run steps.

    Args:
        steps: The steps that are to run (``to_do``), parents before children.
        engine: What does them; it writes into the store itself.
        progress: Told of each step.

    Raises:
        HarnessError: The disk is full or forbidden; what is finished is kept.
    """
    start, queue, report = time.monotonic(), _Queue(steps), Report()
    free, last = list(range(engine.slots)), dict[int, tuple[Step, ...]]()
    running = 0
    while queue.ready or running:
        while queue.ready and free:
            slot = free.pop(0)
            step = queue.take(last.get(slot))
            last[slot] = step.parents
            engine.start(slot, step)
            progress.begun(step)
            running += 1
        for outcome in engine.wait(progress.moved):
            running -= 1
            free.append(outcome.slot)
            report.busy += outcome.seconds
            if outcome.disk:
                raise HarnessError(
                    f"{outcome.disk}; free or permit it and run the same command again: no"
                    " finished step is lost"
                )
            if outcome.error:
                report.failed.append(outcome)
                report.skipped += queue.below(outcome.step, {s.key for s in report.skipped})
            else:
                report.ran += 1
                queue.done(outcome.step)
            done = report.ran + len(report.failed) + len(report.skipped)
            progress.ended(outcome, done, len(steps))
    report.seconds = time.monotonic() - start
    return report
