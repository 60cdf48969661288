"""Length-bucketed batches under a token budget."""

from __future__ import annotations

import random
from collections.abc import Sequence

IGNORED = -100  # torch's cross-entropy skips this label
WINDOW = 50  # batches' worth of shuffled examples that are sorted by length together


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
        Every example's number exactly once; the longest batches first, so that too little memory
        shows at once.
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
    cuts batches there, and shuffles the batches. Planning all epochs at once keeps the number of
    updates known although the token budget makes it differ between epochs.

    Args:
        lengths: Tokens of each example.
        epochs: Passes over the examples.
        batch_size: Examples in a batch, at most.
        max_tokens: Padded tokens in a batch, at most, unless one example alone has more.
        seed: Seeds the shuffling.
        multiple: The number of batches of an epoch is a multiple of this (processes times
            accumulation); the first batches of the epoch fill it up.

    Returns:
        For each epoch its batches of example numbers; every example is there (some twice if
        filled up).
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
    """Cut shuffled examples into batches of like lengths, themselves shuffled.

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
    """Split a total by shares into whole numbers: largest remainders, the first of equals.

    Args:
        shares: Shares that sum to 1.
        total: What is split.

    Returns:
        Whole numbers that sum to ``total``.
    """
    exact = [share * total for share in shares]
    found = [int(value) for value in exact]
    by_rest = sorted(range(len(exact)), key=lambda i: (found[i] - exact[i], i))
    for i in by_rest[: total - sum(found)]:
        found[i] += 1
    return found


def _cut(
    order: Sequence[int], lengths: Sequence[int], max_tokens: int, max_examples: int
) -> list[list[int]]:
    """Cut examples that come longest first into batches within both bounds."""
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
