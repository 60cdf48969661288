"""Chunk F1 as XTREME computes it for UD-POS and PAN-X, as an ``evaluate`` module."""

import datasets
import evaluate

from harness.scoring import chunk_scores, token_accuracy

_CITATION = "Hu et al. (2020), XTREME, arXiv:2003.11080"
_INPUTS = """
Args:
    predictions: sentences of predicted tags, each as long as its reference.
    references: sentences of true tags.
Returns:
    f1, precision, recall: micro-averaged over chunks, with the rules of seqeval 0.0.12.
    accuracy: over tags.
    All are percentages, 0 to 100.
"""


class XtremeTagging(evaluate.Metric):  # type: ignore[misc]
    """Wraps `harness.scoring.chunk_scores` and `harness.scoring.token_accuracy`."""

    def _info(self) -> evaluate.MetricInfo:
        """Return the description of the inputs: a list of tags for each sentence."""
        tags = datasets.Sequence(datasets.Value("string"))
        return evaluate.MetricInfo(
            description="Chunk F1 of XTREME's tagging tasks.",
            citation=_CITATION,
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": tags, "references": tags}),
        )

    def _compute(
        self, predictions: list[list[str]], references: list[list[str]]
    ) -> dict[str, float]:
        """Return the scores of S sentences; see `harness.scoring.chunk_scores`."""
        scores = chunk_scores(references, predictions)
        return {**scores, "accuracy": token_accuracy(references, predictions)}
