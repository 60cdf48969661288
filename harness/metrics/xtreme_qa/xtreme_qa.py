"""Exact match and F1 as XTREME computes them for XQuAD, MLQA and TyDiQA.

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

from typing import Any

import datasets
import evaluate

from harness.metrics.description import TEXT, TEXTS, described
from harness.scoring import mlqa_scores, squad_scores


class XtremeQA(evaluate.Metric):  # type: ignore[misc]
    """Wraps `harness.scoring.squad_scores` and `harness.scoring.mlqa_scores`."""

    def _info(self) -> evaluate.MetricInfo:
        """Return the description of the inputs: those of the SQuAD metric."""
        answers = {"text": TEXTS, "answer_start": datasets.Sequence(datasets.Value("int32"))}
        prediction = {"id": TEXT, "prediction_text": TEXT}
        return described(__doc__, prediction, {"id": TEXT, "answers": answers})

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
        pairs = [(item["id"], item["prediction_text"]) for item in predictions]
        texts = {name: text for name, text in pairs if text is not None}
        if style == "squad":
            return squad_scores(gold, texts)
        if style != "mlqa":
            raise ValueError(f"style is 'squad' or 'mlqa', not {style!r}")
        if language is None:
            raise ValueError("style='mlqa' needs language=, one of MLQA's languages")
        return mlqa_scores(gold, texts, language)
