"""Plain text, one passage per line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from harness.data.files import Report, read_lines
from harness.data.layouts.layout import STRING, Columns, Layout, Types


class Lines(Layout):
    """Plain text in files named after their languages (``de.txt``); blank lines are left out."""

    columns: ClassVar[Types] = {"text": STRING, "language": STRING}
    label = ""
    classes = False
    context = "text"

    def read_file(self, path: Path, labels: Sequence[str], report: Report) -> Columns:
        """Read the passages of one language."""
        texts = [text for line in read_lines(path, report) if (text := line.strip())]
        return {"text": texts, "language": [path.stem] * len(texts)}
