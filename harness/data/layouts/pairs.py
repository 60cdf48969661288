"""Pairs of sentences with a label, ``sentence1 TAB sentence2 [TAB label]`` in each line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from harness.data.files import Report, read_lines
from harness.data.layouts.layout import STRING, Columns, Layout, Types


class Pairs(Layout):
    """Sentence pairs in XTREME's layout for XNLI and PAWS-X.

    XTREME writes them with Python's csv writer, which quotes a field that holds a double quote;
    such quoting is undone.
    """

    columns: ClassVar[Types] = {"sentence1": STRING, "sentence2": STRING, "label": STRING}

    def read_file(self, path: Path, labels: Sequence[str], report: Report) -> Columns:
        """Read sentence pairs, with labels or without."""
        rows: Columns = {name: [] for name in self.columns}
        width = 0
        for number, line in enumerate(read_lines(path, report), 1):
            fields = [_unquote(text) for text in line.split("\t")]
            if len(fields) not in ((width,) if width else (2, 3)):
                expected = f"{width or '2 or 3'} (sentence1, sentence2, label), separated by tabs"
                report(number, f"{len(fields)} columns, expected {expected}")
                continue
            width = len(fields)
            label = fields[2] if width == 3 else None
            if label is not None and labels and label not in labels:
                report(number, f"label {label!r} is none of {', '.join(labels)}")
                continue
            rows["sentence1"].append(fields[0])
            rows["sentence2"].append(fields[1])
            rows["label"].append(label)
        return rows


def _unquote(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        inner = text[1:-1]
        if '"' not in inner.replace('""', ""):
            return inner.replace('""', '"')
    return text
