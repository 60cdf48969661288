"""Reading an entry's predictions: each file once, every fault told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from harness import registry
from harness.data.files import Snapshot
from harness.declarations import Task
from harness.errors import HarnessError, closest
from harness.formats.common import PLACEHOLDER_ROWS
from harness.formats.faults import Fault, Kind
from harness.submission.findings import AT_MOST, ERROR, Finding, finding
from harness.submission.incoming import Incoming

NEARLY_ALL = 0.99


@dataclass(frozen=True)
class Read:
    """A prediction file that was read.

    Attributes:
        run: The run's name.
        task: The task.
        language: The language.
        file: The file.
        answers: What the task's format reads in it; None where something is wrong with it.
        findings: What is wrong with it, and what is odd about it.
    """

    run: str
    task: Task
    language: str
    file: Snapshot
    answers: Any | None
    findings: tuple[Finding, ...]


def predictions_of(incoming: Incoming) -> Iterator[Read]:
    """Yield the prediction files of an entry's runs, task by task in the benchmark's order.

    The runs' files of one language follow each other, so that its gold is read only once, and one
    file is in memory at a time. Files of unknown runs, tasks and languages are left out; the
    concern of files tells of them.
    """
    benchmark = registry.benchmark(incoming.entry.benchmark)
    for name in benchmark.task_names():
        if name not in registry.task_names():
            continue
        task = registry.task(name)
        for language in benchmark.languages_of(task):
            for run in [one.id for one in incoming.entry.runs]:
                path = incoming.runs.get(run, {}).get(f"{name}/{task.file(language)}")
                if path is not None:
                    yield _read(incoming, run, task, language, path)


def _read(incoming: Incoming, run: str, task: Task, language: str, path: str) -> Read:
    file = incoming.read(path)
    findings = Findings(file, task.format.labels)
    answers = None
    try:
        answers = task.format.read(file, findings.add)
    except HarnessError as error:
        rest = str(error).removeprefix(str(file))
        place, _, text = rest.partition(": ")  # as ``harness.data.files.at`` has put them
        number = place.removeprefix(":")
        line = int(number) if number.isdecimal() else 0
        remedy = "write the file again"
        findings.every.append(finding("P406", file.name, text or rest, line=line, remedy=remedy))
    if any(one.severity is ERROR for one in findings.every):
        answers = None
    elif task.format.labels:
        findings.every += one_label(answers or (), file)
    return Read(run, task, language, file, answers, tuple(findings.every))


@dataclass
class Findings:
    """The faults of a file as findings; those beyond ``AT_MOST`` of a code are one object.

    So a file of two million bad lines takes no more memory than a list of as many numbers.

    Attributes:
        file: The file.
        labels: What its labels may be.
        every: The findings.
    """

    file: Snapshot
    labels: Sequence[str] = ()
    every: list[Finding] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)
    _last: dict[str, Finding] = field(default_factory=dict)

    def add(self, fault: Fault) -> None:
        """Add a fault."""
        code = fault.kind.value
        self._counts[code] += 1
        if self._counts[code] <= AT_MOST:
            near = closest(fault.found.strip("'"), self.labels) if fault.kind is Kind.LABEL else ()
            self._last[code] = replace(of_fault(fault, self.file), near="".join([*near][:1]))
        self.every.append(self._last[code])


def of_fault(fault: Fault, file: Snapshot) -> Finding:
    """Return the finding for a fault that a format tells of a file."""
    return finding(
        fault.kind.value,
        file.name,
        fault.found or fault.text,
        fault.expected,
        remedy=fault.remedy,
        line=fault.line,
    )


def one_label(answers: Sequence[str | Sequence[str]], file: Snapshot) -> Iterator[Finding]:
    """Yield a warning if nearly all of a file's labels, or of its sentences' tags, are one.

    Args:
        answers: Labels, or tags by sentence.
        file: The file.
    """
    labels = list(chain.from_iterable([one] if isinstance(one, str) else one for one in answers))
    if len(labels) < PLACEHOLDER_ROWS:
        return
    label, count = Counter(labels).most_common(1)[0]
    if count >= NEARLY_ALL * len(labels):
        yield finding(
            "P409",
            file.name,
            f"{count:,} of {len(labels):,} say {label!r:.60}",
            "several labels",
            remedy="look whether the model was trained, and whether its head was loaded",
        )
