"""Sentence-pair classification: two sentences in, one label out (XNLI, PAWS-X)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from harness.data.layouts import Layout, Pairs
from harness.declarations import NO_RESULT
from harness.formats.labelled import OneLabel
from harness.models.batching import features_of
from harness.models.heads import SEQUENCE, Head

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.models.model import Model
    from harness.recipes import Settings
    from harness.statistics.clusters import Keys

NOT_TRANSLATED = ("NS", "")
"""What PAWS-X has in place of a sentence that was not translated; no passage."""


@dataclass(frozen=True)
class SentencePair(OneLabel):
    """Sentence-pair classification; predictions are a list of labels.

    Attributes:
        passages: The columns whose equal sentences tie pairs together: XNLI has three hypotheses
            for a premise, PAWS-X the same sentences on either side of several pairs.
    """

    passages: tuple[str, ...] = field(default=("sentence1",), metadata=NO_RESULT)

    name: ClassVar[str] = "sentence-pair classification"
    layout: ClassVar[Layout] = Pairs()
    head: ClassVar[Head] = SEQUENCE

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
        features = features_of(batch)
        return self.labelled(features, rows) if training else features

    def predict(self, model: Model, rows: Mapping[str, Dataset], settings: Settings) -> list[str]:
        """Return the most probable label of each test pair."""
        features = self.encode(rows["test"], model.tokenizer, settings, training=False)
        return [self.labels[scores[0].argmax()] for scores in model.infer(features)]

    def keys(self, rows: Dataset) -> Keys:
        """Return the numbers of the rows, the same pair in all languages, and the passages."""
        from harness.statistics.clusters import Keys

        passages = tuple(
            [f"{text} {i}" if text in NOT_TRANSLATED else text.lower() for i, text in column]
            for column in (enumerate(rows[name][:]) for name in self.passages)
        )
        return Keys([str(i) for i in range(self.layout.count(rows))], passages)
