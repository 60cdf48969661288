"""Average precision of ranked lists: LAReQA and Mewsli-X."""

from collections.abc import Collection, Sequence


def average_precision(right: Collection[str], ranked: Sequence[str], k: int | None = None) -> float:
    """Return the average precision of a ranked list, 0 to 1.

    Formula: ``average_precision_at_k`` of google-research/xtreme, third_party/utils_lareqa.py: the
    sum, over the places i of right answers, of (right ones up to i) / i, divided by the number of
    right ones, at most k. A repeated answer counts once and keeps its places. With one right
    answer it is the reciprocal rank.

    Args:
        right: The right answers, at least one.
        ranked: The answers, the best first.
        k: How many of them count; None for all.

    Raises:
        ValueError: There is no right answer.
    """
    found = set(right)
    if not found:
        raise ValueError("no right answer to score against")
    total = len(right)
    hits, score = 0.0, 0.0
    for place, answer in enumerate(ranked[:k]):
        if answer in found:
            found.discard(answer)
            hits += 1.0
            score += hits / (place + 1.0)
    return score / (total if k is None else min(total, k))
