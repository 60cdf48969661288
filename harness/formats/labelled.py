"""What formats with a label set share: files with a label per line, and which gold counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from harness.data.files import File
from harness.data.layouts import Layout
from harness.declarations import Scores
from harness.formats.common import (
    EvaluatedFormat,
    checked_lines,
    other_count,
    refuse_placeholders,
    right_of,
)
from harness.formats.faults import Fault, Report, refuse

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.statistics.sums import Tally


@dataclass(frozen=True)
class Labelled(EvaluatedFormat):
    """A format whose predictions are labels.

    Attributes:
        labels: The label set; its order is the order of the head's outputs.
    """

    labels: tuple[str, ...]
    layout: ClassVar[Layout]

    def read(self, path: File, report: Report | None = None) -> list[Any]:
        """Read one label per line."""
        names, known = ", ".join(self.labels), set(self.labels)
        fault, expected = f"none of the labels {names}", f"one of the labels {names}"
        return checked_lines(
            path, lambda label: not known or label in known, fault, expected, report
        )

    def gold(self, rows: Dataset) -> list[Any] | None:
        """Return the rows' labels, None unless all have one."""
        labels = rows[self.layout.label][:]
        return None if None in labels else self._real(labels, "the test split")

    def read_gold(self, path: File) -> list[Any]:
        """Read labels; placeholders raise Unlabelled."""
        return self._real(self.read(path), path)

    def _real(self, labels: list[Any], where: object) -> list[Any]:
        """Return labels, or a list of them for each row; refuse placeholders."""
        rows = ([row] if isinstance(row, str) else row for row in labels)
        refuse_placeholders(list(chain.from_iterable(rows)), where)
        return labels


@dataclass(frozen=True)
class OneLabel(Labelled):
    """A format with one label per example.

    Attributes:
        examples: What its examples are called.
    """

    metric: ClassVar[str] = "accuracy"
    examples: ClassVar[str] = "pairs"

    def labelled(self, features: list[dict[str, Any]], rows: Dataset) -> list[dict[str, Any]]:
        """Add the number of each row's label to its feature."""
        for feature, label in zip(features, rows["label"][:], strict=True):
            feature["labels"] = self.labels.index(label)
        return features

    def misfits(self, gold: list[str], predictions: list[str]) -> Iterator[Fault]:
        """Yield another number of predictions than of labels."""
        yield from other_count(len(predictions), len(gold), self.examples)

    def score(self, gold: list[str], predictions: list[str], language: str) -> Scores:
        """Return the accuracy."""
        from harness.scoring import accuracy

        refuse(self.misfits(gold, predictions))
        return accuracy(gold, predictions)

    def tally(self, gold: list[str], predictions: list[str], language: str) -> Tally:
        """Return of each example 1 if it is right, of 1."""
        return right_of(gold, predictions)
