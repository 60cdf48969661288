"""Accuracy as XTREME computes it for XNLI, PAWS-X and Tatoeba, as an ``evaluate`` module."""

import datasets
import evaluate

from harness.scoring import accuracy

_CITATION = "Hu et al. (2020), XTREME, arXiv:2003.11080"
_INPUTS = """
Args:
    predictions: predicted labels, strings.
    references: true labels, strings, in the same order.
Returns:
    accuracy: percentage, 0 to 100.
"""


class XtremeAccuracy(evaluate.Metric):  # type: ignore[misc]
    """Wraps `harness.scoring.accuracy`."""

    def _info(self) -> evaluate.MetricInfo:
        """Return the description of the inputs: one label for each."""
        label = datasets.Value("string")
        return evaluate.MetricInfo(
            description="Accuracy of XTREME's classification tasks and of Tatoeba.",
            citation=_CITATION,
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": label, "references": label}),
        )

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float]:
        """Return the score of N predictions for N labels; see `harness.scoring.accuracy`."""
        return accuracy(references, predictions)
