"""What the ``evaluate`` modules of this folder say of themselves."""

from __future__ import annotations

from typing import Any

import datasets
import evaluate

TEXT = datasets.Value("string")
TEXTS = datasets.Sequence(TEXT)


def described(doc: str | None, predictions: Any, references: Any) -> evaluate.MetricInfo:
    """Return a module's description.

    Args:
        doc: The module's docstring: a line on what it computes, then its inputs and scores.
        predictions: The type of one prediction.
        references: The type of one reference.
    """
    title, _, inputs = (doc or "").partition("\n")
    return evaluate.MetricInfo(
        description=title,
        citation="Hu et al. (2020), XTREME, arXiv:2003.11080",
        inputs_description=inputs,
        features=datasets.Features({"predictions": predictions, "references": references}),
    )
