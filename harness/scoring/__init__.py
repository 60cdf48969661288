"""The metrics, official behaviour to the last digit. Percentages (0..100), plain floats.

Importing this imports the standard library only; numpy is imported for the first tagging score.
"""

from harness.scoring.average_precision import average_precision
from harness.scoring.bitext import pair_scores
from harness.scoring.chunks import chunk_counts, chunk_scores, token_accuracy
from harness.scoring.classification import accuracy
from harness.scoring.qa import (
    MLQA_LANGUAGES,
    Answers,
    mlqa_questions,
    mlqa_scores,
    question_means,
    squad2_scores,
    squad_questions,
    squad_scores,
)

VERSION = 1  # increased when a metric gives another number; verified entries are then stale

__all__ = [
    "MLQA_LANGUAGES",
    "VERSION",
    "Answers",
    "accuracy",
    "average_precision",
    "chunk_counts",
    "chunk_scores",
    "mlqa_questions",
    "mlqa_scores",
    "pair_scores",
    "question_means",
    "squad2_scores",
    "squad_questions",
    "squad_scores",
    "token_accuracy",
]
