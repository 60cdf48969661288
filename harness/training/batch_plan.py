"""All batches of a training, planned from the seed alone."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, count
from typing import TYPE_CHECKING, Any

from harness.models.batching import IGNORED, Sizes, cut_batches, quotas, training_batches
from harness.models.device import processes

if TYPE_CHECKING:
    from harness.data.source import Rows
    from harness.training.spec import SetSpec, TrainingSpec

Item = tuple[int, int, int]
"""Number of the set, of its feature, and of the pass over the set (masks differ by it)."""
Example = tuple[int, int, int, dict[str, Any]]
"""An item and its feature."""


@dataclass(frozen=True)
class BatchPlan:
    """All batches and checks of a training; a data set of its examples, by item.

    Attributes:
        features: For each set, its model inputs with labels, without padding.
        batches: The items of each batch, all of one set, for all processes and epochs.
        checks: Updates after which dev is scored.
        updates: Updates in all.
        examples: For each set, the number of training examples.
        labels: For each set, the mean number of labels in a batch.
    """

    features: list[list[dict[str, Any]]]
    batches: list[list[Item]]
    checks: set[int]
    updates: int
    examples: list[int]
    labels: list[float]

    def __len__(self) -> int:
        """Return the number of features."""
        return sum(map(len, self.features))

    def __getitem__(self, item: Item) -> Example:
        """Return an item with its feature."""
        return *item, self.features[item[0]][item[1]]

    def share(self, batch: Sequence[Item]) -> float:
        """Return the weight of a batch's loss, 1 in the mean over its set.

        A loss is a mean over labels, and batches differ in their numbers of labels. With equal
        weights a token of a short sentence would count more.
        """
        return _label_count(self.features, batch) / self.labels[batch[0][0]]

    def tokens(self) -> int:
        """Return the tokens of all batches, without padding."""
        return sum(size(self.features[s][i], padded=False) for b in self.batches for s, i, _ in b)

    def vocabulary(self) -> set[int]:
        """Return the ids of all tokens."""
        ids: set[int] = set()
        for features in self.features:
            for feature in features:
                for row in rows_of(feature["input_ids"]):
                    ids.update(row)
        return ids


def plan_batches(
    spec: TrainingSpec, rows: Sequence[Rows], tokenizer: Any, flat: Sequence[bool]
) -> BatchPlan:
    """Return the plan of a training's batches and checks.

    Args:
        spec: The training.
        rows: The rows of each of its sets.
        tokenizer: The encoder's.
        flat: Whether the batches of each set are flat, and so in random order.
    """
    settings = spec.settings
    per_update = processes() * settings.accumulate
    features, examples = [], []
    for one, own in zip(spec.sets, rows, strict=True):
        train = own.train.shuffle(seed=spec.seed)
        if 0 < one.settings.train_examples < len(train):
            train = train.select(range(one.settings.train_examples))
        features.append(one.training.format.encode(train, tokenizer, one.settings, training=True))
        examples.append(len(train))
    joint = [one.training.format.head.joint for one in spec.sets]
    sizes = [sizes_of(each, flat[i], joint[i]) for i, each in enumerate(features)]
    if len(spec.sets) == 1 and "language" not in features[0][0]:
        batches, ends = _single_set(spec, sizes[0], per_update)
    else:
        passes = [
            _Passes(one, features[i], sizes[i], f"{spec.seed} {i}")
            for i, one in enumerate(spec.sets)
        ]
        batches, ends = _mixture(spec, passes, examples, per_update)
    total = min(ends[-1], spec.max_steps or ends[-1])
    every = settings.check_every
    checks = set(range(every, total, every)) if every else {end for end in ends if end < total}
    batches = batches[: total * per_update]
    counts: list[list[int]] = [[] for _ in features]
    for batch in batches:
        counts[batch[0][0]].append(_label_count(features, batch))
    labels = [sum(each) / len(each) if any(each) else 1.0 for each in counts]
    return BatchPlan(features, batches, checks | {total}, total, examples, labels)


def _label_count(features: Sequence[Sequence[Mapping[str, Any]]], batch: Sequence[Item]) -> int:
    """Return how many items a batch's loss is a mean over: labelled tokens, else features.

    For plain text, whose masks are drawn later, these are all tokens.
    """
    return sum(_labels(features[head][number]) for head, number, _ in batch)


def _labels(feature: Mapping[str, Any]) -> int:
    """Return what an example adds to ``_label_count``."""
    labels = feature.get("labels")
    if isinstance(labels, list):
        return sum(label != IGNORED for label in labels)
    return len(feature["input_ids"]) if "language" in feature else 1


def sizes_of(features: Sequence[Mapping[str, Any]], flat: bool, joint: bool) -> Sizes:
    """Return the sizes of a set's examples, and how its batches are made."""
    tokens = [size(feature, padded=not flat) for feature in features]
    return Sizes(tokens, [_labels(feature) for feature in features], flat, joint)


def _single_set(
    spec: TrainingSpec, sizes: Sizes, per_update: int
) -> tuple[list[list[Item]], list[int]]:
    """Return the batches of passes over one set, and the updates at which the passes end."""
    epochs = training_batches(sizes, spec.settings, seed=spec.seed, multiple=per_update)
    ends = accumulate(len(batches) // per_update for batches in epochs)
    batches = [[(0, i, e) for i in batch] for e, each in enumerate(epochs) for batch in each]
    return batches, list(ends)


def _mixture(
    spec: TrainingSpec,
    passes: Sequence[_Passes],
    examples: Sequence[int],
    per_update: int,
) -> tuple[list[list[Item]], list[int]]:
    """Return the batches of a mixture, and the updates at which the epochs end.

    There are as many as in passes over all sets, shared by the sampling. Quotas are exact, not
    drawn; the order is shuffled. A set that is mixed in at a ratio adds its own batches.
    """
    settings, draw = spec.settings, random.Random(spec.seed)
    main = [i for i, one in enumerate(spec.sets) if not one.ratio]
    total = settings.epochs * sum(len(passes[i].batches(0)) for i in main)
    sizes, weights = [examples[i] for i in main], [spec.sets[i].weight for i in main]
    cap, heat = settings.cap, settings.temperature
    shares = sampling_shares(sizes, settings.sampling, cap=cap, temperature=heat, weights=weights)
    counts = dict(zip(main, quotas(shares, total), strict=True))
    for i, one in enumerate(spec.sets):
        if one.ratio:  # r of all batches, so r / (1 - r) of the others
            counts[i] = round(one.ratio / (1 - one.ratio) * total)
    order = [i for i in sorted(counts) for _ in range(counts[i])]
    draw.shuffle(order)
    order += [order[i % len(order)] for i in range(-len(order) % per_update)]
    streams = [each.stream() for each in passes]
    batches = [[(i, *item) for item in next(streams[i])] for i in order]
    updates = len(batches) // per_update
    ends = [max(1, updates * e // settings.epochs) for e in range(1, settings.epochs + 1)]
    return batches, ends


def sampling_shares(
    counts: Sequence[int], sampling: str, *, cap: int, temperature: float, weights: Sequence[float]
) -> list[float]:
    """Return each set's share of the batches.

    Args:
        counts: Examples of each set.
        sampling: ``uniform``; ``proportional`` (to the counts); ``capped``: p_i proportional to
            min(n_i, cap)^(1/temperature), as in arXiv 2005.13013 and jiant; or ``weights``.
        cap: Examples of a set that count, at most, for ``capped``.
        temperature: Above 1 it evens the shares out, for ``capped``.
        weights: Given weights, one a set, for ``weights``.

    Returns:
        Shares that sum to 1.
    """
    raw = {
        "uniform": [1.0] * len(counts),
        "proportional": counts,
        "capped": [min(count, cap) ** (1 / temperature) for count in counts],
        "weights": weights,
    }[sampling]
    return [value / sum(raw) for value in raw]


class _Passes:
    """A set's batches, in an endless sequence of passes."""

    def __init__(
        self, one: SetSpec, features: Sequence[dict[str, Any]], sizes: Sizes, seed: str
    ) -> None:
        self.settings, self.sizes, self.seed = one.settings, sizes, seed
        self.groups: dict[str, list[int]] = {}  # language to features, {"": all} without languages
        for i, feature in enumerate(features):
            self.groups.setdefault(feature.get("language", ""), []).append(i)

    def batches(self, number: int) -> list[list[int]]:
        """Return the batches of the pass with this number."""
        draw = random.Random(f"{self.seed} {number}")
        sizes, total = [len(group) for group in self.groups.values()], len(self.sizes.tokens)
        heat = 1 / self.settings.language_exponent
        shares = sampling_shares(sizes, "capped", cap=total, temperature=heat, weights=())
        order: list[int] = []
        counts = quotas(shares, total)
        for group, quota in zip(self.groups.values(), counts, strict=True):
            lines = list(group)
            draw.shuffle(lines)
            order += (lines * (quota // len(lines) + 1))[:quota]
        draw.shuffle(order)
        return cut_batches(order, self.sizes, self.settings, draw)

    def stream(self) -> Any:
        """Yield batches of (feature, pass) endlessly."""
        for number in count():
            for batch in self.batches(number):
                yield [(i, number) for i in batch]


def rows_of(ids: Sequence[Any]) -> Sequence[Sequence[int]]:
    """Return the token rows of a feature: one for each option, or a single one."""
    return ids if isinstance(ids[0], list) else [ids]


def size(feature: Mapping[str, Any], *, padded: bool = True) -> int:
    """Return a feature's number of tokens, with its options padded to the longest or unpadded."""
    lengths = [len(row) for row in rows_of(feature["input_ids"])]
    return max(lengths) * len(lengths) if padded else sum(lengths)
