"""A finished training as an ordinary transformers checkpoint, with a model card."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.data.files import write_json
from harness.declarations import TrainingSet
from harness.errors import HarnessError
from harness.models.checkpoint_files import RECORD, own_record
from harness.pipeline.plan_training import head_kind
from harness.pipeline.request import Request
from harness.pipeline.steps.train_step import TrainStep
from harness.pipeline.store.store import MANIFEST, Store
from harness.submission.stages import ORIGIN, origin_of, stage_of
from harness.version import __version__

CARD = "README.md"


@dataclass(frozen=True)
class Trained:
    """A newly trained checkpoint, which can be used as the path of its folder.

    Attributes:
        path: Its folder.
        updates: Updates of the training.
        best_update: The update whose weights these are.
        dev_scores: Training set to its best English dev score, in percent.
    """

    path: Path
    updates: int
    best_update: int
    dev_scores: Mapping[str, float]

    def __fspath__(self) -> str:
        """Return the folder."""
        return str(self.path)

    def __str__(self) -> str:
        """Return one line that says what was written."""
        scores = ", ".join(f"{name} {score:.1f}" for name, score in self.dev_scores.items())
        return f"written: {self.path} (update {self.best_update} of {self.updates}; dev: {scores})"


def export(step: TrainStep, store: Store, request: Request, output: Path) -> Trained:
    """Write a training's encoder, tokenizer and heads into a folder, with a model card.

    ``harness.json`` lists the sets of the heads, and how the checkpoint was made.
    """
    sets = [one.training for one in step.spec.sets]
    place = output.resolve()
    aside, previous = (place.with_name(f".{place.name}.{end}") for end in ("part", "old"))
    for folder in (aside, previous):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(store.fetched(step), aside, ignore=shutil.ignore_patterns(MANIFEST))
    names = [one.name for one in sets]
    manifest = store.manifest(step)
    result = _under_names(manifest["result"], names)
    before = request.checkpoint.intermediate
    origin = origin_of(request.checkpoint)
    stage = stage_of(step.spec, tuple(result["examples_of"][name] for name in names))
    learnt = " + ".join(names) + (f" ({request.partial})" if request.partial else "")
    value = {
        "harness": __version__,
        "intermediate": f"{before}, then {learnt}" if before else learnt,
        "heads": [{"name": one.name, "kind": head_kind(one.format)} for one in sets],
        "parent": request.checkpoint.as_dict(),
        ORIGIN: replace(origin, stages=(*origin.stages, stage)).as_dict(),
        "recipe": request.recipe.name,
        "seed": request.seed,
        "step": step.key,
        "identity": manifest["identity"],
        "result": result,
        "files": sorted({path.name for path in aside.iterdir()} | {RECORD, CARD}),
    }
    write_json(value, aside / RECORD)
    (aside / CARD).write_text(_card(step, request, result))
    if place.exists():
        place.rename(previous)
    aside.rename(place)  # so that it is complete or missing
    shutil.rmtree(previous, ignore_errors=True)
    return Trained(output, result["updates"], result["best_update"], result["dev_scores"])


def _under_names(result: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return a step's result with the current names of its sets.

    The step may have run under other names, since they are not in its key.
    """
    current = dict(zip(result["examples_of"], names, strict=True))
    by_set = {key: result[key].items() for key in ("examples_of", "dev_scores", "losses")}
    return result | {key: {current.get(n, n): v for n, v in by_set[key]} for key in by_set}


def check_output(output: Path, start: Path) -> None:
    """Refuse a folder with the starting checkpoint, or with anything but an earlier export.

    Args:
        output: The folder to write.
        start: The folder of the starting checkpoint.
    """
    place = output.resolve()
    if start.resolve().is_relative_to(place):
        raise HarnessError(f"{output}: the training starts from there; name another folder")
    if Path.cwd().is_relative_to(place) or place.is_mount():
        raise HarnessError(f"{output}: it would be replaced whole; name a folder below it")
    if not place.is_dir() or not any(place.iterdir()):
        return
    if not (place / RECORD).is_file():
        raise HarnessError(f"{output}: not empty and no earlier training; name another folder")
    ours = own_record(place).get("files", ())
    others = sorted(path.name for path in place.iterdir() if path.name not in ours)
    if others:
        raise HarnessError(f"{output}: {others[0]} there is not of a training; name another folder")


def _card(step: TrainStep, request: Request, result: Mapping[str, Any]) -> str:
    """Return the model card, in Markdown with the hub's front matter."""
    spec, before = step.spec, request.checkpoint.intermediate
    earlier = f", itself trained on {before}" if before else ""
    rows = "\n".join(
        f"| {one.training.name} | {_language(one.training)} | {one.training.format.name}"
        f" | {result['examples_of'][one.training.name]:,}"
        f" | {_percent(result['dev_scores'].get(one.training.name))}"
        f" | {one.training.licence or '–'} | {one.training.citation or '–'} |"
        for one in spec.sets
    )
    notes = "".join(f"- {note}\n" for note in result["notes"])
    notes += f"- PARTIAL: {request.partial}\n" if request.partial else ""
    settings = spec.settings
    mixed = f", sampling {settings.sampling}" if len(spec.sets) > 1 else ""
    mixed += f", LoRA of rank {settings.lora}" if settings.lora else ""
    return f"""---
base_model: {request.checkpoint.name}
library_name: transformers
tags: [intermediate-task-training, xtreme-harness]
---

# {request.checkpoint.name}, trained on {" + ".join(one.training.name for one in spec.sets)}

The encoder of `{request.checkpoint.name}` after intermediate-task training (Phang et al. 2020,
arXiv 2005.13013). `AutoModel.from_pretrained` loads it; the heads lie in `heads/`, in the order
of the table, and `harness.json` says how it came about, to the last setting.

| training set | language | format | examples | English dev | licence | source |
|---|---|---|---|---|---|---|
{rows}

{notes}
- Parent: `{request.checkpoint.name}`{earlier}, fingerprint
  `{request.checkpoint.fingerprint}`
- Recipe `{request.recipe.name}`, seed {spec.seed}: learning rate {settings.learning_rate},
  {settings.epochs} epochs, batches of {spec.sets[0].settings.batch_size}{mixed}
- {settings.choose.capitalize()} English dev score {result["dev_score"]:.2f} at update
  {result["best_update"]} of {result["updates"]}; the weights are those of that update
- Step `{step.key}` of xtreme-harness {__version__}
"""


def _language(training: TrainingSet) -> str:
    """Return a set's language, or the named languages of a multilingual set."""
    if not training.languages:
        return training.language
    return " ".join(training.languages) if training.chosen else "see below"


def _percent(score: float | None) -> str:
    return "–" if score is None else f"{score:.1f}"
