"""F1 of mined sentence pairs: BUCC."""

from collections.abc import Iterable


def pair_scores(
    gold: Iterable[tuple[str, str]], predictions: Iterable[tuple[str, str]]
) -> dict[str, float]:
    """Return precision, recall and F1 of two sets of (source id, target id) pairs.

    Formula: the set comparison of BUCC 2018 as XTREME's ``evaluate.py`` has it. Both sides are
    sets: a pair given twice counts once. All three values are 0 when no pair is right.

    Args:
        gold: The true pairs.
        predictions: The mined pairs.

    Returns:
        ``{"f1", "precision", "recall"}``, percentages.

    Raises:
        ValueError: There is no gold pair.
    """
    truth, mined = set(gold), set(predictions)
    if not truth:
        raise ValueError("no gold pairs to score against")
    correct = len(truth & mined)
    if not correct:
        return {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    precision = correct / len(mined)
    recall = correct / len(truth)
    f1 = 2 * precision * recall / (precision + recall)
    return {"f1": f1 * 100, "precision": precision * 100, "recall": recall * 100}
