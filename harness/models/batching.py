"""Length-bucketed batches under a token budget."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.recipes import Settings

IGNORED = -100  # torch's cross-entropy skips this label
WINDOW = 50  # number of batches whose shuffled examples are sorted by length together


def features_of(batch: Any) -> list[dict[str, Any]]:
    """Return the inputs of each example of a tokenised batch."""
    return [{name: batch[name][i] for name in batch} for i in range(len(batch["input_ids"]))]


def inference_batches(
    lengths: Sequence[int], max_tokens: int, max_examples: int
) -> list[list[int]]:
    """Cut examples, sorted by length, into batches under a budget.

    Args:
        lengths: Tokens of each example.
        max_tokens: Padded tokens (longest times examples) in a batch, at most, unless one
            example alone has more.
        max_examples: Examples in a batch, at most.

    Returns:
        Every example's number exactly once; the longest batches come first, so that a lack of
        memory shows at once.
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    return _cut(order, lengths, max_tokens, max_examples)


def training_batches(
    lengths: Sequence[int], settings: Settings, *, seed: int, multiple: int = 1
) -> list[list[list[int]]]:
    """Plan all batches of a training run, epoch after epoch.

    Each epoch shuffles the examples, sorts them by length within windows of ``WINDOW`` batches,
    cuts the windows into batches, and shuffles those. All epochs are planned at once, so that the
    number of updates is known although it differs between epochs.

    Args:
        lengths: Tokens of each example.
        settings: How many epochs there are, and what a batch holds at most.
        seed: Seeds the shuffling.
        multiple: The number of batches of an epoch is a multiple of this (processes times
            accumulation); the first batches of the epoch are repeated for that.

    Returns:
        For each epoch its batches of example numbers; every example is in one (some in two, if
        batches are repeated).
    """
    draw = random.Random(seed)
    plan: list[list[list[int]]] = []
    for _ in range(settings.epochs):
        order = list(range(len(lengths)))
        draw.shuffle(order)
        batches = bucketed(order, lengths, settings, draw)
        short = -len(batches) % multiple
        plan.append(batches + [batches[i % len(batches)] for i in range(short)])
    return plan


def bucketed(
    order: Sequence[int], lengths: Sequence[int], settings: Settings, draw: random.Random
) -> list[list[int]]:
    """Cut shuffled examples into batches of similar length, and shuffle the batches.

    Args:
        order: Numbers of examples, shuffled; some may come twice.
        lengths: Tokens of each example.
        settings: Of its settings, ``batch_size`` bounds the examples in a batch, and
            ``max_tokens`` the padded tokens, unless one example alone has more.
        draw: Shuffles the batches.
    """
    batches: list[list[int]] = []
    width = WINDOW * settings.batch_size
    for start in range(0, len(order), width):
        window = sorted(order[start : start + width], key=lambda i: -lengths[i])
        batches += _cut(window, lengths, settings.max_tokens, settings.batch_size)
    draw.shuffle(batches)
    return batches


def quotas(shares: Sequence[float], total: int) -> list[int]:
    """Split a total by shares into whole numbers, by largest remainders.

    Args:
        shares: Shares that sum to 1.
        total: The total.

    Returns:
        Whole numbers that sum to ``total``.
    """
    exact = [share * total for share in shares]
    numbers = [int(value) for value in exact]
    by_rest = sorted(range(len(exact)), key=lambda i: (numbers[i] - exact[i], i))
    for i in by_rest[: total - sum(numbers)]:
        numbers[i] += 1
    return numbers


def _cut(
    order: Sequence[int], lengths: Sequence[int], max_tokens: int, max_examples: int
) -> list[list[int]]:
    """Cut examples, longest first, into batches within both bounds."""
    batches: list[list[int]] = []
    for i in order:
        count = len(batches[-1]) + 1 if batches else 0
        if 0 < count <= max_examples and lengths[batches[-1][0]] * count <= max_tokens:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches
