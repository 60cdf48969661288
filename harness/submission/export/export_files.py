"""The files that an export makes of entries, by format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.data.files import writable, write_text
from harness.errors import HarnessError, unknown
from harness.submission.entries import entries_in
from harness.submission.export.every_eval import every_eval, path_of
from harness.submission.export.model_card import eval_results, model_index
from harness.submission.export.outgoing import Outgoing, outgoing

FORMATS = ("eee", "model-index", "eval-results")


@dataclass(frozen=True)
class Exported:
    """One file of an export.

    Attributes:
        path: Where it belongs, below the folder of the export.
        text: What is in it.
    """

    path: str
    text: str


def exported(path: Path, style: str, dataset: str = "", task_id: str = "") -> list[Exported]:
    """Return the files of an entry, or of each entry of a folder.

    Args:
        path: An entry, or a folder of entries.
        style: One of ``FORMATS``.
        dataset: For ``eval-results``: id of the benchmark's data set on the hub.
        task_id: For ``eval-results``: the task in that benchmark.

    Raises:
        HarnessError: An unknown format, ids that are missing or not asked for, no entry, or one
            that has errors or no scores.
    """
    if style not in FORMATS:
        raise unknown("format", style, FORMATS)
    if style != "eval-results" and (dataset or task_id):
        raise HarnessError(f"--dataset and --task-id belong to eval-results, not to {style}")
    if style == "eval-results" and not (dataset and task_id):
        raise HarnessError(
            "eval-results needs --dataset ID --task-id ID: the hub takes only data sets that are"
            " registered there as benchmarks, so neither has a default"
        )
    entries = [outgoing(folder) for folder in entries_in([path])]
    return [_exported(out, style, dataset, task_id) for out in entries]


def _exported(out: Outgoing, style: str, dataset: str, task_id: str) -> Exported:
    """Return the file of an entry."""
    if style == "eee":
        text = json.dumps(every_eval(out), indent=2, ensure_ascii=False, allow_nan=False)
        return Exported(path_of(out), f"{text}\n")
    if style == "model-index":
        return Exported(f"{out.entry.slug}/model-index.yaml", model_index(out))
    where = f"{out.entry.slug}/.eval_results/{out.entry.benchmark}.yaml"
    return Exported(where, eval_results(out, dataset, task_id))


def write(files: Sequence[Exported], folder: Path) -> None:
    """Write the files of an export into a folder."""
    writable(folder)
    for one in files:
        write_text(one.text, folder / one.path)
