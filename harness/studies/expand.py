"""The steps of a study, shared ones only once; nothing runs here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from harness import registry
from harness.data.memory import Memory
from harness.data.open_source import open_source
from harness.declarations import Benchmark
from harness.errors import unknown
from harness.models.checkpoint import Checkpoint, open_checkpoint
from harness.models.device import PRECISIONS, Device, choose_device, hush, thread_share
from harness.pipeline.plan import Plan, make_plan
from harness.pipeline.plan_training import Intermediate, intermediate_step
from harness.pipeline.request import Request, checkpoint_place
from harness.pipeline.steps.step import Step
from harness.pipeline.steps.train_step import TrainStep
from harness.studies.study_file import BASELINE, Start, Study, load_recipe


@dataclass(frozen=True)
class Cell:
    """One combination of a study's lists: an evaluation of all targets.

    Attributes:
        start: The checkpoint.
        intermediate: The intermediate setting that is trained first.
        recipe: The recipe's name.
        seed: The seed.
        plan: The steps of its evaluation.
    """

    start: Start
    intermediate: Intermediate
    recipe: str
    seed: int
    plan: Plan

    @property
    def row(self) -> str:
        """Return the name of its row in the table."""
        return self.start.intermediate or self.intermediate.name

    @property
    def group(self) -> str:
        """Return the name of the checkpoint whose baseline it is compared with."""
        return self.start.baseline or self.start.name


@dataclass(frozen=True)
class StudyPlan:
    """All steps of a study, parents before children, each once.

    Attributes:
        study: What was asked for.
        request: A request with what all combinations have in common.
        cells: The combinations.
        steps: Their steps.
        notes: What the user should know of the training data.
    """

    study: Study
    request: Request
    cells: list[Cell]
    steps: list[Step]
    notes: list[str]


def plan_study(
    study: Study, memory: Memory, *, workers: int = 1, offline: bool = False
) -> StudyPlan:
    """Plan a study.

    Args:
        study: What was asked for.
        memory: Facts about data and checkpoints from earlier runs.
        workers: Slots that share the CPU's threads, unless the study sets ``threads``.
        offline: Fetch nothing.

    Raises:
        HarnessError: Something named is missing, or a training set has no usable data.
    """
    hush()
    benchmark = registry.benchmark(study.benchmark)
    checkpoints = {}
    for start in study.checkpoints:
        with study.blamed("checkpoints", start.name):
            where = checkpoint_place(start.where, benchmark)
            checkpoint = open_checkpoint(where, offline=offline, memory=memory)
        checkpoints[start.name] = replace(checkpoint, name=start.name)
    _check_languages(study, benchmark)
    with study.blamed("data"):
        source = open_source(study.data, study.labels, benchmark, memory, offline=offline)
    threads = thread_share(study.threads, workers)
    request = Request(
        checkpoint=next(iter(checkpoints.values())),
        benchmark=benchmark,
        source=source,
        recipe=load_recipe(study, study.recipes[0]),
        device=_device(study, threads),
        tasks=study.targets,
        languages=study.languages,
        limit=study.limit,
        max_steps=study.max_steps,
        memory=memory,
    )
    cells = list(_cells(study, request, checkpoints))
    steps: dict[str, Step] = {}
    notes: list[str] = []
    for cell in cells:
        for step in cell.plan.steps:
            steps.setdefault(step.key, step)
        notes += [*cell.plan.notes, *(f"skipped: {why}" for why in cell.plan.skipped.values())]
    memory.save()
    return StudyPlan(study, request, cells, list(steps.values()), list(dict.fromkeys(notes)))


def _cells(study: Study, request: Request, checkpoints: dict[str, Checkpoint]) -> Iterator[Cell]:
    """Yield every combination, its intermediate training before its evaluation."""
    recipes = {name: load_recipe(study, name) for name in study.recipes}
    for start, name, seed in product(study.checkpoints, study.recipes, study.seeds):
        checkpoint = checkpoints[start.name]
        recipe = recipes[name].sized(checkpoint.layers)
        shared = replace(request, checkpoint=checkpoint, recipe=recipe, seed=seed)
        labels = [start.name, *([name] if len(study.recipes) > 1 else [])]
        trainings: dict[str, TrainStep | None] = {BASELINE: None}
        for one in study.intermediate:
            if start.intermediate and one.name != BASELINE:
                continue
            notes: list[str] = []
            step = _training(study, one.name, shared, trainings, notes)
            label = ", ".join([*labels, one.name, f"seed {seed}"])
            plan = make_plan(replace(shared, start=step, label=label, keep_if_there=True))
            plan.steps = [*_chain(step), *plan.steps]
            plan.notes = (*notes, *plan.notes)
            yield Cell(start, one, name, seed, plan)


def _training(
    study: Study,
    name: str,
    request: Request,
    trainings: dict[str, TrainStep | None],
    notes: list[str],
) -> TrainStep | None:
    """Return the step that trains a setting, after the setting that it starts from."""
    if name not in trainings:
        one = next(one for one in study.intermediate if one.name == name)
        parent = None
        if one.after:
            parent = _training(study, one.after, request, trainings, notes)
        child = replace(request, start=parent, label=f"seed {request.seed}")
        with study.blamed("intermediate", name):
            trainings[name] = intermediate_step(child, one, notes)
    return trainings[name]


def _chain(step: Step | None) -> list[Step]:
    """Return a training step, preceded by all steps that it starts from."""
    return [*_chain(step.parents[0] if step.parents else None), step] if step else []


def _check_languages(study: Study, benchmark: Benchmark) -> None:
    """Refuse a language that no target has."""
    names = study.targets or benchmark.task_names()
    tasks = [registry.task(name) for name in names if name in registry.task_names()]
    known = sorted({code for task in tasks for code in benchmark.languages_of(task)})
    for code in study.languages:
        if code not in known:
            with study.blamed("languages", value=code):
                raise unknown("language", code, known)


def _device(study: Study, threads: int) -> Device:
    """Return the device; an error names the place in the file."""
    if study.precision not in PRECISIONS:
        with study.blamed("precision", value=study.precision):
            raise unknown("precision", study.precision, PRECISIONS)
    with study.blamed("device", value=study.device):
        return choose_device(
            study.device,
            study.precision,
            threads,
            study.processes,
            deterministic=study.deterministic,
        )
