"""F1 from counts, and F1 of mined sentence pairs: BUCC."""

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
    return f1_scores(len(truth & mined), len(mined), len(truth))


def f1_scores(correct: int, predicted: int, labelled: int) -> dict[str, float]:
    """Return F1, precision and recall in percent; a value is 0 where its denominator is."""
    precision = correct / predicted if predicted else 0.0
    recall = correct / labelled if labelled else 0.0
    f1 = 2 * precision * recall / (precision + recall) if correct else 0.0
    return {"f1": f1 * 100, "precision": precision * 100, "recall": recall * 100}
