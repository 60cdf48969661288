"""``harness eval`` and ``harness demo``: one checkpoint, all targets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from harness import api
from harness.cli.arguments import Argument, Option, options_of
from harness.cli.options import PerLanguage, end_with, show
from harness.display.progress import Bars
from harness.submission.entry import PREDICTIONS, SUBMISSION

if TYPE_CHECKING:
    from harness.results import Results

DEMO = "mini"
"""The usual benchmark of ``harness demo``; others are named in the folder that it writes."""
FEW = 40
"""Training examples of a set there, since others have more trainings."""


@options_of(api.evaluate)
def evaluate_command(
    checkpoint: Annotated[str, Argument(help="Folder or hub id (owner/name[@revision]).")],
    per_language: PerLanguage = False,
    **options: Any,
) -> None:
    """Fine-tune on English, predict every language, score."""
    results = api.evaluate(checkpoint, **options, progress=Bars(plans=True))
    _report(results, per_language=per_language)


@options_of(api.evaluate, "store", "seed", "threads", "workers", "dry_run")
def demo_command(
    benchmark: Annotated[str, Option(help="mini or xtreme-r-mini.")] = DEMO,
    output: Annotated[Path | None, Option(help="Folder to write [results/demo-SEED].")] = None,
    per_language: PerLanguage = False,
    **options: Any,
) -> None:
    """Evaluate the packaged encoder on the packaged sentences of a benchmark."""
    from harness import recipes

    name, recipe = "demo", recipes.load("quick")
    if benchmark != DEMO:
        name = f"demo-{benchmark}"
        few = recipe.changed({"default": {"train_examples": FEW}})
        recipe = replace(few, name=f"quick-{FEW}")
    results = api.evaluate(
        "packaged",
        benchmark=benchmark,
        recipe=recipe,
        device="cpu",
        offline=True,
        output=output or Path("results") / f"{name}-{options['seed']}",
        progress=Bars(plans=True),
        **options,
    )
    _report(results, per_language=per_language)
    print(
        "The encoder is multilingual-e5-small at 4 bits, dequantised, with the word table pruned"
        " to these texts; the sentences are the project's own. Not comparable with published rows."
    )


def _report(results: Results, *, per_language: bool) -> None:
    """Print scores and failures; nothing after a dry run or in torchrun's other processes."""
    if not results.tasks and not results.failed:
        return
    print()
    show(results, per_language=per_language)
    files = "scores.json, statistics.safetensors, manifest.json"
    if results.folder is not None and (results.folder / SUBMISSION).is_file():
        files = f"{SUBMISSION}, {files}, {PREDICTIONS}/"
    print(f"\nwritten: {results.folder}/{files}")
    end_with(results.failed)
