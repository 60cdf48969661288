"""``harness eval`` and ``harness demo``: one checkpoint, all targets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from harness import api
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
    RayAddress,
    Recipe,
    Seed,
    StoreAt,
    Tasks,
    Threads,
    Tracker,
    Workers,
    end_with,
    listed,
)

if TYPE_CHECKING:
    from harness.results import Results


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
    workers: Workers = 1,
    ray: RayAddress = "",
    dry_run: DryRun = False,
) -> None:
    """Fine-tune on English, predict every language, score."""
    from harness.display.progress import Bars

    results = api.evaluate(
        checkpoint,
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
        output=output,
        store=store,
        tracker=tracker,
        intermediate=intermediate,
        offline=offline,
        workers=workers,
        ray=ray,
        dry_run=dry_run,
        progress=Bars(plans=True),
    )
    _print(results, per_language=per_language)


def demo_command(
    output: Output = None,
    store: StoreAt = STORE,
    seed: Seed = 42,
    threads: Threads = 0,
    per_language: PerLanguage = False,
    workers: Workers = 1,
    dry_run: DryRun = False,
) -> None:
    """Evaluate the packaged encoder on the packaged sentences (mini)."""
    from harness.display.progress import Bars

    results = api.evaluate(
        "packaged",
        benchmark="mini",
        recipe="quick",
        seed=seed,
        device="cpu",
        threads=threads,
        output=output or Path("results") / f"demo-{seed}",
        store=store,
        offline=True,
        workers=workers,
        dry_run=dry_run,
        progress=Bars(plans=True),
    )
    _print(results, per_language=per_language)
    print(
        "The encoder is multilingual-e5-small at 4 bits, dequantised, with the word table pruned"
        " to these texts; the sentences are the project's own. Not comparable with published rows."
    )


def _print(results: Results, *, per_language: bool) -> None:
    """Print scores and failures; nothing after a dry run or in torchrun's other processes."""
    if not results.tasks and not results.failed:
        return
    print(f"\n{results}")
    if per_language:
        print(f"\n{results.by_language()}")
    print(f"\nwritten: {results.folder}/submission.json, scores.json, manifest.json, predictions/")
    end_with(results.failed)
