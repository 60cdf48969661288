"""Accuracy as XTREME computes it for XNLI, PAWS-X and Tatoeba.

Args:
    predictions: predicted labels, strings.
    references: true labels, strings, in the same order.

Returns:
    accuracy: percentage, 0 to 100.
"""

import evaluate

from harness.metrics.description import TEXT, described
from harness.scoring import accuracy


class XtremeAccuracy(evaluate.Metric):  # type: ignore[misc]
    """Wraps `harness.scoring.accuracy`."""

    def _info(self) -> evaluate.MetricInfo:
        """Return the description of the inputs: one label for each."""
        return described(__doc__, TEXT, TEXT)

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float]:
        """Return the score of N predictions for N labels; see `harness.scoring.accuracy`."""
        return accuracy(references, predictions)
