"""Which steps of a plan must run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.pipeline.steps.step import Step


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
        asked = step.asked_for or step.key not in parents or step.key in read
        if asked and not whole(step):
            needed.add(step.key)
            read.update(parent.key for parent in step.parents)
    return [step for step in steps if step.key in needed]
