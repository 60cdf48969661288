"""An evaluation from request to output folder."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import __version__
from harness.models.device import first_process
from harness.pipeline.engines.local import Progress, run
from harness.pipeline.plan import Plan, Request
from harness.pipeline.workbench import Workbench
from harness.scoring import TaskScore
from harness.submission.scores import scores_json
from harness.submission.write import copy_file, environment, validate, write_json

if TYPE_CHECKING:
    from harness.pipeline.store import Store


def evaluate(
    request: Request, plan: Plan, store: Store, output: Path, progress: Progress
) -> dict[str, TaskScore]:
    """Run a plan and write the output folder.

    Predictions are copied there before anything is scored into it; scores come last.

    Args:
        request: What was asked for.
        plan: Its steps.
        store: Where finished steps are and go.
        output: The folder to write; files of an earlier run are replaced.
        progress: Told of each step.

    Returns:
        The scores of each task; {} in the further processes of torchrun, which write nothing.
    """
    start = time.time()
    bench = Workbench(request.source, request.device)
    work = [step for step in plan.steps if step.kind != "score"]
    ran = run(work, store, bench, progress)
    if first_process():
        _clear(output)
        for name, steps in plan.predictions.items():
            for language, step in steps.items():
                file = f"test-{language}.{step.job.task.format.suffix}"  # type: ignore[attr-defined]
                copy_file(store.fetched(step) / file, output / "predictions" / name / file)
    ran += run(list(plan.scores.values()), store, bench, progress)
    if not first_process():
        return {}
    tasks = task_scores(request, plan, store)
    scores = scores_json(request.benchmark, tasks, request.partial)
    submission = {
        "format": 1,
        "harness": __version__,
        "benchmark": request.benchmark.name,
        "checkpoint": request.checkpoint.as_dict(),
        "recipe": request.recipe.name,
        "seed": request.seed,
        "partial": request.partial,
        "scores": scores,
    }
    write_json(scores, output / "scores.json")
    write_json(_manifest(request, plan, store, ran, time.time() - start), output / "manifest.json")
    validate(submission)
    write_json(submission, output / "submission.json")
    return tasks


def _clear(output: Path) -> None:
    """Remove what an earlier run wrote, so that no file of it stands beside this one's."""
    if (output / "submission.json").is_file():
        shutil.rmtree(output / "predictions", ignore_errors=True)
    for name in ("submission.json", "scores.json", "manifest.json"):
        (output / name).unlink(missing_ok=True)


def task_scores(request: Request, plan: Plan, store: Store) -> dict[str, TaskScore]:
    """Return the scores of a plan's finished score steps, in the benchmark's order."""
    found = {}
    for name, step in plan.scores.items():
        value = json.loads((store.fetched(step) / "scores.json").read_text())
        job: Any = step.job
        found[name] = TaskScore(
            name=name,
            metric=job.task.format.metric,
            languages=value["languages"],
            expected=plan.languages[name],
            missing=value["missing"] | plan.missing[name],
        )
    order = [*request.benchmark.task_names(), *sorted(found)]
    return {name: found[name] for name in dict.fromkeys(order) if name in found}


def _manifest(
    request: Request, plan: Plan, store: Store, ran: int, seconds: float
) -> dict[str, Any]:
    """Return everything needed to tell how the numbers came about."""
    steps = [store.manifest(step) for step in plan.steps]
    return {
        "environment": environment(),
        "checkpoint": request.checkpoint.as_dict(),
        "benchmark": request.benchmark.name,
        "recipe": request.recipe.as_dict(),
        "seed": request.seed,
        "limit": request.limit,
        "max_steps": request.max_steps,
        "partial": request.partial,
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
