"""What every Source gives, and which rows of a training set are learnt from."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Protocol

from harness.data.layout import to_dataset
from harness.errors import HarnessError
from harness.tasks import Task, TrainingSet

if TYPE_CHECKING:
    from datasets import Dataset

DEV_SHARE = 10  # one part in ten of train is dev where a set has no dev of its own


class Source(Protocol):
    """Where examples are. All sources give the same typed columns."""

    def has(self, of: Task | TrainingSet, split: str, language: str) -> bool:
        """Say whether a split of a language is there."""
        ...

    def digest(self, of: Task | TrainingSet, split: str, language: str) -> str:
        """Return a hash of everything that decides the split's rows."""
        ...

    def examples(self, of: Task | TrainingSet, split: str, language: str) -> Dataset:
        """Return a split's rows."""
        ...

    def gold(self, task: Task, language: str) -> Any | None:
        """Return the gold of the test split, None where it is not known."""
        ...

    def gold_digest(self, task: Task, language: str) -> str:
        """Return a hash of everything that decides the gold."""
        ...


def training_rows(
    source: Source, training: TrainingSet, held_out: Task | None
) -> tuple[Dataset, Dataset]:
    """Return the rows to train on and the dev rows to choose the checkpoint by.

    Dev is the set's own dev split, or a tenth of train cut by context where it has none (TyDiQA,
    whose dev files are the XTREME test set). Dev contexts that are in the held-out task's English
    test set are dropped (XQuAD's paragraphs come from SQuAD dev). Dev ids that repeat (TyDiQA)
    become row numbers.

    Raises:
        HarnessError: A file is missing or malformed, or no labelled rows are left.
    """
    language = training.language
    train = _kept(source.examples(training, "train", language), training)
    if "dev" in training.folder.files:
        dev = _kept(source.examples(training, "dev", language), training)
        if held_out is not None and source.has(held_out, "test", "en"):
            taken = {_folded(text) for text in source.examples(held_out, "test", "en")["context"]}
            dev = dev.select([i for i, c in enumerate(dev["context"]) if _folded(c) not in taken])
    else:
        is_dev = [_tenth(row.get("context") or f"row {i}") for i, row in enumerate(train)]
        dev = train.select([i for i, held in enumerate(is_dev) if held])
        train = train.select([i for i, held in enumerate(is_dev) if not held])
    if "id" in dev.column_names and len(set(dev["id"])) < len(dev):  # answers go by id
        numbers = [str(i) for i in range(len(dev))]
        dev = to_dataset(training.format.layout, dev.to_dict() | {"id": numbers})
    for split, rows in (("train", train), ("dev", dev)):
        if len(rows) == 0:
            raise HarnessError(f"{training.name}: no labelled {language} {split} examples are left")
    return train, dev


def _kept(rows: Dataset, training: TrainingSet) -> Dataset:
    if training.keep:
        keep = re.compile(training.keep)
        rows = rows.select([i for i, name in enumerate(rows["id"]) if keep.fullmatch(name)])
    label = next(name for name in ("label", "tags", "answers") if name in rows.column_names)
    labelled = [i for i, value in enumerate(rows[label]) if value]
    return rows if len(labelled) == len(rows) else rows.select(labelled)


def _tenth(text: str) -> bool:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % DEV_SHARE == 0


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
