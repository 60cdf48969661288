"""``harness train``: a checkpoint further trained, as an ordinary transformers checkpoint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from harness import registry
from harness.bounds import WEIGHT
from harness.cli.arguments import Argument, Option
from harness.cli.options import (
    STORE,
    BenchmarkName,
    DataDir,
    DeviceName,
    MaxSteps,
    Offline,
    Precision,
    Recipe,
    Seed,
    Share,
    StoreAt,
    Threads,
    Tracker,
    writable,
)
from harness.errors import HarnessError, unknown

Sampling = Annotated[
    str,
    Option(
        help="Of several: uniform, proportional, capped, or weights as mnli=2,qqp=1 [recipe's]."
    ),
]


def train_command(
    sets: Annotated[list[str], Argument(metavar="TASK", help="mnli, squad_v1, mnli[de], mlm …")],
    checkpoint: Annotated[str, Option("--from", help="Folder or hub id to start from.")],
    output: Annotated[Path, Option(help="Folder to write the checkpoint into.")],
    data: DataDir = None,
    benchmark: BenchmarkName = "xtreme",
    recipe: Recipe = "x-stilts",
    sampling: Sampling = "",
    mlm: Share = 0.0,
    seed: Seed = 42,
    device: DeviceName = "auto",
    precision: Precision = "fp32",
    threads: Threads = 0,
    max_steps: MaxSteps = 0,
    store: StoreAt = STORE,
    tracker: Tracker = "none",
    offline: Offline = False,
) -> None:
    """Train on intermediate tasks and write a checkpoint."""
    from harness.display.progress import Bars
    from harness.models.device import first_process
    from harness.pipeline.engines.run_step import run
    from harness.pipeline.export import check_output, export
    from harness.pipeline.request import Options
    from harness.pipeline.steps.runtime import Runtime
    from harness.pipeline.store.store import open_store
    from harness.studies.expand import intermediate_step
    from harness.studies.study_file import Intermediate

    for spec in sets:
        registry.training(spec)  # the cheap things first
    kind, weights = _sampling(sampling, sets)
    request = Options(
        checkpoint=checkpoint,
        data=data,
        benchmark=benchmark,
        recipe=recipe,
        seed=seed,
        device=device,
        precision=precision,
        threads=threads,
        max_steps=max_steps,
        tracker=tracker,
        offline=offline,
        store=store,
    ).resolve()
    one = Intermediate(
        name="+".join(sets),
        train=tuple(dict.fromkeys(sets)),
        weights=weights,
        mlm=mlm,
        settings={"sampling": kind} if kind else {},
    )
    for folder in (store, output, output.absolute().parent):
        writable(folder)
    check_output(output, request.checkpoint.path)
    os.environ.setdefault("TENSORBOARD_LOGGING_DIR", f"{output}-logs")
    notes: list[str] = []
    step = intermediate_step(one, request.context, request.recipe, notes)
    request.memory.save()
    for note in (*request.checkpoint.notes, *notes):
        print(f"note: {note}")
    kept = open_store(store)
    run([step], kept, Runtime(request.source, request.device), Bars())
    if first_process():
        print(export(step, kept, request, output))


def _sampling(text: str, sets: list[str]) -> tuple[str, dict[str, float]]:
    """Return the kind of sampling and the weights that ``--sampling`` says."""
    if "=" not in text:
        known = ("uniform", "proportional", "capped")
        if text and text not in known:
            raise unknown("sampling", text, known, "or weights like mnli=2,qqp=1")
        return text, {}
    weights = {}
    for part in text.split(","):
        name, _, number = part.rpartition("=")
        try:
            weights[name.strip()] = float(number)
        except ValueError as error:
            raise HarnessError(f"--sampling: {part!r} is no weight like mnli=2") from error
    for name in weights:
        if name not in sets:
            raise unknown("training set of --sampling", name, sets)
    if set(weights) != set(sets) or not all(weight in WEIGHT for weight in weights.values()):
        raise HarnessError(f"--sampling: give each of {', '.join(sets)} a weight, {WEIGHT}")
    return "weights", weights
