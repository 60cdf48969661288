"""Findings: what a check says of an entry, with its code, its place and its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

AT_MOST = 20  # findings of one code told of one file


class Severity(Enum):
    """How bad a finding is: an error keeps an entry out."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

CODES: Mapping[str, tuple[Severity, str]] = {
    "X101": (ERROR, "a link, device, pipe or hard link"),
    "X102": (ERROR, "a name that is not allowed, or too deep"),
    "X103": (ERROR, "over a limit"),
    "X104": (ERROR, "not plain UTF-8"),
    "X105": (ERROR, "a control, bidirectional or invisible character in shown text"),
    "X106": (ERROR, "a URL that is not plain https"),
    "X107": (ERROR, "JSON that is not strict"),
    "X108": (ERROR, "an archive"),
    "S201": (ERROR, "a missing key"),
    "S202": (ERROR, "an unknown key"),
    "S203": (ERROR, "a wrong type, value or range"),
    "S204": (ERROR, "an unknown format"),
    "S205": (ERROR, "a slug that is not the folder's name"),
    "S206": (ERROR, "a baseline that cannot be one"),
    "F301": (ERROR, "an unknown task"),
    "F302": (WARNING, "languages are missing"),
    "F303": (ERROR, "a language that the task does not have"),
    "F304": (ERROR, "a stray file"),
    "F305": (ERROR, "a file that is missing or differs from its hash"),
    "F306": (ERROR, "a maintainer's file in a submitter's change"),
    "P401": (ERROR, "another number of predictions than of examples"),
    "P402": (ERROR, "a label that is not in the set"),
    "P403": (ERROR, "a blank line or a sentence too many"),
    "P404": (ERROR, "another number of tags than of tokens"),
    "P405": (ERROR, "ids missing or unknown"),
    "P406": (ERROR, "an answer that is not text, or too long"),
    "P407": (ERROR, "a pair that cannot be one"),
    "P408": (ERROR, "an index that cannot be one"),
    "P409": (WARNING, "one label nearly everywhere"),
    "P410": (WARNING, "a file equal to another language's"),
    "P411": (WARNING, "a run equal to another"),
    "P412": (WARNING, "predictions equal to another entry's"),
    "P413": (WARNING, "a score at or below chance"),
    "P414": (WARNING, "searched the other way"),
    "P415": (WARNING, "ranked lists that are cut, or name a candidate twice or none"),
    "C501": (ERROR, "a claim that the predictions do not bear out"),
    "C502": (ERROR, "a claimed mean that does not follow from its parts"),
    "C503": (ERROR, "a score above what is possible"),
    "C504": (WARNING, "runs that are too alike, or too far apart"),
    "D601": (ERROR, "zero-shot, but trained on a target language"),
    "D602": (WARNING, "chosen by the targets' own dev or test scores"),
    "D603": (WARNING, "a training set that holds test items"),
    "D604": (NOTE, "one intermediate training under all runs"),
    "D605": (NOTE, "one run"),
    "D606": (NOTE, "several configurations tried on test"),
    "D607": (NOTE, "no licence"),
    "D608": (NOTE, "something of the model is not stated"),
    "R701": (ERROR, "a change outside one entry"),
    "R702": (ERROR, "a language, task, run or entry is gone"),
    "R703": (WARNING, "a score moved"),
    "R704": (ERROR, "provenance fell"),
    "R705": (ERROR, "withdrawn without a reason"),
}
"""Code to its usual severity and what it stands for; docs/submitting.md has a line for each."""


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        code: Its code, a key of ``CODES``.
        file: The file or folder, from the folder of entries: ``foo/submission.json``.
        found: What is there.
        expected: What should be there; "" where that is plain.
        remedy: What to do about it.
        line: Number of the line, 0 for the whole file.
        pointer: JSON pointer into the file, "" for none.
        near: The nearest known key or name, "" for none.
        severity: How bad it is.
    """

    code: str
    file: str
    found: str
    expected: str = ""
    remedy: str = ""
    line: int = 0
    pointer: str = ""
    near: str = ""
    severity: Severity = ERROR

    def as_dict(self) -> dict[str, str | int]:
        """Return the finding as JSON values."""
        return {**vars(self), "severity": self.severity.value}


def finding(code: str, file: str, found: str, expected: str = "", **more: str | int) -> Finding:
    """Return a finding with its code's usual severity; ``replace`` gives it another.

    Args:
        code: Its code.
        file: The file or folder.
        found: What is there.
        expected: What should be there.
        more: ``remedy``, ``line``, ``pointer``, ``near``.
    """
    one = Finding(code, file, found, expected, severity=CODES[code][0])
    return replace(one, **more)  # type: ignore[arg-type]


def warned(one: Finding) -> Finding:
    """Return a finding as a warning."""
    return replace(one, severity=WARNING)


def capped(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings, at most ``AT_MOST`` of a code a file, then one that counts the others."""
    counts: dict[tuple[str, str], int] = {}
    last: dict[tuple[str, str], Finding] = {}
    for one in findings:
        key = (one.code, one.file)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= AT_MOST:
            yield one
        last.setdefault(key, one)
    for key, count in counts.items():
        if count > AT_MOST:
            yield replace(
                last[key],
                found=f"and {count - AT_MOST} more",
                expected="",
                remedy="",
                line=0,
                pointer="",
                near="",
            )
