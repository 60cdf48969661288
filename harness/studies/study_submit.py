"""Entries of a study: one a row, made of the predictions in the store, baselines linked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, unknown
from harness.pipeline.evaluate import retrieval_of, test_data
from harness.pipeline.steps.train_step import TrainStep
from harness.results import Results
from harness.studies.study_file import BASELINE
from harness.studies.study_results import cell_scores
from harness.submission.about import NOTHING_SAID, About
from harness.submission.entry import EntryRun
from harness.submission.environment import manifest_of
from harness.submission.record import (
    ANONYMOUS,
    LONGEST_MODEL,
    Model,
    Submission,
    claims_of,
    gaps_of,
    partial_text,
    run_id,
    slug_of,
    title_of,
    training_of,
)
from harness.submission.stages import (
    SNAPSHOTS,
    Origin,
    Stage,
    origin_of,
    plain_of,
    stage_of,
    stages_of_text,
)
from harness.submission.write import check_new, write_entry

if TYPE_CHECKING:
    from harness.pipeline.steps.predict_step import PredictStep
    from harness.pipeline.store.store import Store
    from harness.studies.expand import Cell, StudyPlan
    from harness.training.spec import TrainingSpec


@dataclass(frozen=True)
class Handing:
    """How a study is handed in.

    Attributes:
        output: Folder of entries.
        tasks: Names of the tasks to hand in; () for all of the study.
        submitter: Who hands it in.
        licence: SPDX identifier, "" for none.
        prefix: What the entries' slugs begin with; "" for the study's name.
        about: What only the user knows of the models, said of every row.
    """

    output: Path
    tasks: tuple[str, ...] = ()
    submitter: str = ANONYMOUS
    licence: str = ""
    prefix: str = ""
    about: About = NOTHING_SAID


@dataclass(frozen=True)
class Handed:
    """What was handed in of a study.

    Attributes:
        written: The entries' folders.
        left_out: Each row or run that is not done yet, and what it lacks.
    """

    written: tuple[Path, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Row:
    """A row of a study: a checkpoint, a recipe and a setting, with a cell a seed."""

    slug: str
    baseline: str | None
    cells: list[Cell] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return what messages call the row."""
        cell = self.cells[0]
        return f"{cell.start.name}, {cell.row}"


def submit(whole: StudyPlan, store: Store, handing: Handing) -> Handed:
    """Write an entry of each row of a study that has a finished run.

    A run is finished if the store has all predictions that the study plans for its tasks.

    Raises:
        HarnessError: A task is not of the study, two rows would have one slug, or an entry is
            there already; nothing is written then.
    """
    names = whole.request.benchmark.task_names()
    planned = {name for cell in whole.cells for name in cell.plan.predictions if name in names}
    for name in handing.tasks:
        if name not in planned:
            raise unknown("task of the study", name, sorted(planned))
    rows = _rows(whole, handing)
    ready, left_out = [], []
    for row in rows:
        done = []
        for cell in row.cells:
            if lacks := _lacks(_predictions(cell, whole, handing.tasks), store):
                left_out.append(f"{row.name}, seed {cell.seed}: {lacks}")
            else:
                done.append(cell)
        if done:
            check_new(handing.output, row.slug)
            ready.append(replace(row, cells=done))
    histories = {row.slug: _history(row, whole, store) for row in ready}
    linked = []
    for row in ready:
        baseline, lacks = _baseline(row, ready, histories)
        linked.append(replace(row, baseline=baseline))
        if lacks:
            left_out.append(f"{row.slug} {lacks}")
    written = [_write(row, histories[row.slug], whole, store, handing) for row in linked]
    return Handed(tuple(written), tuple(left_out))


def _rows(whole: StudyPlan, handing: Handing) -> list[_Row]:
    """Return the rows of a study, in its order.

    Raises:
        HarnessError: Two would have one slug.
    """
    prefix = handing.prefix or whole.study.name
    several = len(whole.study.recipes) > 1
    rows: dict[tuple[str, str, str], _Row] = {}
    for cell in whole.cells:
        recipe = [Path(cell.recipe).stem] if several else []
        slug = slug_of(" ".join([prefix, cell.start.name, cell.row, *recipe]))
        baseline = slug_of(" ".join([prefix, cell.group, BASELINE, *recipe]))
        alone = cell.intermediate.name == BASELINE and not cell.start.intermediate
        place = (cell.start.name, cell.row, cell.recipe)
        rows.setdefault(place, _Row(slug, None if alone else baseline)).cells.append(cell)
    slugs = [row.slug for row in rows.values()]
    for row in rows.values():
        if slugs.count(row.slug) > 1:
            raise HarnessError(
                f"{whole.study.path}: two rows would be {row.slug}; name checkpoints or settings"
                " so that they differ in letters and digits"
            )
    return list(rows.values())


def _history(row: _Row, whole: StudyPlan, store: Store) -> Origin:
    """Return what a row began as and all its trainings before the targets, in and before it."""
    cell = row.cells[0]
    origin = _origin(cell, whole)
    return replace(origin, stages=(*origin.stages, *_stages(_started_from(cell, whole), store)))


def _baseline(
    row: _Row, ready: Sequence[_Row], histories: Mapping[str, Origin]
) -> tuple[str | None, str]:
    """Return the slug of the entry that a row is compared with, and what it lacks, "" if nothing.

    A study's baseline may start from a checkpoint with an intermediate training behind it. Then
    it is no baseline among entries, but one of the same base without any may be in the study.
    """
    own = histories[row.slug]
    if not own.stages:
        return None, ""
    if row.baseline is not None and row.baseline not in histories:
        lacks = f"is compared with {row.baseline}, which is not done yet; hand that in, too"
        return row.baseline, lacks
    recipe = row.cells[0].recipe
    plain = [one for one in ready if one.cells[0].recipe == recipe]
    plain = [one for one in plain if not histories[one.slug].stages]
    for one in plain:
        if one.slug == row.baseline:
            return one.slug, ""
    for one in plain:
        if histories[one.slug].base == own.base:
            return one.slug, ""
    slug = slug_of(f"{own.base} {Path(recipe).stem}")
    lacks = (
        f"goes on from an intermediate training of {own.base}, which no row of the study is without"
        f" it; its baseline is taken to be {slug}: hand that in, or name another in submission.json"
    )
    return slug, lacks


def _predictions(cell: Cell, whole: StudyPlan, tasks: Sequence[str]) -> list[PredictStep]:
    """Return the predictions of the benchmark's tasks that are handed in."""
    chosen = tasks or whole.request.benchmark.task_names()
    each = (cell.plan.predictions.get(name, {}) for name in chosen)
    return [step for steps in each for step in steps.values()]


def _lacks(steps: Sequence[PredictStep], store: Store) -> str:
    """Return how many predictions of a run are not there, "" if all are."""
    if not steps:
        return "the study plans none of these tasks for it"
    missing = sum(not store.sound(step) for step in steps)
    return f"{missing} of {len(steps)} predictions are not there; run the study" if missing else ""


def _write(row: _Row, history: Origin, whole: StudyPlan, store: Store, handing: Handing) -> Path:
    """Write the entry of a row's finished runs."""
    cell, benchmark = row.cells[0], whole.request.benchmark
    runs, sources, days, results = [], {}, [], []
    for one in row.cells:
        steps = _predictions(one, whole, handing.tasks)
        manifests = [store.manifest(step) for step in steps]
        run, places = _run(one, steps, whole, store)
        runs.append(run)
        sources[run.id] = places
        days += [str(manifest["finished"])[:10] for manifest in manifests]
        tasks = {step.task.name for step in steps}
        scores = cell_scores(one, whole, store)
        kept = {name: score for name, score in scores.items() if name in tasks}
        results.append(Results(benchmark, kept, whole.request.partial))
    steps = _predictions(cell, whole, handing.tasks)
    on_targets = any(step.picked for step in steps)
    recipe, specs = Path(cell.recipe).stem, _target_trainings(steps, whole)
    training = training_of(recipe, specs, on_targets=on_targets)
    model = Model.of(steps[0].checkpoint, history)
    if _started_from(cell, whole) is not None:  # what was evaluated is in the store alone
        name = plain_of(f"{model.name}, {cell.row}", LONGEST_MODEL)
        model = replace(model, name=name, fingerprint=None)
    entry = Submission(
        slug=row.slug,
        title=title_of(f"{cell.start.name}, {cell.row}"),
        benchmark=benchmark.name,
        model=model,
        training=training,
        runs=tuple(runs),
        date=max(days),
        intermediate=history.stages,
        baseline=row.baseline,
        partial=partial_text(whole.request.partial, gaps_of(benchmark, runs)),
        licence=handing.licence,
        submitter=title_of(handing.submitter),
        claims=claims_of(results),
        manifest=manifest_of(whole.request.device, test_data(steps)),
        retrieval=retrieval_of(steps, store),
    )
    return write_entry(handing.about.told_of(entry), sources, handing.output)


def _run(
    cell: Cell, steps: Sequence[PredictStep], whole: StudyPlan, store: Store
) -> tuple[EntryRun, dict[str, Path]]:
    """Return a run of an entry, and where its predictions lie in the store."""
    places, hashes = {}, {}
    for step in steps:
        path = f"{step.task.name}/{step.file}"
        places[path] = store.fetched(step) / step.file
        hashes[path] = store.manifest(step)["files"][step.file]["sha256"]
    start, unit = _started_from(cell, whole), None
    if start is not None:
        unit = start.key[:12]
    elif _origin(cell, whole).stages:
        unit = steps[0].checkpoint.fingerprint[:12]
    return EntryRun(run_id(cell.seed), cell.seed, unit, hashes), places


def _origin(cell: Cell, whole: StudyPlan) -> Origin:
    """Return where a cell's checkpoint comes from.

    One that was trained elsewhere began as the checkpoint that the study compares it with.
    """
    checkpoint = _any_prediction(cell).checkpoint
    if checkpoint.path.parent.name == SNAPSHOTS:  # the study calls it otherwise
        checkpoint = replace(checkpoint, name=cell.start.where)
    origin = origin_of(checkpoint)
    if not cell.start.intermediate:
        return origin
    compared = next(one for one in whole.cells if one.start.name == cell.start.baseline)
    begun = _origin(compared, whole)
    stages = origin.stages or stages_of_text(cell.start.intermediate)
    return replace(begun, stages=(*begun.stages, *stages))


def _any_prediction(cell: Cell) -> PredictStep:
    return next(step for steps in cell.plan.predictions.values() for step in steps.values())


def _target_trainings(steps: Sequence[PredictStep], whole: StudyPlan) -> list[TrainingSpec]:
    """Return the trainings that predictions were made with, each once."""
    makers = {one.key: one for step in steps for one in _own_trainings(step, whole)}
    return [step.spec for step in makers.values()]


def _own_trainings(step: PredictStep, whole: StudyPlan) -> list[TrainStep]:
    """Return the trainings on the set that a task learns from and on those before it, backwards."""
    learnt = whole.request.benchmark.training_of(step.task)
    own: list[TrainStep] = []
    one = step.training
    for _ in learnt.stages() if learnt else ():
        if one is not None:
            own.append(one)
            one = _before(one)
    return own


def _before(step: TrainStep) -> TrainStep | None:
    """Return the training that another goes on from, None if it is the checkpoint."""
    return next((one for one in step.parents if isinstance(one, TrainStep)), None)


def _started_from(cell: Cell, whole: StudyPlan) -> TrainStep | None:
    """Return the intermediate training that a cell's targets go on from, None for a baseline."""
    step = _any_prediction(cell)
    own = _own_trainings(step, whole)
    return _before(own[-1]) if own else step.training


def _stages(step: TrainStep | None, store: Store) -> tuple[Stage, ...]:
    """Return an intermediate training as a stage, after those that it starts from."""
    if step is None:
        return ()
    return (*_stages(_before(step), store), stage_of(step.spec, _examples(step, store)))


def _examples(step: TrainStep, store: Store) -> tuple[int | None, ...]:
    """Return the training examples of each set, None where the store does not know them."""
    try:
        result: Mapping[str, Any] = store.manifest(step)["result"]
    except HarnessError:
        return (None,) * len(step.spec.sets)
    return tuple(result["examples_of"].values())  # in the order of the sets, whatever their names
