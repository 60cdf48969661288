"""COPA and XCOPA: which of two options is the cause, or the effect, of a premise?

Predictions and labels are JSON lines (XTREME-R's layout; google-research/xtreme, run_xcopa.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from harness.data.files import File, parse_json, scored_lines
from harness.data.layouts import Copa, Layout
from harness.formats.common import write_lines
from harness.formats.faults import Fault, Kind, Report, raising
from harness.formats.multiple_choice import MultipleChoice


@dataclass(frozen=True)
class CauseEffect(MultipleChoice):
    """Multiple choice whose predictions are one ``{"label": 0}`` or ``{"label": 1}`` a line.

    Label files may have more keys.
    """

    layout: ClassVar[Layout] = Copa()
    suffix: ClassVar[str] = "jsonl"

    def write(self, predictions: list[str], path: Path) -> None:
        """Write one JSON object with the option's number per line."""
        write_lines([json.dumps({"label": int(label)}) for label in predictions], path)

    def read(self, path: File, report: Report | None = None) -> list[str]:
        """Read one JSON object with an option's number per line.

        Raises:
            HarnessError: As ``scored_lines``, or by ``report``.
        """
        tell, chosen = report or raising(path), []
        expected = f'{{"label": N}} with N one of {", ".join(self.labels)}'
        for number, line in enumerate(scored_lines(path), 1):
            label = _label_in(line)
            if label in self.labels:
                chosen.append(label)
                continue
            found = repr(line.strip()[:60])
            kind, remedy = Kind.LABEL, "write the option's number, a whole number without quotes"
            if not line.strip():
                kind, found, remedy = Kind.BLANK, "a blank line", "take it out"
            text = f"{found} is not {expected}; {remedy}"
            tell(Fault(kind, text, number, found, expected, remedy))
        return chosen


def _label_in(line: str) -> str:
    """Return the whole number that a line's JSON object has as its label, "" if it has none."""
    try:
        value: Any = parse_json(line)
    except (ValueError, RecursionError):
        return ""
    label = value.get("label") if isinstance(value, dict) else None
    return str(label) if type(label) is int else ""
