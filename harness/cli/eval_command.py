"""``harness eval`` and ``harness demo``: one checkpoint, all targets."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from harness import places, registry
from harness.cli.arguments import Argument
from harness.cli.options import (
    STORE,
    BenchmarkName,
    DataDir,
    DeviceName,
    DryRun,
    Intermediate,
    LabelsDir,
    Languages,
    Layer,
    Limit,
    MaxSteps,
    Offline,
    Output,
    PerLanguage,
    Precision,
    Recipe,
    Seed,
    StoreAt,
    Tasks,
    Threads,
    Tracker,
    listed,
    writable,
)

if TYPE_CHECKING:
    from harness.pipeline.plan import Request


def evaluate_command(
    checkpoint: Annotated[
        str, Argument(metavar="CHECKPOINT", help="Folder or hub id (owner/name[@revision]).")
    ],
    data: DataDir = None,
    labels: LabelsDir = None,
    benchmark: BenchmarkName = "xtreme",
    recipe: Recipe = "xtreme",
    tasks: Tasks = "",
    languages: Languages = "",
    seed: Seed = 42,
    device: DeviceName = "auto",
    precision: Precision = "fp32",
    threads: Threads = 0,
    limit: Limit = 0,
    max_steps: MaxSteps = 0,
    layer: Layer = "",
    output: Output = None,
    store: StoreAt = STORE,
    tracker: Tracker = "none",
    per_language: PerLanguage = False,
    intermediate: Intermediate = "",
    offline: Offline = False,
    dry_run: DryRun = False,
) -> None:
    """Fine-tune on English, predict every language, score."""
    from harness.pipeline.request import Options

    request = Options(
        checkpoint=checkpoint,
        data=data,
        labels=labels,
        benchmark=benchmark,
        recipe=recipe,
        tasks=listed(tasks),
        languages=listed(languages),
        seed=seed,
        device=device,
        precision=precision,
        threads=threads,
        limit=limit,
        max_steps=max_steps,
        layer=layer,
        tracker=tracker,
        offline=offline,
        store=store,
        intermediate=intermediate,
    ).resolve()
    output = output or Path("results") / f"{request.checkpoint.name}-{request.recipe.name}-{seed}"
    _evaluate(request, store, output, per_language=per_language, dry_run=dry_run)


def demo_command(
    output: Output = None,
    store: StoreAt = STORE,
    seed: Seed = 42,
    threads: Threads = 0,
    per_language: PerLanguage = False,
    dry_run: DryRun = False,
) -> None:
    """Evaluate the packaged encoder on the packaged sentences (mini)."""
    from harness.pipeline.request import Options

    mini = registry.benchmark("mini")
    assert mini.encoder is not None
    checkpoint = mini.encoder(places.checkpoints())
    request = Options(
        checkpoint=str(checkpoint),
        benchmark="mini",
        recipe="quick",
        seed=seed,
        device="cpu",
        threads=threads,
        offline=True,
        store=store,
    ).resolve()
    output = output or Path("results") / f"demo-{seed}"
    _evaluate(request, store, output, per_language=per_language, dry_run=dry_run)
    print(
        "The encoder is multilingual-e5-small at 4 bits, dequantised, with the word table pruned"
        " to these texts; the sentences are the project's own. Not comparable with published rows."
    )


def _evaluate(
    request: Request, root: str, output: Path, *, per_language: bool, dry_run: bool
) -> None:
    """Plan, run and print an evaluation."""
    from harness.display.plan_text import plan_text
    from harness.display.progress import Bars
    from harness.models.device import first_process
    from harness.pipeline.engines.schedule import to_do
    from harness.pipeline.evaluate import evaluate
    from harness.pipeline.plan import make_plan
    from harness.pipeline.store.store import open_store
    from harness.results import Summary
    from harness.score_tables import language_table, missing_lines, score_table
    from harness.submission.score import summary_of

    os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(output / "logs"))
    first = first_process()
    for folder in (root, output):
        writable(folder)
    store = open_store(root)
    plan = make_plan(request)
    request.memory.save()
    if first:
        print(f"{plan_text(request, plan, store)}\n", flush=True)
    if dry_run:
        return
    try:
        done = evaluate(request, plan, store, output, Bars())
    except KeyboardInterrupt:
        kept = len(plan.steps) - len(to_do(plan.steps, store.has))
        message = f"interrupted: {kept} of {len(plan.steps)} steps are finished and kept in {root}"
        print(f"{message}; run the same command again to go on", file=sys.stderr)
        raise
    if not first:
        return
    summary = Summary({}, None) if done.partial else summary_of(request.benchmark, done.tasks)
    print(f"\n{score_table(request.benchmark, done.tasks, summary, done.partial)}")
    for line in missing_lines(done.tasks):
        print(line)
    if per_language:
        print(f"\n{language_table(done.tasks)}")
    print(f"\nwritten: {output}/submission.json, scores.json, manifest.json, predictions/")
    if done.failed:
        for name, why in done.failed.items():
            print(f"failed: {name}: {why}", file=sys.stderr)
        print("what is finished is kept; run the same command again for the rest", file=sys.stderr)
        raise SystemExit(1)
