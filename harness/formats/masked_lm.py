"""Masked language modelling on plain text in many languages: mixed into intermediate training."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from harness.data.layouts import Layout, Lines
from harness.declarations import Scores
from harness.formats.common import CommonFormat
from harness.models.batching import IGNORED, features_of
from harness.models.heads import WORDS, Head

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.models.model import Model
    from harness.recipes import Settings

BATCH = 16  # examples that are predicted together
DEV_SEED = 0  # the same masks in dev for every training
MASKED = 0.15  # share of tokens to predict; of these 80 % masked, 10 % random, 10 % unchanged


@dataclass(frozen=True)
class MaskedLM(CommonFormat):
    """Masked language modelling; a prediction is whether a masked token of dev was predicted right.

    The masking is BERT's (arXiv 1810.04805, section 3.1), as was XLM-R's (arXiv 1911.02116). The
    head is tied to the encoder's word table.
    """

    labels: ClassVar[tuple[str, ...]] = ()
    name: ClassVar[str] = "masked language modelling"
    layout: ClassVar[Layout] = Lines()
    metric: ClassVar[str] = "accuracy"
    head: ClassVar[Head] = WORDS
    special: ClassVar[tuple[str, ...]] = ("mask_token",)
    auxiliary: ClassVar[bool] = True

    def encode(
        self, rows: Dataset, tokenizer: Any, settings: Settings, *, training: bool
    ) -> list[dict[str, Any]]:
        """Tokenise lines, cut to ``settings.max_length``; masks are drawn batch by batch.

        In training each feature carries its ``language``, by which lines are sampled.
        """
        batch = tokenizer(rows["text"][:], truncation=True, max_length=settings.max_length)
        features = features_of(batch)
        if training:
            for feature, language in zip(features, rows["language"][:], strict=True):
                feature["language"] = language
        return features

    def predict(self, model: Model, rows: Mapping[str, Dataset], settings: Settings) -> list[bool]:
        """Return for each masked token of the test lines whether it was predicted right."""
        plain = self.encode(rows["test"], model.tokenizer, settings, training=False)
        masked = [
            mask(feature, model.tokenizer, random.Random(f"{DEV_SEED} {i}"))
            for i, feature in enumerate(plain)
        ]
        hits: list[bool] = []
        for start in range(0, len(masked), BATCH):  # all words' scores are too many to keep
            batch = masked[start : start + BATCH]
            hits += [
                int(scores[0][i].argmax()) == label
                for feature, scores in zip(batch, model.infer(batch), strict=True)
                for i, label in enumerate(feature["labels"])
                if label != IGNORED
            ]
        return hits

    def gold(self, rows: Dataset) -> list[str]:
        """Return the lines; what is masked in them depends on the tokenizer."""
        return list(rows["text"][:])

    def score(self, gold: list[str], predictions: list[bool], language: str) -> Scores:
        """Return the share of masked tokens that were predicted right, in percent."""
        return {"accuracy": 100 * sum(predictions) / max(1, len(predictions))}


def mask(feature: Mapping[str, Any], tokenizer: Any, draw: random.Random) -> dict[str, Any]:
    """Return a feature with masks, and with labels only at the masked positions.

    Args:
        feature: Model inputs without padding, as lists.
        tokenizer: Has the mask token and the special tokens.
        draw: The random generator. At least one token is masked.
    """
    ids = list(feature["input_ids"])
    special = set(tokenizer.all_special_ids)
    positions = [i for i, token in enumerate(ids) if token not in special]
    targets = [i for i in positions if draw.random() < MASKED]
    if not targets and positions:
        targets = [draw.choice(positions)]
    labels = [IGNORED] * len(ids)
    for i in targets:
        labels[i] = ids[i]
        chance = draw.random()
        if chance < 0.8:
            ids[i] = tokenizer.mask_token_id
        elif chance < 0.9:
            ids[i] = draw.randrange(len(tokenizer))
    return {k: v for k, v in feature.items() if k != "language"} | {
        "input_ids": ids,
        "labels": labels,
    }
