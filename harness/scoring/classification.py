"""Accuracy: XNLI, PAWS-X and Tatoeba."""

import operator
from collections.abc import Sequence


def accuracy(gold: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """Return the share of predictions that equal their label.

    Formula: number of equal pairs / number of predictions * 100, the one of XTREME's
    ``evaluate.py``. Labels are compared as strings, so ``"1"`` and ``"01"`` differ.

    Args:
        gold: N labels.
        predictions: N predicted labels, in the order of ``gold``.

    Returns:
        ``{"accuracy": percentage}``.

    Raises:
        ValueError: The lengths differ, or there is nothing to score.
    """
    if len(gold) != len(predictions):
        raise ValueError(f"{len(predictions)} predictions for {len(gold)} labels")
    if not gold:
        raise ValueError("no labels to score against")
    correct = sum(map(operator.eq, gold, predictions))
    return {"accuracy": correct / len(predictions) * 100}
