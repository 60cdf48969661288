"""What can be wrong with predictions: found by the format that reads them, told by its callers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from harness.data.files import File, at
from harness.errors import HarnessError


class Kind(Enum):
    """A kind of fault; the value is its code in docs/submitting.md."""

    COUNT = "P401"
    LABEL = "P402"
    BLANK = "P403"
    LENGTH = "P404"
    IDS = "P405"
    ANSWER = "P406"
    PAIR = "P407"
    INDEX = "P408"
    RANKED = "P415"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a prediction file.

    Attributes:
        kind: Its kind.
        text: What is wrong, as an error line says it after file and line.
        line: Number of the line, 0 for the whole file.
        found: What is there.
        expected: What should be there.
        remedy: What probably happened, or what to do about it; "" where that is plain.
        count: Of what is scored all the same: how many of ``what`` there are, so that those of
            several files can be added up.
        what: What is counted: ``queries name a candidate twice``.
    """

    kind: Kind
    text: str
    line: int = 0
    found: str = ""
    expected: str = ""
    remedy: str = ""
    count: int = 0
    what: str = ""


Report = Callable[[Fault], None]
"""Receives the faults of a file; may raise or collect."""


def raising(path: File) -> Report:
    """Return a report that raises at the first fault, naming file and line."""

    def fail(fault: Fault) -> None:
        raise HarnessError(at(path, fault.line, fault.text))

    return fail


def refuse(faults: Iterable[Fault]) -> None:
    """Raise at the first of some faults.

    Raises:
        HarnessError: There is one.
    """
    for fault in faults:
        raise HarnessError(fault.text)
