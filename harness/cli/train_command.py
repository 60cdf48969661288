"""``harness train``: train a checkpoint on intermediate tasks and export the result."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from harness import api
from harness.cli.arguments import Argument, Option
from harness.cli.options import (
    STORE,
    BenchmarkName,
    DataDir,
    DeviceName,
    MaxSteps,
    Offline,
    Precision,
    RayAddress,
    Recipe,
    Seed,
    Share,
    StoreAt,
    Threads,
    Tracker,
    Workers,
)
from harness.errors import HarnessError

Sampling = Annotated[
    str,
    Option(
        help="Of several: uniform, proportional, capped, or weights as mnli=2,qqp=1 [recipe's]."
    ),
]


def train_command(
    sets: Annotated[list[str], Argument(metavar="TASK", help="mnli, squad, mnli[de], mlm …")],
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
    workers: Workers = 1,
    ray: RayAddress = "",
) -> None:
    """Train on intermediate tasks and write a checkpoint."""
    from harness.display.progress import Bars
    from harness.models.device import first_process

    trained = api.train(
        sets,
        checkpoint,
        output,
        data=data,
        benchmark=benchmark,
        recipe=recipe,
        sampling=_weights(sampling) if "=" in sampling else sampling,
        mlm=mlm,
        seed=seed,
        device=device,
        precision=precision,
        threads=threads,
        max_steps=max_steps,
        store=store,
        tracker=tracker,
        offline=offline,
        workers=workers,
        ray=ray,
        progress=Bars(plans=True),
    )
    if first_process():
        print(trained)


def _weights(text: str) -> dict[str, float]:
    """Return the weights in ``--sampling``."""
    weights = {}
    for part in text.split(","):
        name, _, number = part.rpartition("=")
        try:
            weights[name.strip()] = float(number)
        except ValueError as error:
            raise HarnessError(f"--sampling: {part!r} is no weight like mnli=2") from error
    return weights
