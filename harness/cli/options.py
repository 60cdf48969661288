"""The names and help texts of the commands' options, shared by all commands."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from harness import places
from harness.bounds import COUNT, PROCESSES, SEED, SHARE, THREADS, Bounds
from harness.cli.arguments import Option
from harness.errors import BEFORE

STORE = places.store()


def _number(bounds: Bounds, help_: str) -> Any:
    """Return an option that takes numbers within bounds."""
    return Option(help=help_, bounds=bounds)


DataDir = Annotated[Path | None, Option("--data", help="Folder in XTREME's layout; else the hub.")]
LabelsDir = Annotated[
    Path | None, Option("--labels", help="Folder of test labels [default: beside --data].")
]
BenchmarkName = Annotated[str, Option("--benchmark", help="xtreme, xtreme-r or mini.")]
PerLanguage = Annotated[bool, Option("--per-language", help="Also print every language.")]
AsJson = Annotated[bool, Option("--json", help="Print JSON instead of tables.")]
Recipe = Annotated[str, Option(help="xtreme, x-stilts, quick, or a .toml file.")]
Seed = Annotated[int, _number(SEED, "Seeds head, dropout and order of training.")]
DeviceName = Annotated[str, Option(help="auto, cpu, cuda, cuda:1, mps …")]
Precision = Annotated[str, Option(help="fp32, bf16 or fp16 (autocast).")]
Threads = Annotated[int, _number(THREADS, "CPU threads; 0 means all there are.")]
Tasks = Annotated[str, Option(help="Comma-separated tasks [default: the benchmark's].")]
Languages = Annotated[str, Option(help="Comma-separated languages [default: all].")]
Limit = Annotated[int, _number(COUNT, "Test examples a language; marks the run partial.")]
MaxSteps = Annotated[int, _number(COUNT, "Updates a training, at most; marks the run partial.")]
Workers = Annotated[int, _number(PROCESSES, "Processes on this machine that steps run in.")]
RayAddress = Annotated[str, Option("--ray", help="Address of a Ray cluster, or auto.")]
Share = Annotated[float, _number(SHARE, "Share of all batches that are masked language modelling.")]
Layer = Annotated[
    str, Option(help="Hidden state for retrieval: a number, last or xtreme [recipe's].")
]
Output = Annotated[
    Path | None, Option(help="Folder to write [default: results/CHECKPOINT-RECIPE-SEED].")
]
StoreAt = Annotated[str, Option("--store", help="Folder of finished steps, or fsspec URL.")]
Offline = Annotated[bool, Option("--offline", help="Fetch nothing from the hub.")]
Tracker = Annotated[str, Option(help="Experiment tracker: none, tensorboard, wandb …")]
DryRun = Annotated[bool, Option("--dry-run", help="Stop after the plan.")]
Intermediate = Annotated[
    str, Option(help="What the checkpoint was trained on, where it does not say itself.")
]


def listed(text: str) -> tuple[str, ...]:
    """Return the parts of a comma-separated list, each once."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def end_with(failed: Mapping[str, str]) -> None:
    """Print what failed and end with exit code 1, if anything failed."""
    if not failed:
        return
    reasons = {name: why for name, why in failed.items() if why != BEFORE}
    for name, why in reasons.items():
        print(f"failed: {name}: {why}", file=sys.stderr)
    if len(reasons) < len(failed):
        others = len(failed) - len(reasons)
        print(f"not begun since a step before them failed: {others} steps", file=sys.stderr)
    print("what is finished is kept; run the same command again for the rest", file=sys.stderr)
    raise SystemExit(1)
