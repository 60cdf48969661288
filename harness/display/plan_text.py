"""A plan in words: its steps counted by kind and name, and how long they will take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tabulate import tabulate

if TYPE_CHECKING:
    from harness.pipeline.plan import Plan
    from harness.pipeline.request import Request
    from harness.pipeline.steps.step import Step
    from harness.pipeline.store.store import Store
    from harness.studies.expand import StudyPlan

KINDS = ("train", "embed", "predict")


def plan_text(request: Request, plan: Plan, store: Store) -> str:
    """Return the plan of an evaluation."""
    checkpoint = request.checkpoint
    title = (
        f"{checkpoint.name} ({checkpoint.model_type}, {checkpoint.layers} layers,"
        f" {checkpoint.parameters / 1e6:.1f} M weights, {checkpoint.body / 1e6:.1f} M of them"
        f" outside the word table) on {request.benchmark.name}, recipe {request.recipe.name},"
        f" seed {request.seed}, {_where(request)}"
    )
    notes = [f"note: {checkpoint.name}: {note}" for note in checkpoint.notes]
    notes += [f"note: {note}" for note in plan.notes]
    table = [steps_table(plan.steps, store), *(f"skipped: {why}" for why in plan.skipped.values())]
    return "\n".join([*notes, title, *table, _estimate(plan.steps, store, request, 1)])


def study_text(whole: StudyPlan, store: Store, workers: int) -> str:
    """Return the plan of a study."""
    study, request = whole.study, whole.request
    title = (
        f"{study.name}: {len(study.checkpoints)} checkpoints, {len(study.intermediate)}"
        f" intermediate settings with the baseline, {len(study.seeds)} seeds,"
        f" {len(study.recipes)} recipes on {request.benchmark.name}; {_where(request)}"
    )
    notes = [f"note: {note}" for note in whole.notes]
    guess = _estimate(whole.steps, store, request, workers)
    return "\n".join([*notes, title, steps_table(whole.steps, store), guess])


def steps_table(steps: Sequence[Step], store: Store) -> str:
    """Return the steps counted by kind and name, the cached ones too; scores only in the sum.

    A training whose predictions are all cached counts as cached, even if it was pruned.
    """
    from harness.pipeline.steps.needed import to_do

    open_keys = {step.key for step in to_do(steps, store.has)}
    groups: dict[tuple[str, str], list[Step]] = {}
    shown = [step for step in steps if step.kind in KINDS]
    for step in sorted(shown, key=lambda step: KINDS.index(step.kind)):
        name = step.name.partition(" (")[0].partition(" ")[2]
        of = name if step.kind == "train" else name.partition(" ")[0]  # all its languages
        groups.setdefault((step.kind, of), []).append(step)
    rows = []
    for (kind, name), members in groups.items():
        count = sum(step.key in open_keys for step in members)
        examples = sum(step.examples for step in members)
        rows.append((kind, name, len(members), len(members) - count, count, examples or ""))
    table = tabulate(rows, ("step", "of", "steps", "cached", "to do", "examples"), "simple")
    return f"{table}\n{len(steps)} steps with the scores, {len(steps) - len(open_keys)} cached"


def _where(request: Request) -> str:
    """Return the device, and why the run is partial if it is."""
    device = request.device
    partial = f"; PARTIAL: {request.partial}" if request.partial else ""
    return f"{device.precision} on {device.name}, {device.threads} threads{partial}"


def _estimate(steps: Sequence[Step], store: Store, request: Request, workers: int) -> str:
    """Return how long it will take, and what the estimate is based on."""
    from harness.pipeline.estimate import estimate

    guess = estimate(steps, store, request.device, request.memory)
    if not guess.seconds:
        return "estimate: nothing to do"
    basis = (
        f"{guess.measured:.0%} of it from tokens a second measured here"
        if guess.measured > 0.005
        else "a guess from the speed of a matrix product, nothing like it was measured here yet"
    )
    slots = f", {workers} slots" if workers > 1 else ""
    return (
        f"estimate: {_duration(guess.seconds / workers)} on {request.device.name}{slots}; {basis}"
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
