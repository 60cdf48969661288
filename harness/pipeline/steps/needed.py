"""Which steps of a plan must run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.pipeline.steps.step import Step


def to_do(steps: Sequence[Step], whole: Callable[[Step], bool]) -> list[Step]:
    """Return the steps that must run, in their order.

    Predictions, scores, and trainings that no other step reads must run if the store lacks them.
    Any other training must run only if a step that reads it must run, so trainings whose
    predictions are all finished may be removed.

    Args:
        steps: All steps, parents before children.
        whole: Returns whether the store has a step: ``store.has`` compares sizes, for plans, and
            ``store.sound`` hashes, before a run.
    """
    parents = {parent.key for step in steps for parent in step.parents}
    needed, read = set[str](), set[str]()
    for step in reversed(steps):
        relevant = step.asked_for or step.key not in parents or step.key in read
        if relevant and not whole(step):
            needed.add(step.key)
            read.update(parent.key for parent in step.parents)
    return [step for step in steps if step.key in needed]
