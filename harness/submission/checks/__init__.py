"""The checks of an entry: a small class a concern, in a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from harness.submission import strict_json
from harness.submission.checks.claims import ClaimsConcern
from harness.submission.checks.concern import Concern
from harness.submission.checks.disclosure import DisclosureConcern
from harness.submission.checks.predictions import PredictionsConcern
from harness.submission.checks.presence import FilesConcern
from harness.submission.checks.safety import SafetyConcern
from harness.submission.checks.schema import SchemaConcern
from harness.submission.entry import SUBMISSION
from harness.submission.findings import ERROR, Finding, capped
from harness.submission.incoming import Incoming

CONCERNS: tuple[Concern, ...] = (
    SafetyConcern(),
    SchemaConcern(),
    FilesConcern(),
    PredictionsConcern(),
    ClaimsConcern(),
    DisclosureConcern(),
)


FORM = CONCERNS[:2]  # what must be well before an entry's fields may be read
FILES = CONCERNS[:3]  # what can be looked at where the predictions are not at hand
FIELDS = (SafetyConcern(predictions=False), SchemaConcern())  # … by who reads no predictions


def findings_of(incoming: Incoming, concerns: Sequence[Concern] = CONCERNS) -> list[Finding]:
    """Return all findings of an entry, at most 20 of a code a file.

    A concern looks only if those that it rests on found no error.

    Args:
        incoming: The entry.
        concerns: The concerns, each after those that it rests on.
    """
    passed: set[str] = set()
    every: list[Finding] = []
    for concern in concerns:
        if not passed.issuperset(concern.rests_on):
            continue
        found = list(_placed(capped(concern.look(incoming)), incoming))  # a file may have millions
        if all(one.severity is not ERROR for one in found):
            passed.add(concern.name)
        every += found
    return every


def _placed(findings: Iterable[Finding], incoming: Incoming) -> Iterator[Finding]:
    """Yield findings, those with a JSON pointer alone with its line in submission.json."""
    lines: Mapping[str, int] | None = None
    for one in findings:
        if one.pointer and not one.line and one.file == incoming.shown(SUBMISSION):
            lines = strict_json.lines_of(incoming.submission.raw) if lines is None else lines
            above = one.pointer.rpartition("/")[0]
            one = replace(one, line=lines.get(one.pointer) or lines.get(above, 0))
        yield one
