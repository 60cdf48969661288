"""Which examples are in a batch together, under a budget of tokens."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.recipes import Settings

IGNORED = -100  # torch's cross-entropy skips this label
INFERENCE_TOKENS = {"cpu": 512}  # tokens in a batch, at most: what fits a CPU's caches
MORE_TOKENS = 8192  # the same on an accelerator, which needs large batches; bounds memory
WINDOW = 50  # number of batches whose shuffled examples are sorted by length together


def features_of(batch: Any) -> list[dict[str, Any]]:
    """Return the inputs of each example of a tokenised batch."""
    return [{name: batch[name][i] for name in batch} for i in range(len(batch["input_ids"]))]


def inference_batches(
    lengths: Sequence[int], max_tokens: int, max_examples: int, *, flat: bool = False
) -> list[list[int]]:
    """Cut examples, sorted by length, into batches under a budget.

    Args:
        lengths: Tokens of each example.
        max_tokens: Tokens in a batch, at most, unless one example alone has more: those of all
            examples in a flat batch, in a padded one the longest's times the examples.
        max_examples: Examples in a batch, at most.
        flat: Whether the batches are flat.

    Returns:
        Every example's number exactly once; the longest batches come first, so that a lack of
        memory shows at once.
    """
    import numpy as np

    array = np.array(lengths, dtype=np.int64)
    order = np.argsort(-array, kind="stable")
    numbers, start, batches = order.tolist(), 0, []
    for count in batch_counts(array[order], max_tokens, max_examples, flat=flat):
        batches.append(numbers[start : start + count])
        start += count
    return batches


def batch_counts(
    lengths: NDArray[np.int64], max_tokens: int, max_examples: int, *, flat: bool
) -> list[int]:
    """Return how many examples each batch holds, one after the other, the longest first.

    Args:
        lengths: Tokens of each example, in falling order.
        max_tokens: As in ``inference_batches``.
        max_examples: Examples in a batch, at most.
        flat: Whether the batches are flat.
    """
    import numpy as np

    ends = np.cumsum(lengths)
    counts: list[int] = []
    start, before = 0, 0
    while start < len(lengths):
        if flat:
            fitting = int(np.searchsorted(ends, before + max_tokens, side="right")) - start
        else:
            fitting = max_tokens // max(1, int(lengths[start]))
        counts.append(min(max(1, fitting), max_examples, len(lengths) - start))
        start += counts[-1]
        before = int(ends[start - 1])
    return counts


@dataclass(frozen=True)
class Sizes:
    """How large the examples of a set are, and how its batches are made.

    Attributes:
        tokens: Tokens of each, options padded to the longest unless batches are flat.
        labels: What its part in a batch's loss is a mean over: labelled tokens, else 1.
        flat: Whether its batches are flat.
        joint: Whether a batch's examples are part of each other's loss (``Head.joint``).
    """

    tokens: Sequence[int]
    labels: Sequence[int]
    flat: bool
    joint: bool = False


def training_batches(
    sizes: Sizes, settings: Settings, *, seed: int, multiple: int = 1
) -> list[list[list[int]]]:
    """Plan all batches of a training run, epoch after epoch.

    Each epoch shuffles the examples and cuts them into batches (``cut_batches``). All epochs are
    planned at once, so that the number of updates is known although it differs between epochs.

    Args:
        sizes: Sizes of the examples.
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
        order = list(range(len(sizes.tokens)))
        draw.shuffle(order)
        batches = cut_batches(order, sizes, settings, draw)
        short = -len(batches) % multiple
        plan.append(batches + [batches[i % len(batches)] for i in range(short)])
    return plan


def cut_batches(
    order: Sequence[int], sizes: Sizes, settings: Settings, draw: random.Random
) -> list[list[int]]:
    """Cut shuffled examples into batches: in their order if flat or joint, else of similar length.

    Args:
        order: Numbers of examples, shuffled; some may come twice.
        sizes: Their sizes.
        settings: Of its settings, ``batch_size`` bounds the examples in a batch (for padded ones
            their labels, by what so many examples have on average), and ``max_tokens`` the
            tokens, padding included, unless one example alone has more. Joint batches have
            ``batch_size`` examples, whatever their tokens; the last one has the rest.
        draw: Shuffles padded batches.
    """
    if sizes.joint:
        size = settings.batch_size
        return [list(order[at : at + size]) for at in range(0, len(order), size)]
    if sizes.flat:
        return _cut_flat(order, sizes.tokens, settings.max_tokens, settings.batch_size)
    batches: list[list[int]] = []
    windows = -(-len(order) // (WINDOW * settings.batch_size))
    each = sum(sizes.labels[i] for i in order) / max(1, len(order)) * settings.batch_size
    for number in range(windows):
        start, end = (len(order) * n // windows for n in (number, number + 1))
        window = sorted(order[start:end], key=lambda i: -sizes.tokens[i])
        batches += _cut_by_labels(window, sizes, settings, each)
    draw.shuffle(batches)
    return batches


def _cut_by_labels(
    window: Sequence[int], sizes: Sizes, settings: Settings, each: float
) -> list[list[int]]:
    """Cut examples, longest first, into batches of about equally many labels.

    Cut by examples, batches of long ones would have many times the labels of others, and count so
    much more: 0.07 to 3.8 of the mean for a tagging task.

    Args:
        window: Numbers of examples.
        sizes: Their sizes.
        settings: ``max_tokens`` bounds the padded tokens of a batch.
        each: Labels in a batch, at most on average.
    """
    total = sum(sizes.labels[i] for i in window)
    count = max(1, ceil(total / max(each, 1e-9) - 1e-9))
    batches: list[list[int]] = []
    before = 0  # labels before this example
    begun, filled = 0.0, 0  # where shares are counted from, and how many of them have batches
    for i in window:
        share = count / max(total, 1)
        place = (before + sizes.labels[i] / 2) * share - begun
        if batches and place < filled:
            if sizes.tokens[batches[-1][0]] * (len(batches[-1]) + 1) <= settings.max_tokens:
                batches[-1].append(i)
            else:  # the tokens are full before the share is: the next batch has a whole one again
                begun, filled = before * share, 1
                batches.append([i])
        else:
            filled = max(filled, int(place) + 1)
            batches.append([i])
        before += sizes.labels[i]
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


def _cut_flat(
    order: Sequence[int], lengths: Sequence[int], max_tokens: int, max_examples: int
) -> list[list[int]]:
    """Cut examples in a given order into batches without padding, within both bounds."""
    batches: list[list[int]] = []
    tokens = 0
    for i in order:
        if batches and len(batches[-1]) < max_examples and tokens + lengths[i] <= max_tokens:
            batches[-1].append(i)
            tokens += lengths[i]
        else:
            batches.append([i])
            tokens = lengths[i]
    return batches
