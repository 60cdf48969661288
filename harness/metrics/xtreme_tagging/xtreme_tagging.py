"""Chunk F1 as XTREME computes it for UD-POS and PAN-X.

Args:
    predictions: sentences of predicted tags, each as long as its reference.
    references: sentences of true tags.

Returns:
    f1, precision, recall: micro-averaged over chunks, with the rules of seqeval 0.0.12.
    accuracy: over tags.
    All are percentages, 0 to 100.
"""

import evaluate

from harness.metrics.description import TEXTS, described
from harness.scoring import chunk_scores, token_accuracy


class XtremeTagging(evaluate.Metric):  # type: ignore[misc]
    """Wraps `harness.scoring.chunk_scores` and `harness.scoring.token_accuracy`."""

    def _info(self) -> evaluate.MetricInfo:
        """Return the description of the inputs: a list of tags for each sentence."""
        return described(__doc__, TEXTS, TEXTS)

    def _compute(
        self, predictions: list[list[str]], references: list[list[str]]
    ) -> dict[str, float]:
        """Return the scores of S sentences; see `harness.scoring.chunk_scores`."""
        scores = chunk_scores(references, predictions)
        return {**scores, "accuracy": token_accuracy(references, predictions)}
