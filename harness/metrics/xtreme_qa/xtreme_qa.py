"""Exact match and F1 as XTREME computes them for XQuAD, MLQA and TyDiQA, for ``evaluate``."""

from typing import Any

import datasets
import evaluate

from harness.scoring import mlqa_scores, squad_scores

_CITATION = "Hu et al. (2020), XTREME, arXiv:2003.11080"
_INPUTS = """
Args:
    predictions: {"id": ..., "prediction_text": ...} each; a prediction_text of None counts as no
        prediction and scores 0, while an empty one equals an answer that is only punctuation.
    references: {"id": ..., "answers": {"text": [...], "answer_start": [...]}} each, as in SQuAD;
        every one counts, also where an id repeats.
    language: language of the contexts; "mlqa" needs it, "squad" is English in every language.
    style: "squad" (XQuAD, TyDiQA) or "mlqa".
Returns:
    exact_match, f1: percentages of the references, 0 to 100.
"""


def _texts(predictions: list[dict[str, Any]]) -> dict[str, str]:
    """Return predicted answers by question id, without those that are None."""
    return {
        item["id"]: item["prediction_text"]
        for item in predictions
        if item["prediction_text"] is not None
    }


class XtremeQA(evaluate.Metric):  # type: ignore[misc]
    """Wraps `harness.scoring.squad_scores` and `harness.scoring.mlqa_scores`."""

    def _info(self) -> evaluate.MetricInfo:
        """Return the description of the inputs: those of the SQuAD metric."""
        text = datasets.Value("string")
        answers = {
            "text": datasets.Sequence(text),
            "answer_start": datasets.Sequence(datasets.Value("int32")),
        }
        return evaluate.MetricInfo(
            description="Exact match and F1 of XTREME's question answering tasks.",
            citation=_CITATION,
            inputs_description=_INPUTS,
            features=datasets.Features(
                {
                    "predictions": {"id": text, "prediction_text": text},
                    "references": {"id": text, "answers": answers},
                }
            ),
        )

    def _compute(
        self,
        predictions: list[dict[str, Any]],
        references: list[dict[str, Any]],
        language: str | None = None,
        style: str = "squad",
    ) -> dict[str, float]:
        """Return the scores of answers by the script that ``style`` names.

        Args:
            predictions: Question ids and answers.
            references: Question ids and gold answers.
            language: Language of the contexts.
            style: ``squad`` or ``mlqa``.

        Raises:
            ValueError: The style is unknown, or ``mlqa`` has no language.
        """
        gold = [(item["id"], item["answers"]["text"]) for item in references]
        texts = _texts(predictions)
        if style == "squad":
            return squad_scores(gold, texts)
        if style != "mlqa":
            raise ValueError(f"style is 'squad' or 'mlqa', not {style!r}")
        if language is None:
            raise ValueError("style='mlqa' needs language=, one of MLQA's languages")
        return mlqa_scores(gold, texts, language)
