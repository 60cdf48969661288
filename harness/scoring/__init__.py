"""The metrics, official behaviour to the last digit. Percentages (0..100), plain floats.

Importing this imports the standard library only; numpy is imported for the first tagging score.
"""

from harness.scoring.bitext import pair_scores
from harness.scoring.chunks import chunk_counts, chunk_scores, token_accuracy
from harness.scoring.classification import accuracy
from harness.scoring.qa import (
    MLQA_LANGUAGES,
    Answers,
    mlqa_questions,
    mlqa_scores,
    squad2_scores,
    squad_questions,
    squad_scores,
)

__all__ = [
    "MLQA_LANGUAGES",
    "Answers",
    "accuracy",
    "chunk_counts",
    "chunk_scores",
    "mlqa_questions",
    "mlqa_scores",
    "pair_scores",
    "squad2_scores",
    "squad_questions",
    "squad_scores",
    "token_accuracy",
]
