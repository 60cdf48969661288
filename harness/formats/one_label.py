"""What formats with one label per example share: files with a label per line, and accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.declarations import Scores
from harness.formats.common import (
    first_rows,
    read_labels,
    refuse_placeholders,
    same_count,
    write_lines,
)

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True)
class OneLabel:
    """A format whose predictions are a list of labels.

    Attributes:
        labels: The label set; its order is the order of the head's outputs.
        examples: What its examples are called.
    """

    labels: tuple[str, ...]
    version: ClassVar[int] = 1
    suffix: ClassVar[str] = "tsv"
    metric: ClassVar[str] = "accuracy"
    splits: ClassVar[tuple[str, ...]] = ("test",)
    reads: ClassVar[tuple[str, ...]] = ("max_length",)
    special: ClassVar[tuple[str, ...]] = ()
    auxiliary: ClassVar[bool] = False
    examples: ClassVar[str] = "pairs"

    def labelled(self, features: list[dict[str, Any]], rows: Dataset) -> list[dict[str, Any]]:
        """Add the number of each row's label to its feature."""
        place = {label: i for i, label in enumerate(self.labels)}
        for feature, label in zip(features, rows["label"], strict=True):
            feature["labels"] = place[label]
        return features

    def first(self, rows: Dataset, limit: int) -> Dataset:
        """Return the first rows."""
        return first_rows(rows, limit)

    def gold(self, rows: Dataset) -> list[str] | None:
        """Return the rows' labels, None unless all have one."""
        labels: list[str] = rows["label"][:]
        if any(label is None for label in labels):
            return None
        refuse_placeholders(labels, "the test split")
        return labels

    def write(self, predictions: list[str], path: Path) -> None:
        """Write one label per line."""
        write_lines(predictions, path)

    def read(self, path: Path) -> list[str]:
        """Read one label per line."""
        return read_labels(path, self.labels)

    def read_gold(self, path: Path) -> list[str]:
        """Read one label per line; placeholders raise Unlabelled."""
        labels = self.read(path)
        refuse_placeholders(labels, path)
        return labels

    def limited(self, gold: list[str], rows: Dataset) -> list[str]:
        """Return the first labels, as many as there are rows."""
        return gold[: len(rows)]

    def score(self, gold: list[str], predictions: list[str], language: str) -> Scores:
        """Return the accuracy."""
        from harness.scoring import accuracy

        same_count(len(predictions), len(gold), self.examples)
        return accuracy(gold, predictions)
