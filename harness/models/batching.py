"""Length-bucketed batches under a token budget."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

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
    lengths: Sequence[int],
    *,
    epochs: int,
    batch_size: int,
    max_tokens: int,
    seed: int,
    multiple: int = 1,
) -> list[list[list[int]]]:
    """Plan all batches of a training run, epoch after epoch.

    Each epoch shuffles the examples, sorts them by length within windows of ``WINDOW`` batches,
    cuts the windows into batches, and shuffles those. All epochs are planned at once, so that the
    number of updates is known although it differs between epochs.

    Args:
        lengths: Tokens of each example.
        epochs: Passes over the examples.
        batch_size: Examples in a batch, at most.
        max_tokens: Padded tokens in a batch, at most, unless one example alone has more.
        seed: Seeds the shuffling.
        multiple: The number of batches of an epoch is a multiple of this (processes times
            accumulation); the first batches of the epoch are repeated for that.

    Returns:
        For each epoch its batches of example numbers; every example is in one (some in two, if
        batches are repeated).
    """
    draw = random.Random(seed)
    plan: list[list[list[int]]] = []
    for _ in range(epochs):
        order = list(range(len(lengths)))
        draw.shuffle(order)
        batches = bucketed(order, lengths, batch_size, max_tokens, draw)
        short = -len(batches) % multiple
        plan.append(batches + [batches[i % len(batches)] for i in range(short)])
    return plan


def bucketed(
    order: Sequence[int],
    lengths: Sequence[int],
    batch_size: int,
    max_tokens: int,
    draw: random.Random,
) -> list[list[int]]:
    """Cut shuffled examples into batches of similar length, and shuffle the batches.

    Args:
        order: Numbers of examples, shuffled; some may come twice.
        lengths: Tokens of each example.
        batch_size: Examples in a batch, at most.
        max_tokens: Padded tokens in a batch, at most, unless one example alone has more.
        draw: Shuffles the batches.
    """
    batches: list[list[int]] = []
    for start in range(0, len(order), WINDOW * batch_size):
        window = sorted(order[start : start + WINDOW * batch_size], key=lambda i: -lengths[i])
        batches += _cut(window, lengths, max_tokens, batch_size)
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
        batch = batches[-1] if batches else []
        full = len(batch) >= max_examples or (
            batch and lengths[batch[0]] * (len(batch) + 1) > max_tokens
        )
        if not batch or full:
            batches.append([i])
        else:
            batch.append(i)
    return batches
