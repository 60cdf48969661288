"""Sentence-pair classification: two sentences in, one label out (XNLI, PAWS-X)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.formats.common import read_labels, refuse_placeholders, same_count, write_lines
from harness.tasks import Scores

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.models.model import Model
    from harness.recipes import Settings


@dataclass(frozen=True)
class SentencePair:
    """Sentence-pair classification; predictions are a list of labels.

    Attributes:
        labels: The label set; its order is the order of the head's outputs.
    """

    labels: tuple[str, ...]
    name: str = "sentence-pair classification"
    layout: str = "pairs"
    suffix: str = "tsv"
    metric: str = "accuracy"
    head: str | None = "AutoModelForSequenceClassification"
    splits: tuple[str, ...] = ("test",)
    reads: tuple[str, ...] = ("max_length",)

    def encode(
        self, rows: Dataset, tokenizer: Any, settings: Settings, *, training: bool
    ) -> list[dict[str, Any]]:
        """Tokenise pairs, the longer sentence cut first beyond ``settings.max_length`` tokens."""
        batch = tokenizer(
            rows["sentence1"][:],
            rows["sentence2"][:],
            truncation="longest_first",
            max_length=settings.max_length,
        )
        features = [
            {name: batch[name][i] for name in batch} for i in range(len(batch["input_ids"]))
        ]
        if training:
            place = {label: i for i, label in enumerate(self.labels)}
            for feature, label in zip(features, rows["label"], strict=True):
                feature["labels"] = place[label]
        return features

    def predict(self, model: Model, rows: Mapping[str, Dataset], settings: Settings) -> list[str]:
        """Return the most probable label of each test pair."""
        features = self.encode(rows["test"], model.tokenizer, settings, training=False)
        return [self.labels[scores[0].argmax()] for scores in model.infer(features)]

    def gold(self, rows: Dataset) -> list[str] | None:
        """Return the rows' labels, None unless all have one."""
        labels: list[str] = rows["label"][:]
        if any(label is None for label in labels):
            return None
        refuse_placeholders(labels, "the test split")
        return labels

    def write(self, predictions: list[str], path: Path) -> None:
        """Write one label a line."""
        write_lines(predictions, path)

    def read(self, path: Path) -> list[str]:
        """Read one label a line."""
        return read_labels(path, self.labels)

    def read_gold(self, path: Path) -> list[str]:
        """Read one label a line; placeholders raise Unlabelled."""
        labels = self.read(path)
        refuse_placeholders(labels, path)
        return labels

    def limited(self, gold: list[str], rows: Dataset) -> list[str]:
        """Return the first labels, as many as there are rows."""
        return gold[: len(rows)]

    def score(self, gold: list[str], predictions: list[str], language: str) -> Scores:
        """Return the accuracy."""
        from harness.scoring import accuracy

        same_count(len(predictions), len(gold), "pairs")
        return accuracy(gold, predictions)
