"""The order of steps: parents first, on an engine's slots, going on after failures."""

from __future__ import annotations

import time
from bisect import insort
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from harness.errors import BEFORE, HarnessError
from harness.pipeline.steps.step import Step

Moved = Callable[[Step, int, int], None]
"""Progress callback, called with (running step, units done, units in all)."""


@dataclass(frozen=True)
class Outcome:
    """The end of a step.

    Attributes:
        slot: The slot it ran on.
        step: The step.
        seconds: Wall time it took.
        error: Why it failed, "" if it did not.
        disk: The message of a full or forbidden disk, else "".
    """

    slot: int
    step: Step
    seconds: float
    error: str = ""
    disk: str = ""


class Engine(Protocol):
    """Slots that each run one step at a time.

    Attributes:
        slots: How many steps run at once.
    """

    slots: int

    def start(self, slot: int, step: Step) -> None:
        """Start a step on a free slot."""

    def wait(self, moved: Moved) -> list[Outcome]:
        """Wait until a step has ended, reporting the others' progress; return all outcomes."""

    def close(self) -> None:
        """Release the slots."""


class Progress(Protocol):
    """Receives what happens while steps run."""

    def planned(self, plan: str) -> None:
        """Receive the plan in words, before anything runs."""

    def opened(self, total: int) -> None:
        """Receive the number of steps that are going to run."""

    def begun(self, step: Step) -> None:
        """Receive a step that has begun."""

    def moved(self, step: Step, done: int, total: int) -> None:
        """Receive a running step's units done and units in all."""

    def ended(self, outcome: Outcome, done: int, total: int) -> None:
        """Receive a step's outcome, the number of ended steps, and that of all steps."""

    def closed(self, report: Report) -> None:
        """Receive the report when no step runs any more."""

    def interrupted(self, kept: int, total: int, place: str) -> None:
        """Receive how many steps are finished and kept, and where, when the user stops the run."""


@dataclass
class Report:
    """The result of running steps.

    Attributes:
        ran: Number of steps that succeeded.
        failed: Steps that failed, and why.
        skipped: Steps that were not begun because a parent failed.
        seconds: Wall time of the whole run.
        busy: Seconds in steps, over all slots.
    """

    ran: int = 0
    failed: list[Outcome] = field(default_factory=list)
    skipped: list[Step] = field(default_factory=list)
    seconds: float = 0.0
    busy: float = 0.0

    def reasons(self) -> dict[str, str]:
        """Return the reason for each step without a result, by key."""
        failed = {outcome.step.key: outcome.error for outcome in self.failed}
        return failed | {step.key: BEFORE for step in self.skipped}


class _Queue:
    """The steps to run, each available when its parents are done.

    The step with the longest chain of work below it comes first, so that no slot is left with a
    long chain while the others are idle.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        """Build the queue from steps, parents before children."""
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
        self.ranks = {step.key: (-chains[step.key], i) for i, step in enumerate(steps)}
        self.ready: dict[tuple[str, ...], list[Step]] = {}  # by the model that they load
        for step in steps:
            if not self.lacks[step.key]:
                self._add(step)

    def _add(self, step: Step) -> None:
        insort(self.ready.setdefault(step.loads, []), step, key=self._rank)

    def _rank(self, step: Step) -> tuple[float, int]:
        return self.ranks[step.key]

    def take(self, loaded: tuple[str, ...], held: Collection[tuple[str, ...]]) -> Step:
        """Return the next step for a slot, and take it out of the queue.

        It is the first one with the model that the slot has loaded. Without one it is the first
        of all, unless another slot has its model: then it is the first one of which that is not
        so, since the other slot needs not load it again.

        Args:
            loaded: The model that the slot has loaded (``Step.loads``).
            held: The models that the other slots have loaded.
        """
        if loaded not in self.ready or not loaded:
            free = [model for model in self.ready if model not in held]
            loaded = min(free or self.ready, key=lambda model: self._rank(self.ready[model][0]))
        step = self.ready[loaded].pop(0)
        if not self.ready[loaded]:
            del self.ready[loaded]
        return step

    def done(self, step: Step) -> None:
        """Make the steps available that waited only for this one."""
        for child in self.children.get(step.key, ()):
            self.lacks[child.key].discard(step.key)
            if not self.lacks[child.key]:
                self._add(child)

    def below(self, step: Step, known: set[str]) -> list[Step]:
        """Return all steps that depend on a step, without the known ones."""
        steps: list[Step] = []
        todo = [step]
        while todo:
            for child in self.children.get(todo.pop().key, ()):
                if child.key not in known:
                    known.add(child.key)
                    steps.append(child)
                    todo.append(child)
        return steps


def run_all(steps: Sequence[Step], engine: Engine, progress: Progress) -> Report:
    """Run steps.

    Args:
        steps: The steps that are to run (``to_do``), parents before children.
        engine: Runs them and writes into the store.
        progress: Receives each step's progress.

    Raises:
        HarnessError: The disk is full or forbidden; what is finished is kept.
    """
    start, queue, report = time.monotonic(), _Queue(steps), Report()
    slots, loaded = engine.slots, dict[int, tuple[str, ...]]()
    free = list(range(slots))
    while queue.ready or len(free) < slots:
        while queue.ready and free:
            slot = free.pop(0)
            own = loaded.pop(slot, ())
            step = queue.take(own, [one for one in loaded.values() if one])
            loaded[slot] = step.loads or own
            engine.start(slot, step)
            progress.begun(step)
        for outcome in engine.wait(progress.moved):
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
