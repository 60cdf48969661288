"""The inputs of planned batches: masked, flat or padded, in pieces."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.formats.masked_lm import mask
from harness.models.batching import IGNORED
from harness.models.collator import Collator
from harness.models.heads import Head
from harness.training.batch_plan import BatchPlan, Example


@dataclass(frozen=True)
class BatchMaker:
    """Makes the inputs of a training's batches.

    Attributes:
        plan: All batches.
        collators: What makes the batches of each set.
        heads: The kind of each set's head.
        tokenizer: The encoder's.
        seed: Seeds the masks, together with the numbers of an example.
        pieces: Pieces that a batch is made in, at most; their gradients are added up.
    """

    plan: BatchPlan
    collators: tuple[Collator, ...]
    heads: tuple[Head, ...]
    tokenizer: Any
    seed: int
    pieces: int = 1

    def __call__(self, batch: Sequence[Example]) -> dict[str, Any]:
        """Return a batch's pieces, each some of its examples with their part of its share.

        A joint batch is one piece, whatever the memory: its loss has all examples in it.
        """
        if self.heads[batch[0][0]].joint:
            share = self.plan.share([item[:3] for item in batch])
            return {"pieces": [self.joint_inputs(batch) | {"share": share}]}
        size = -(-len(batch) // self.pieces)
        some = [batch[at : at + size] for at in range(0, len(batch), size)]
        parts = [self.inputs(examples) for examples in some]
        weights = [_weight(*one) for one in zip(parts, map(len, some), strict=True)]
        share = self.plan.share([item[:3] for item in batch]) / max(sum(weights), 1.0)
        return {
            "pieces": [
                part | {"share": share * weight}
                for part, weight in zip(parts, weights, strict=True)
            ]
        }

    def inputs(self, batch: Sequence[Example]) -> dict[str, Any]:
        """Return the inputs of some examples of a set, with their labels and the set's number.

        Options of a question are rows of their own, in order; plain text is masked.
        """
        import torch

        number = batch[0][0]
        collator, head = self.collators[number], self.heads[number]
        features = [self._masked(example) for example in batch]
        rows = [row for feature in features for row in _rows(feature)]
        inputs = collator.inputs(rows, by_token=head.reads_all)
        for name, value in features[0].items():
            values = [feature[name] for feature in features]
            if not isinstance(value, list):
                inputs[name] = torch.tensor(values)
            elif name == "labels":
                inputs[name] = collator.labels(values, inputs, features)
        return inputs | {"head": number}

    def joint_inputs(self, batch: Sequence[Example]) -> dict[str, Any]:
        """Return the inputs of pairs that are part of each other's loss, as ``DualHead.loss`` has.

        Flat batches hold both sides of a piece; padded ones one side, whose texts are more alike
        in length.
        """
        import torch

        number = batch[0][0]
        collator, head = self.collators[number], self.heads[number]
        pieces = max(self.pieces, head.least_pieces)
        size = -(-len(batch) // pieces)
        sides = list(zip(*(_rows(example[3]) for example in batch), strict=True))
        texts, places = [], []
        for at in range(0, len(batch), size):
            numbers = range(at, min(at + size, len(batch)))
            each = [[(sides[s][i], s * len(batch) + i) for i in numbers] for s in range(len(sides))]
            for rows in [[row for side in each for row in side]] if collator.flat else each:
                texts.append(collator.inputs([row for row, _ in rows], by_token=head.reads_all))
                places += [place for _, place in rows]
        return {
            "texts": texts,
            "places": torch.tensor(places),
            "passages": torch.tensor([example[3]["passages"] for example in batch]),
            "again": pieces > 1,
            "head": number,
        }

    def _masked(self, example: Example) -> dict[str, Any]:
        """Return the feature of an example, with masks if it is plain text."""
        head, number, turn, feature = example
        if "language" not in feature:
            return feature
        draw = random.Random(f"{self.seed} {head} {number} {turn}")
        return mask(feature, self.tokenizer, draw)


def _rows(feature: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the inputs of each option of a question, or of a feature's only row."""
    ids = feature["input_ids"]
    if not isinstance(ids[0], list):
        return [feature]
    lists = {name: value for name, value in feature.items() if isinstance(value, list)}
    return [{name: value[i] for name, value in lists.items()} for i in range(len(ids))]


def _weight(inputs: Mapping[str, Any], examples: int) -> float:
    """Return how many items a piece's loss is a mean over: the labelled tokens, else examples."""
    labels = inputs.get("labels")
    if labels is not None and labels.dim() == 2:
        return float((labels != IGNORED).sum())
    return float(examples if labels is None else len(labels))
