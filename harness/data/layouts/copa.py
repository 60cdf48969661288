"""COPA's questions: what was the cause, or the effect, of a premise?"""

from __future__ import annotations

from collections.abc import Sequence

from harness.data.layouts.choices import Choices
from harness.data.layouts.layout import Row

QUESTIONS = ("cause", "effect")


class Copa(Choices):
    """Multiple choice whose question is ``cause`` or ``effect``, in the data sets' own formats."""

    def problem(self, row: Row, labels: Sequence[str]) -> str:
        """Return what is wrong with a row: as for any choice, or another question."""
        defect = super().problem(row, labels)
        question = row.get("question")
        if defect or question in QUESTIONS:
            return defect
        return f"the question {question!r:.60} is neither cause nor effect; write one of them"
