"""Questions with options to choose from, in the data sets' own formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from harness.data.layouts.layout import STRING, STRINGS, Layout, Row, Types


class Choices(Layout):
    """Multiple choice; the label is the number of the correct option, from "0"."""

    columns: ClassVar[Types] = {
        "context": STRING,
        "question": STRING,
        "choices": STRINGS,
        "label": STRING,
    }
    context = "context"
    defaults: ClassVar[Mapping[str, Any]] = {"context": "", "question": ""}

    def problem(self, row: Row, labels: Sequence[str]) -> str:
        """Return what is wrong with a row: a value that is not text, or the number of options."""
        choices: Any = row.get("choices")
        defect = super().problem(row, labels)
        if defect:
            return defect
        texts = isinstance(choices, list) and all(isinstance(choice, str) for choice in choices)
        if texts and len(choices) == len(labels):
            return ""
        content = len(choices) if isinstance(choices, list) else repr(choices)[:60]
        return f"expected {len(labels)} options of text, found {content}"
