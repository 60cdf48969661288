"""An evaluation from request to output folder."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import __version__, registry
from harness.data.files import copy_file, write_json
from harness.models.device import first_process
from harness.pipeline.engines.run_step import Progress, run
from harness.pipeline.plan import Plan, Request, score_step
from harness.pipeline.steps.runtime import Runtime
from harness.results import TaskScore
from harness.submission.score import scores_json
from harness.submission.write import environment, validate

if TYPE_CHECKING:
    from harness.pipeline.store.store import Store


FAILED = "failed"  # why is told to the user alone: it may name files of this machine


@dataclass(frozen=True)
class Evaluation:
    """What became of an evaluation.

    Attributes:
        tasks: The scores of each task; {} in torchrun's further processes, which write nothing.
        partial: Why no score of it may stand beside a whole one, "" if it may.
        failed: Name of each step that failed, and why.
    """

    tasks: dict[str, TaskScore]
    partial: str = ""
    failed: Mapping[str, str] = field(default_factory=dict)


def evaluate(
    request: Request, plan: Plan, store: Store, output: Path, progress: Progress
) -> Evaluation:
    """Run a plan, past what fails, and write the output folder.

    Predictions are copied there before anything is scored into it; scores come last.

    Args:
        request: What was asked for.
        plan: Its steps.
        store: Where finished steps are and go.
        output: The folder to write; files of an earlier run are replaced.
        progress: Told of each step.

    Raises:
        HarnessError: What is fixed in the submission does not fit its schema; nothing has run.
    """
    start = time.time()
    validate(_submission(request, {}, request.partial))
    bench = Runtime(request.source, request.device)
    failed: dict[str, str] = {}
    ran = run([s for s in plan.steps if s.kind != "score"], store, bench, progress, failed)
    if first_process():
        _clear(output)
        _copy_predictions(plan, store, output, failed)
    plan = _without_failed(request, plan, failed)
    ran += run(list(plan.scores.values()), store, bench, progress, failed)
    if not first_process():
        return Evaluation({})
    names = {step.key: step.name for step in plan.steps}
    told = {names[key]: why for key, why in failed.items()}
    partial = "; ".join(filter(None, [request.partial, _incomplete(told)]))
    tasks = task_scores(request, plan, store, failed)
    write_json(scores_json(request.benchmark, tasks, partial), output / "scores.json")
    done = [store.manifest(step) for step in plan.steps if step.key not in failed]
    manifest = _manifest(request, plan, done, ran, time.time() - start)
    write_json(manifest | {"partial": partial, "failed": sorted(told)}, output / "manifest.json")
    submission = _submission(request, tasks, partial)
    validate(submission)
    write_json(submission, output / "submission.json")
    return Evaluation(tasks, partial, told)


def _submission(request: Request, tasks: Mapping[str, TaskScore], partial: str) -> dict[str, Any]:
    return {
        "format": 1,
        "harness": __version__,
        "benchmark": request.benchmark.name,
        "checkpoint": request.checkpoint.as_dict(),
        "recipe": request.recipe.name,
        "seed": request.seed,
        "partial": partial,
        "scores": scores_json(request.benchmark, tasks, partial),
    }


def _incomplete(failed: Mapping[str, str]) -> str:
    return f"incomplete, {len(failed)} steps failed" if failed else ""


def _copy_predictions(plan: Plan, store: Store, output: Path, failed: Mapping[str, str]) -> None:
    """Copy the predictions that there are into the output folder."""
    for name, steps in plan.predictions.items():
        for step in steps.values():
            if step.key not in failed:
                file = step.job.file  # type: ignore[attr-defined]
                copy_file(store.fetched(step) / file, output / "predictions" / name / file)


def _without_failed(request: Request, plan: Plan, failed: Mapping[str, str]) -> Plan:
    """Return the plan with languages whose predictions failed as missing, the others scored."""
    if not failed:
        return plan
    scores, missing = {}, {}
    for name, steps in plan.predictions.items():
        there = {code: step for code, step in steps.items() if step.key not in failed}
        lost = [code for code in steps if code not in there]
        missing[name] = plan.missing[name] | dict.fromkeys(lost, FAILED)
        if len(there) == len(steps):
            scores[name] = plan.scores[name]
        elif there:
            scores[name] = score_step(request, registry.task(name), there)
    done = [s for s in plan.steps if s.kind != "score"] + list(scores.values())
    return replace(plan, steps=done, scores=scores, missing=missing)


def _clear(output: Path) -> None:
    """Remove what an earlier run wrote, so that no file of it stands beside this one's."""
    if (output / "submission.json").is_file():
        shutil.rmtree(output / "predictions", ignore_errors=True)
    for name in ("submission.json", "scores.json", "manifest.json"):
        (output / name).unlink(missing_ok=True)


def task_scores(
    request: Request, plan: Plan, store: Store, failed: Mapping[str, str] | None = None
) -> dict[str, TaskScore]:
    """Return the scores of a plan's finished score steps, in the benchmark's order.

    Args:
        request: What was asked for.
        plan: Its steps.
        store: Where finished steps are.
        failed: Keys of steps that failed, and why; their tasks then come without scores.
    """
    found = {}
    for name, languages in plan.languages.items():
        step = plan.scores.get(name)
        value: dict[str, Any] = {"languages": {}, "missing": {}}
        if step is not None and step.key in (failed or {}):
            value["missing"] = {c: FAILED for c in languages if c not in plan.missing[name]}
        elif step is not None:
            value = json.loads((store.fetched(step) / "scores.json").read_text())
        elif failed is None:
            continue
        found[name] = TaskScore(
            name=name,
            metric=registry.task(name).format.metric,
            languages=value["languages"],
            expected=languages,
            missing=value["missing"] | plan.missing[name],
        )
    order = [*request.benchmark.task_names(), *sorted(found)]
    return {name: found[name] for name in dict.fromkeys(order) if name in found}


def _manifest(
    request: Request, plan: Plan, steps: Sequence[Mapping[str, Any]], ran: int, seconds: float
) -> dict[str, Any]:
    """Return everything needed to tell how the numbers came about.

    Args:
        request: What was asked for.
        plan: Its steps.
        steps: What those that are finished say of themselves.
        ran: How many ran now.
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
