"""``harness submission import``: an entry of bare predictions."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

from harness.bounds import SEED
from harness.cli.arguments import Argument, Option, listed
from harness.cli.options import tell_entry
from harness.errors import HarnessError

REGIMES = "zero-shot, translate-train, translate-test, few-shot or supervised"
SELECTIONS = "english-dev, last, target-dev, test or unknown"
ENGLISH_TRAINING = ("zero-shot", "translate-test")  # regimes whose target training is English


def import_command(
    predictions: Annotated[Path, Argument("Folder in XTREME's layout, or one of such runs.")],
    slug: Annotated[str, Option(help="Name of the entry: a-z, 0-9 and -.")] = "",
    name: Annotated[str, Option(help="The model's name.")] = "",
    base: Annotated[str, Option(help="The checkpoint it began as: hub id or name.")] = "",
    submitter: Annotated[str, Option(help="Your name, or your group's.")] = "",
    regime: Annotated[str, Option(help=f"What was trained on: {REGIMES}.")] = "",
    selection: Annotated[str, Option(help=f"What chose the checkpoint: {SELECTIONS}.")] = "",
    seeds: Annotated[str, Option("--seed", "One a run [told by their names].")] = "",
    title: Annotated[str, Option(help="What the board calls it [the model's name].")] = "",
    licence: Annotated[str, Option(help="SPDX id of what you hand in, as CC-BY-4.0.")] = "",
    benchmark: Annotated[str, Option(help="Which tasks and languages are meant.")] = "xtreme",
    languages: Annotated[str, Option(help="Of the target training [en if zero-shot].")] = "",
    recipe: Annotated[str, Option(help="Name of your hyper-parameters.")] = "",
    tried: Annotated[int, Option(help="Configurations whose test scores you looked at.")] = 1,
    intermediate: Annotated[str, Option(help="Tasks trained on first, as mnli,squad.")] = "",
    baseline: Annotated[str, Option(help="Slug of the entry it is compared with.")] = "",
    parameters: Annotated[int | None, Option(help="Number of weights [unknown].")] = None,
    output: Annotated[Path, Option(help="Folder of entries.")] = Path("submissions"),
) -> None:
    """Make an entry of predictions from elsewhere; what is missing is asked for in a terminal."""
    from harness.submission.import_predictions import Told, import_predictions

    required = {"slug": slug, "name": name, "base": base, "submitter": submitter}
    required |= {"regime": regime, "selection": selection}
    if not any(path.is_dir() for path in predictions.glob("*/*")):  # runs' names may tell seeds
        required["seed"] = seeds
    if intermediate:
        required["baseline"] = baseline
    if regime and regime not in ENGLISH_TRAINING:
        required["languages"] = languages
    given = {"baseline": baseline, "languages": languages, "seed": seeds} | _asked(required)
    told = Told(
        slug=given["slug"],
        name=given["name"],
        base=given["base"],
        submitter=given["submitter"],
        regime=given["regime"],
        selection=given["selection"],
        seeds=_seeds(given["seed"]),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        title=title,
        licence=licence,
        benchmark=benchmark,
        languages=listed(given["languages"]) or ("en",),
        recipe=recipe,
        tried=tried,
        intermediate=listed(intermediate),
        baseline=given["baseline"],
        parameters=parameters,
    )
    tell_entry(import_predictions(predictions, told, output))
    if told.intermediate:
        print(
            "All runs are taken to go on from one intermediate training; if each had its own, give"
            " each another intermediate_run in submission.json."
        )


def _asked(required: dict[str, str]) -> dict[str, str]:
    """Return the required values, those that are missing as the user types them.

    Raises:
        HarnessError: Some are missing and there is no terminal, or nothing was typed.
    """
    missing = [name for name, value in required.items() if not value.strip()]
    if missing and not sys.stdin.isatty():
        raise HarnessError(f"missing: {', '.join(f'--{name}' for name in missing)}; give them all")
    choices = {"regime": f" ({REGIMES})", "selection": f" ({SELECTIONS})"}
    answers = dict(required)
    for name in missing:
        try:
            answers[name] = input(f"{name}{choices.get(name, '')}: ").strip()
        except EOFError:
            answers[name] = ""
        if not answers[name]:
            raise HarnessError(f"missing: --{name}; give it")
    return answers


def _seeds(text: str) -> tuple[int, ...]:
    """Return the seeds in ``--seed``."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for part in parts:
        if not (part.isascii() and part.isdigit() and len(part) < 12 and int(part) in SEED):
            raise HarnessError(f"--seed: {part!r:.60}: expected {SEED}")
    return tuple(map(int, parts))
