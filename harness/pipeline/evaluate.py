"""An evaluation from request to output folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import registry
from harness.data.files import copy_file, digest, read_json, write_json
from harness.models.device import first_process
from harness.pipeline.engines.run_plan import IN_PROCESS, EngineChoice, run_plan
from harness.pipeline.engines.schedule import Progress
from harness.pipeline.plan import Plan, score_step
from harness.pipeline.request import Request
from harness.pipeline.steps.layer_step import LayerStep, in_words
from harness.pipeline.steps.predict_step import PredictStep
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.train_step import TrainStep
from harness.pipeline.store.store import Store
from harness.results import SCORES, STATISTICS, Results
from harness.submission.about import NOTHING_SAID, About
from harness.submission.entry import PREDICTIONS, SUBMISSION, EntryRun
from harness.submission.environment import commit_of, environment, manifest_of
from harness.submission.own_values import validate
from harness.submission.record import (
    Model,
    Submission,
    claims_of,
    run_id,
    slug_of,
    title_of,
    training_of,
)
from harness.submission.stages import origin_of
from harness.task_score import TaskScore

if TYPE_CHECKING:
    from harness.statistics import Run

FAILED = "failed"  # without the cause, which may name files of this machine
MANIFEST = "manifest.json"


def evaluate(
    request: Request,
    plan: Plan,
    store: Store,
    output: Path,
    progress: Progress,
    choice: EngineChoice = IN_PROCESS,
    about: About = NOTHING_SAID,
) -> Results:
    """Run a plan, go on after failures, and write the output folder, predictions first.

    Args:
        request: What was asked for.
        plan: Its steps.
        store: The store of finished steps.
        output: The folder to write; files of an earlier run are replaced.
        progress: Receives each step's progress.
        choice: The engine.
        about: What only the user knows of the model, for the submission.

    Returns:
        The scores; none in torchrun's other processes, which write nothing.

    Raises:
        HarnessError: The submission would not fit its schema; nothing has run.
    """
    start = time.time()
    entry = about.told_of(_submission(request, plan, output))
    _check_planned(entry, plan)
    runtime = Runtime(store, request.source, request.device)
    report = run_plan(plan.steps, runtime, progress, choice)
    if not first_process():
        return Results(request.benchmark, {})
    failed, ran = report.reasons(), report.ran
    if failed:
        plan = _without_failed(request, plan, failed)
        scores = [step for step in plan.scores.values() if step.key not in failed]
        rest = run_plan(scores, runtime, progress, choice)
        failed, ran = failed | rest.reasons(), ran + rest.ran
    reasons = {step.name: failed[step.key] for step in plan.steps if step.key in failed}
    incomplete = f"incomplete, {len(reasons)} steps failed" if reasons else ""
    tasks = task_scores(request, plan, store, failed)
    picked = [
        in_words(store.manifest(step)["result"])
        for step in plan.steps
        if isinstance(step, LayerStep) and step.key not in failed
    ]
    results = Results(
        benchmark=request.benchmark,
        tasks=tasks,
        partial="; ".join(filter(None, [request.partial, incomplete])),
        name=request.checkpoint.name,
        failed=reasons,
        folder=output,
        notes=tuple(picked),
        run=run_of(plan, store, tasks, request.seed, request.checkpoint.intermediate),
    )
    _clear(output)
    predicted = [step for step in _predictions(plan) if step.key not in failed]
    for step in predicted:
        target = output / PREDICTIONS / step.task.name / step.file
        copy_file(store.fetched(step) / step.file, target)
    results.save(output)
    done = [store.manifest(step) for step in plan.steps if step.key not in failed]
    manifest = _manifest(request, plan, done, ran, time.time() - start)
    manifest |= {"partial": results.partial, "failed": sorted(reasons)}
    write_json(manifest, output / MANIFEST)
    if predicted:  # else there is nothing to hand in
        files = [f"{step.task.name}/{step.file}" for step in predicted]
        hashes = {path: digest(output / PREDICTIONS / path) for path in files}
        made = manifest_of(request.device, test_data(predicted))
        replace(
            entry,
            date=max(one["finished"][:10] for one in done),
            partial=results.partial,
            runs=(replace(entry.runs[0], files=hashes),),
            claims=claims_of([results]),
            retrieval=retrieval_of(predicted, store),
            manifest=made | {"git": commit_of(manifest["environment"]["git"])},
        ).save(output)
    return results


def _predictions(plan: Plan) -> list[PredictStep]:
    return [step for step in plan.steps if isinstance(step, PredictStep)]


def _check_planned(entry: Submission, plan: Plan) -> None:
    """Refuse, before anything runs, what would not fit the schema: names of tasks, languages."""
    steps = _predictions(plan)
    files = {f"{step.task.name}/{step.file}": "0" * 64 for step in steps}
    claims: dict[str, dict[str, Any]] = {step.task.name: {} for step in steps}
    for step in steps:
        claims[step.task.name][step.language] = {}
    runs = (replace(entry.runs[0], files=files),)
    validate(replace(entry, runs=runs, claims=claims).as_dict())


def _submission(request: Request, plan: Plan, output: Path) -> Submission:
    """Return the entry of a run, without what only the run shows: its files and scores."""
    checkpoint, origin = request.checkpoint, origin_of(request.checkpoint)
    specs = [step.spec for step in plan.steps if isinstance(step, TrainStep)]
    on_targets = any(isinstance(step, LayerStep) for step in plan.steps)
    training = training_of(request.recipe.name, specs, on_targets=on_targets)
    return Submission(
        slug=slug_of(output.resolve().name),
        title=title_of(checkpoint.name),
        benchmark=request.benchmark.name,
        model=Model.of(checkpoint, origin),
        training=training,
        runs=(
            EntryRun(
                id=run_id(request.seed),
                seed=request.seed,
                intermediate_run=checkpoint.fingerprint[:12] if origin.stages else None,
                files={},
            ),
        ),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        intermediate=origin.stages,
        baseline=slug_of(f"{origin.base} {training.recipe}") if origin.stages else None,
        partial=request.partial,
    )


def test_data(steps: Iterable[PredictStep]) -> dict[str, str]:
    """Return a hash of the test examples of each task and language that are predicted."""
    return {f"{step.task.name}/{step.language}": step.data["test"] for step in steps}


def retrieval_of(steps: Iterable[PredictStep], store: Store) -> dict[str, Any]:
    """Return of each retrieval task the pooling and the layer, as the schema has them.

    Args:
        steps: Finished predictions.
        store: The store, where the layer ``auto`` was picked.
    """
    found: dict[str, Any] = {}
    for step in steps:
        if step.task.format.head is not None or step.task.name in found:
            continue
        layer = step.settings.layer
        if layer == "auto":
            layer = store.manifest(step.picked)["result"]["layer"] if step.picked else "auto"
        found[step.task.name] = {
            "pooling": step.settings.pooling,
            "layer": layer if isinstance(layer, int) else None,
            "layers": step.checkpoint.layers,
        }
    return found


def _without_failed(request: Request, plan: Plan, failed: Mapping[str, str]) -> Plan:
    """Return the plan with failed languages marked as missing and the others scored."""
    scores, missing = {}, {}
    for name, steps in plan.predictions.items():
        present = {code: step for code, step in steps.items() if step.key not in failed}
        missing[name] = plan.missing[name] | {c: FAILED for c in steps if c not in present}
        if present:
            scores[name] = score_step(request, registry.task(name), present, plan.clusters[name])
    others = [step for step in plan.steps if step not in plan.scores.values()]
    return replace(plan, steps=[*others, *scores.values()], scores=scores, missing=missing)


def _clear(output: Path) -> None:
    """Remove what an earlier run wrote, so that its files do not mix with this run's."""
    if (output / SUBMISSION).is_file():
        shutil.rmtree(output / "predictions", ignore_errors=True)
    for name in (SUBMISSION, SCORES, STATISTICS, MANIFEST):
        (output / name).unlink(missing_ok=True)


def task_scores(
    request: Request, plan: Plan, store: Store, failed: Mapping[str, str]
) -> dict[str, TaskScore]:
    """Return the scores of a plan's finished score steps, in the benchmark's order.

    Args:
        request: What was asked for.
        plan: Its steps.
        store: The store of finished steps.
        failed: Keys of steps that failed, and why; their tasks get no scores.
    """
    scores = {}
    for name, missing in plan.missing.items():
        task, step = registry.task(name), plan.scores.get(name)
        languages = request.benchmark.languages_of(task)
        value: dict[str, Any] = {"languages": {}, "missing": {}}
        if step is not None and step.key in failed:
            value["missing"] = {c: FAILED for c in languages if c not in missing}
        elif step is not None:
            value = read_json(store.fetched(step) / SCORES)
        scores[name] = TaskScore(
            name=name,
            metric=task.format.metric,
            languages=value["languages"],
            expected=languages,
            missing=value["missing"] | missing,
        )
    order = [*request.benchmark.task_names(), *sorted(scores)]
    return {name: scores[name] for name in dict.fromkeys(order) if name in scores}


def run_of(
    plan: Plan, store: Store, tasks: Mapping[str, TaskScore], seed: int, intermediate: str
) -> Run:
    """Return the sums by cluster of a plan's finished score steps.

    Args:
        plan: The steps.
        store: The store of finished steps.
        tasks: The scores that ``task_scores`` has read.
        seed: The run's seed.
        intermediate: What the checkpoint was trained on before the run, "" if nothing: all runs
            on it share that one training.

    Raises:
        HarnessError: Sums do not add up to the score beside them; names the step.
    """
    from harness.statistics import Run, Sums
    from harness.statistics.sums import refuse_other_scores
    from harness.statistics.sums_file import load

    sums: dict[str, Sums] = {}
    for name, step in plan.scores.items():
        if name not in tasks or not tasks[name].languages:
            continue
        path = store.fetched(step) / STATISTICS
        if path.is_file():
            sums |= load(path)[0]
            refuse_other_scores(sums[name], tasks[name].headlines, step.name)
    steps = {name: list(plan.predictions[name].values()) for name in sums}
    trained = {name for name, some in steps.items() if intermediate or some[0].training}
    units = {step.checkpoint.fingerprint for some in steps.values() for step in some}
    return Run(seed, sums, frozenset(trained), units.pop() if intermediate and units else "")


def _manifest(
    request: Request, plan: Plan, steps: Sequence[Mapping[str, Any]], ran: int, seconds: float
) -> dict[str, Any]:
    """Return a record of how the scores came about.

    Args:
        request: What was asked for.
        plan: Its steps.
        steps: The manifests of the finished steps.
        ran: How many steps ran now.
        seconds: Wall time.
    """
    return {
        "environment": environment(),
        "checkpoint": request.checkpoint.as_dict(),
        "benchmark": request.benchmark.name,
        "recipe": request.recipe.as_dict(),
        "seed": request.seed,
        "limit": request.limit,
        "max_steps": request.max_steps,
        "notes": [*request.checkpoint.notes, *plan.notes],
        "device": asdict(request.device) | {"identity": request.device.identity()},
        "skipped": plan.skipped,
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "steps_run": ran,
        "seconds": round(seconds, 1),
        "seconds_of_all_steps": round(sum(step["seconds"] for step in steps), 1),
        "steps": [
            {key: step[key] for key in ("name", "key", "identity", "result", "seconds", "files")}
            for step in steps
        ],
    }
