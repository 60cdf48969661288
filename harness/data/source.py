"""The interface of a Source, and the choice of a training set's rows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from harness.data.folder import FolderSource
from harness.data.layouts.pooled import Candidate
from harness.declarations import Task, TrainingSet
from harness.errors import HarnessError

if TYPE_CHECKING:
    from datasets import Dataset

NAMED = 3  # questions that a note names, at most
DEV_SHARE = 10  # a tenth of train becomes dev if a set has no dev split


class Source(Protocol):
    """Where examples are. All sources return the same typed columns."""

    def has(self, of: Task | TrainingSet, split: str, language: str) -> bool:
        """Return whether a split of a language is there."""

    def digest(self, of: Task | TrainingSet, split: str, language: str) -> str:
        """Return a hash of everything that decides the split's rows."""

    def examples(self, of: Task | TrainingSet, split: str, language: str) -> Dataset:
        """Return a split's rows."""

    def pool(self, task: Task, start: int = 0, stop: int | None = None) -> Iterator[Candidate]:
        """Yield some candidates of a retrieval task, which are the same for all languages."""

    def gold(self, task: Task, language: str) -> Any | None:
        """Return the gold of the test split, None if it is not known."""

    def gold_digest(self, task: Task, language: str) -> str:
        """Return a hash of everything that decides the gold."""


@dataclass(frozen=True)
class Rows:
    """The rows of a training set.

    Attributes:
        train: Rows to train on.
        dev: English rows that choose the checkpoint.
        notes: What the user should know of them, e.g. how many were dropped.
        misplaced: Share of the questions dropped because an answer is not at its offset, in
            train or in dev, the greater of the two.
    """

    train: Dataset
    dev: Dataset
    notes: tuple[str, ...] = ()
    misplaced: float = 0.0


def training_rows(source: Source, training: TrainingSet, held_out: Task | None = None) -> Rows:
    """Return the rows to train on, and the dev rows that choose the checkpoint.

    Dev is the set's own English dev split, or a tenth of train, split by context, if it has none
    (TyDiQA, whose dev files are the XTREME test set). Dev contexts in the held-out task's English
    test set are dropped (XQuAD's paragraphs come from SQuAD dev). Dev ids that repeat (TyDiQA)
    become row numbers. Rows without a label (SNLI's ``-``) are dropped with a note, as are
    questions with an answer that is not at its offset; ``Settings.misplaced_answers`` limits
    their share.

    Raises:
        HarnessError: A file is missing or malformed, no labelled rows are left, or all of train
            has one label.
    """
    if training.parts:
        return _joined(training, [training_rows(source, part, held_out) for part in training.parts])
    notes: list[str] = []
    train, misplaced = _usable(source, training, "train", notes)
    if training.languages:
        languages = ", ".join(sorted(set(train["language"][:])))
        notes.append(f"{training.name}: text in {languages}")
    if "dev" in training.folder.files:
        dev, share = _usable(source, training, "dev", notes)
        misplaced = max(misplaced, share)
        if held_out is not None:
            dev = _without(dev, source, held_out, training.name, notes)
    else:
        context = training.format.layout.context
        english = "language" in train.column_names and "en" in train["language"][:]
        held = [
            i
            for i, row in enumerate(train)
            if _tenth(row.get(context) or f"row {i}") and (not english or row["language"] == "en")
        ]
        dev, train = train.select(held), _others(train, held)
    if "id" in dev.column_names and len(set(dev["id"][:])) < len(dev):  # answers go by id
        numbers = [str(i) for i in range(len(dev))]
        dev = training.format.layout.to_dataset(dev.to_dict() | {"id": numbers})
    for split, rows in (("train", train), ("dev", dev)):
        if len(rows) == 0:
            raise HarnessError(f"{training.name}: no labelled {split} examples are left")
    if "label" in train.column_names:
        notes += _check_labels(training, train["label"][:])
    return Rows(train, dev, tuple(notes), misplaced)


def _without(dev: Dataset, source: Source, held_out: Task, name: str, notes: list[str]) -> Dataset:
    """Return dev without the rows on contexts of a task's English test set."""
    test = f"{held_out.name}'s test set"
    if not source.has(held_out, "test", "en"):
        notes.append(f"{name}: without {test} its contexts cannot be told in dev")
        return dev
    contexts = {_folded(text) for text in source.examples(held_out, "test", "en")["context"][:]}
    held = [i for i, context in enumerate(dev["context"][:]) if _folded(context) in contexts]
    if held:
        notes.append(f"{name}: {len(held)} dev rows on contexts of {test} are left out")
    return _others(dev, held)


def _joined(training: TrainingSet, parts: Sequence[Rows]) -> Rows:
    """Return the joined rows of a set's parts."""
    from datasets import concatenate_datasets

    return Rows(
        concatenate_datasets([part.train for part in parts]),
        concatenate_datasets([part.dev for part in parts]),
        tuple(f"{training.name}, {note}" for part in parts for note in part.notes),
        max(part.misplaced for part in parts),
    )


def _usable(
    source: Source, training: TrainingSet, split: str, notes: list[str]
) -> tuple[Dataset, float]:
    """Return the rows of the set with a label and with answers at their offsets.

    Also return the share of the labelled rows whose answers are not.
    """
    layout = training.format.layout
    rows = source.examples(training, split, training.language_of(split))
    if training.keep:
        keep = re.compile(training.keep)
        rows = rows.select([i for i, name in enumerate(rows["id"][:]) if keep.fullmatch(name)])
    labels = rows[layout.label] if layout.label else ()
    empty = [i for i, label in enumerate(labels) if not layout.teaches(label)]
    if empty:
        rest = f"{split} rows {layout.unusable} are dropped"
        notes.append(f"{training.name}: {len(empty)} {rest}")
        rows = _others(rows, empty)
    misplaced = sorted({i for i, _ in layout.misplaced(rows)})
    if not misplaced:
        return rows, 0.0
    names = ", ".join([rows["id"][i] for i in misplaced[:NAMED]])
    more = ", …" if len(misplaced) > NAMED else ""
    notes.append(
        f"{training.name}: {len(misplaced)} of {len(rows)} {split} questions have an answer that is"
        f" not at its offset and are dropped ({_file(source, training, split)}: {names}{more})"
    )
    return _others(rows, misplaced), len(misplaced) / len(rows)


def _others(rows: Dataset, dropped: Sequence[int]) -> Dataset:
    """Return the rows without those of some numbers."""
    return rows.select(sorted(set(range(len(rows))).difference(dropped)))


def _file(source: Source, training: TrainingSet, split: str) -> str:
    """Return the file of a split with its folder, or the set's name if it is not one file."""
    language = training.language_of(split)
    paths = source.files(training, split, language) if isinstance(source, FolderSource) else []
    return "/".join(paths[0].parts[-2:]) if len(paths) == 1 else f"{training.name} {split}"


def _check_labels(training: TrainingSet, labels: Sequence[str]) -> list[str]:
    """Refuse a set with a single class; return a note for each missing class."""
    seen = set(labels)
    if len(seen) == 1:
        raise HarnessError(
            f"{training.name}: all {len(labels)} train examples have the label {labels[0]!r};"
            " nothing can be learnt from one class"
        )
    missing = [label for label in training.format.labels if label not in seen]
    return [f"{training.name}: no train example has the label {label!r}" for label in missing]


def training_digest(source: Source, training: TrainingSet) -> dict[str, Any]:
    """Return what decides a training set's rows (bytes, mapping, filter) as JSON values."""
    if training.parts:
        return {"parts": [training_digest(source, part) for part in training.parts]}
    values: dict[str, Any] = {"train": source.digest(training, "train", training.language)}
    dev = "dev" in training.folder.files
    values["dev"] = source.digest(training, "dev", "en") if dev else "a tenth of train"
    if training.folder.columns:
        values["columns"] = {name: str(value) for name, value in training.folder.columns.items()}
        values["values"] = {str(name): value for name, value in training.folder.values.items()}
    if training.keep:
        values["keep"] = training.keep
    return values


def lacking(source: Source, training: TrainingSet) -> tuple[TrainingSet, str] | None:
    """Return the first part and split of a training set that the source lacks, else None."""
    if training.parts:
        return next((gap for part in training.parts if (gap := lacking(source, part))), None)
    for split in ("train", *(name for name in ("dev",) if name in training.folder.files)):
        if not source.has(training, split, training.language_of(split)):
            return training, split
    return None


def _tenth(text: str) -> bool:
    """Return whether a row is held out, by its context: none is in both train and dev."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % DEV_SHARE == 0


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
