"""Which step when: parents first, on whatever slots an engine has, past failed branches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from harness.pipeline.steps.step import Step
from harness.pipeline.store.store import Store


@dataclass(frozen=True)
class Outcome:
    """How a step ended.

    Attributes:
        slot: Where it ran.
        step: The step.
        seconds: Wall time it took there.
        error: Why it failed, "" if it did not.
    """

    slot: int
    step: Step
    seconds: float
    error: str = ""


class Engine(Protocol):
    """Slots that do a step each at a time, anywhere."""

    @property
    def slots(self) -> int:
        """How many steps run at once."""
        ...

    def start(self, slot: int, step: Step) -> None:
        """Begin a step on a free slot."""
        ...

    def wait(self) -> list[Outcome]:
        """Wait until a step has ended; return all that have."""
        ...

    def close(self) -> None:
        """Give the slots back."""
        ...


class Watching(Protocol):
    """What is told while a schedule runs."""

    def ended(self, outcome: Outcome, done: int, total: int) -> None:
        """A step has ended."""
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


def to_do(steps: Sequence[Step], whole: Callable[[Step], bool]) -> list[Step]:
    """Return the steps that must run, in their order.

    A step is asked for if its result is read in the end: predictions, scores, and a training that
    none of the steps goes on from. Any other training must run only if a step reads it that must
    run itself, so trainings whose predictions are all there may have been removed.

    Args:
        steps: All steps, parents before children.
        whole: Says whether the store has a step: ``store.has`` looks at sizes, for plans, and
            ``store.sound`` at hashes, before a run.
    """
    parents = {parent.key for step in steps for parent in step.parents}
    needed, read = set[str](), set[str]()
    for step in reversed(steps):
        asked = step.kind != "train" or step.key not in parents or step.key in read
        if asked and not whole(step):
            needed.add(step.key)
            read.update(parent.key for parent in step.parents)
    return [step for step in steps if step.key in needed]


def run_all(steps: Sequence[Step], store: Store, engine: Engine, watching: Watching) -> Report:
    """Run the steps that are to be done.

    Args:
        steps: All steps, parents before children.
        store: Where finished steps are and go.
        engine: What does them; it writes into the store itself.
        watching: Told of each step that ends.
    """
    start = time.monotonic()
    todo = to_do(steps, store.sound)
    open_keys = {step.key for step in todo}
    lacks = {s.key: {p.key for p in s.parents if p.key in open_keys} for s in todo}
    children: dict[str, list[Step]] = {}
    for step in todo:
        for parent in lacks[step.key]:
            children.setdefault(parent, []).append(step)
    ready = [step for step in todo if not lacks[step.key]]
    report, place = Report(), {step.key: i for i, step in enumerate(todo)}
    free, last = list(range(engine.slots)), dict[int, tuple[Step, ...]]()
    running = 0
    while ready or running:
        while ready and free:
            slot = free.pop(0)
            step = _like(ready, last.get(slot))
            ready.remove(step)
            last[slot] = step.parents
            engine.start(slot, step)
            running += 1
        for outcome in engine.wait():
            running -= 1
            free.append(outcome.slot)
            report.busy += outcome.seconds
            if outcome.error:
                report.failed.append(outcome)
                report.skipped += _below(outcome.step, children, {s.key for s in report.skipped})
            else:
                report.ran += 1
                below = children.get(outcome.step.key, ())
                for child in below:
                    lacks[child.key].discard(outcome.step.key)
                ready += [child for child in below if not lacks[child.key]]
                if below:
                    ready.sort(key=lambda step: place[step.key])
            done = report.ran + len(report.failed) + len(report.skipped)
            watching.ended(outcome, done, len(todo))
    report.seconds = time.monotonic() - start
    return report


def _like(ready: Sequence[Step], parents: tuple[Step, ...] | None) -> Step:
    """Return the first ready step of the same parents (their model is loaded), else the first."""
    alike = (step for step in ready if step.parents == parents) if parents else iter(())
    return next(alike, ready[0])


def _below(step: Step, children: dict[str, list[Step]], known: set[str]) -> list[Step]:
    """Return all steps that need a step, less those known."""
    found: list[Step] = []
    todo = [step]
    while todo:
        for child in children.get(todo.pop().key, ()):
            if child.key not in known:
                known.add(child.key)
                found.append(child)
                todo.append(child)
    return found


@contextmanager
def opened(engine: Engine) -> Iterator[Engine]:
    """Close an engine whatever happens."""
    try:
        yield engine
    finally:
        engine.close()
