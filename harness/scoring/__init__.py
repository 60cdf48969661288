"""The metrics, official behaviour to the last digit. Percentages (0..100), plain floats.

Importing this imports the standard library only; numpy is imported for the first tagging score.
"""

from harness.scoring.bitext import pair_scores
from harness.scoring.chunks import chunk_scores, token_accuracy
from harness.scoring.classification import accuracy
from harness.scoring.qa import MLQA_LANGUAGES, Answers, mlqa_scores, squad2_scores, squad_scores

__all__ = [
    "MLQA_LANGUAGES",
    "Answers",
    "accuracy",
    "chunk_scores",
    "mlqa_scores",
    "pair_scores",
    "squad2_scores",
    "squad_scores",
    "token_accuracy",
]
