"""Questions with options to choose from, in files of the data sets' own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from harness.data.layouts.layout import STRING, STRINGS, Layout, Row


class Choices(Layout):
    """Multiple choice; the label is the place of the right option, from "0"."""

    columns: ClassVar[Mapping[str, str]] = {
        "context": STRING,
        "question": STRING,
        "choices": STRINGS,
        "label": STRING,
    }
    context = "context"
    defaults: ClassVar[Mapping[str, Any]] = {"context": "", "question": ""}

    def problem(self, row: Row, labels: Sequence[str]) -> str:
        """Return what is wrong with a row: a text that is none, or another number of options."""
        choices = row.get("choices")
        wrong = super().problem(row, labels)
        if wrong:
            return wrong
        if (
            not isinstance(choices, list)
            or len(choices) != len(labels)
            or not all(isinstance(choice, str) for choice in choices)
        ):
            found = len(choices) if isinstance(choices, list) else repr(choices)[:60]
            return f"expected {len(labels)} options of text, found {found}"
        return ""
