"""Dual encoders: queries and passages get vectors, and a query's passage is the nearest one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from harness.data.layouts import Layout
from harness.declarations import Scores
from harness.errors import HarnessError
from harness.formats.common import CommonFormat
from harness.models.dual_head import POOLINGS, DualHead, numbered
from harness.models.pooling import MEAN, POOLER

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.models.checkpoint import Checkpoint
    from harness.models.model import Model
    from harness.recipes import Settings

SIDES = 2  # query and passage


@dataclass(frozen=True)
class DualEncoder(CommonFormat):
    """A dual encoder, trained on pairs; what it predicts of dev is the loss of each batch.

    Source: google-research/xtreme, third_party/bert.py and run_retrieval_qa.py.

    Attributes:
        layout: How pairs are read.
        pooling: How a text's tokens become its vector (``harness.models.dual_head.POOLINGS``).
        negatives: ``batch``: the other passages of one micro-batch; ``accumulated``: those of all
            that are accumulated for an update.
        mask_same: Whether passages with the text of a query's right one are none of its negatives.
        pieces: Pieces in which a batch is encoded at least, so that memory suffices.
    """

    layout: Layout
    pooling: str = POOLER
    negatives: str = "batch"
    mask_same: bool = False
    pieces: int = 1

    labels: ClassVar[tuple[str, ...]] = ()
    name: ClassVar[str] = "dual encoder"
    version: ClassVar[int] = 2  # since weight decay leaves the scale out
    metric: ClassVar[str] = "agreement"
    reads: ClassVar[tuple[str, ...]] = ("max_length", "max_query")

    @property
    def head(self) -> DualHead:
        """Return the head of these values."""
        return DualHead(pooling=self.pooling, mask_same=self.mask_same, pieces=self.pieces)

    def settled(self, settings: Settings, checkpoint: Checkpoint) -> DualEncoder:
        """Return the format with the values that a recipe gives for a checkpoint.

        Raises:
            HarnessError: The checkpoint's family has no pooler, or dual encoders have no such
                pooling.
        """
        gathers = settings.negatives == "accumulated"
        return replace(
            self,
            pooling=dual_pooling(settings.pooling, checkpoint),
            negatives=settings.negatives,
            mask_same=settings.mask_same,
            pieces=settings.accumulate if gathers else 1,
        )

    def batches(self, settings: Settings) -> Settings:
        """Return settings whose batches hold all that are each other's negatives."""
        if self.negatives != "accumulated":
            return settings
        return replace(settings, batch_size=settings.batch_size * settings.accumulate, accumulate=1)

    def notes(self, checkpoint: Checkpoint) -> Iterator[str]:
        """Yield what the user should know of training it from a checkpoint."""
        if self.pooling == POOLER and checkpoint.pooler == "fresh":
            yield f"{checkpoint.name}: its files hold no pooler; one is learnt from scratch"
        if self.pooling == MEAN and not checkpoint.pooler:
            yield f"{checkpoint.name}: its family has no pooler; vectors are the mean of all tokens"

    def encode(
        self, rows: Dataset, tokenizer: Any, settings: Settings, *, training: bool
    ) -> list[dict[str, Any]]:
        """Tokenise queries and passages, each cut at the end beyond its own length.

        Returns:
            One feature a pair, each input a list with a row for the query and one for the passage;
            ``passages`` is the number of the passage's text, the same for equal texts.
        """
        lengths = (settings.max_query, settings.max_length)
        sides = [
            tokenizer(rows[name][:], truncation=True, max_length=length)
            for name, length in zip(("query", "passage"), lengths, strict=True)
        ]
        numbers = numbered(rows["passage"][:])
        return [
            {name: [side[name][i] for side in sides] for name in sides[0]} | {"passages": number}
            for i, number in enumerate(numbers)
        ]

    def predict(self, model: Model, rows: Mapping[str, Dataset], settings: Settings) -> list[float]:
        """Return the mean loss of each batch of the test rows, in their order."""
        import numpy as np
        import torch

        features = self.encode(rows["test"], model.tokenizer, settings, training=False)
        texts = [
            {name: value[side] for name, value in feature.items() if isinstance(value, list)}
            | {"row": row}
            for side in range(SIDES)
            for row, feature in enumerate(features)
        ]
        vectors = torch.from_numpy(np.array([one[0] for one in model.infer(texts)]))
        queries, passages = vectors.to(model.device.name).chunk(SIDES)
        numbers = torch.tensor([feature["passages"] for feature in features])
        size, losses = settings.batch_size, []
        with torch.inference_mode():
            for at in range(0, len(features), size):
                part = slice(at, at + size)
                batch = queries[part], passages[part], numbers[part].to(queries.device)
                losses.append(float(self.head.losses(model.module, *batch).mean()))
        return losses

    def gold(self, rows: Dataset) -> list[str]:
        """Return the ids of the pairs; each query's own passage is the right one."""
        return list(rows["id"])

    def score(self, gold: list[str], predictions: list[float], language: str) -> Scores:
        """Return 100 · exp(−loss), of the mean loss over batches, which the official code takes.

        It falls as the loss rises, and is the geometric mean of the shares that the right passages
        get of their batches' softmax, in percent.
        """
        return {"agreement": 100 * math.exp(-sum(predictions) / max(1, len(predictions)))}


def dual_pooling(pooling: str, checkpoint: Checkpoint) -> str:
    """Return how a dual encoder pools: by a recipe's setting, ``auto`` by the checkpoint's family.

    Raises:
        HarnessError: The checkpoint's family has no pooler, or dual encoders have no such pooling.
    """
    if pooling == "auto":
        return POOLER if checkpoint.pooler else MEAN
    if pooling not in POOLINGS:
        names = ", ".join(POOLINGS)
        raise HarnessError(
            f"pooling {pooling}: a dual encoder has {names} or auto; change the recipe"
        )
    if pooling == POOLER and not checkpoint.pooler:
        raise HarnessError(
            f"pooling {pooling}: {checkpoint.name} is of a family without a pooler"
            f" ({checkpoint.model_type}); take {MEAN} or auto in the recipe"
        )
    return pooling
