"""What several formats share: their usual values and files, and the refusal of placeholders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.data.files import File, scored_lines, write_text
from harness.data.layouts import Layout
from harness.errors import HarnessError
from harness.formats.faults import Fault, Kind, Report, raising

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.declarations import Evaluated, Scores
    from harness.statistics.sums import Tally

PLACEHOLDER_ROWS = 50  # if all labels are equal, and at least this many, they are placeholders


class Unlabelled(HarnessError):
    """The labels are placeholders, so nothing can be scored."""


class CommonFormat:
    """What is usual in a format; each says where it differs."""

    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("max_length",)
    special: ClassVar[tuple[str, ...]] = ()
    auxiliary: ClassVar[bool] = False


class EvaluatedFormat(CommonFormat):
    """What is usual in a format that is evaluated, with a prediction for each row."""

    suffix: ClassVar[str] = "tsv"
    splits: ClassVar[tuple[str, ...]] = ("test",)
    names_examples: ClassVar[bool] = False
    has_pool: ClassVar[bool] = False

    def first(self, rows: Dataset, limit: int) -> Dataset:
        """Return the first rows."""
        return first_rows(rows, limit)

    def write(self, predictions: Any, path: Path) -> None:
        """Write one prediction per line."""
        write_lines(predictions, path)

    def limited(self, gold: Any, rows: Dataset) -> Any:
        """Return the gold of the first rows, as many as there are."""
        return gold[: len(rows)]

    def scored(
        self: Evaluated, gold: Any, predictions: Any, language: str
    ) -> tuple[Scores, Callable[[], Tally | None]]:
        """Return the scores and what returns the tally; by default each counts for itself."""
        scores = self.score(gold, predictions, language)
        return scores, partial(self.tally, gold, predictions, language)

    def names(self, rows: Any) -> Any:
        """Return nothing: by default predictions name no examples beyond the gold's."""

    def unknown(self, names: Any, predictions: Any) -> Iterator[Fault]:
        """Yield nothing."""
        yield from ()

    def misfits(self, gold: Any, predictions: Any) -> Iterator[Fault]:
        """Yield how predictions do not fit the gold; by default nothing is known of that."""
        yield from ()


def values_of(form: Any) -> dict[str, Any]:
    """Return a format's values as JSON values; a layout stands by its class's name."""
    values = asdict(form).items()
    return {name: type(v).__name__ if isinstance(v, Layout) else v for name, v in values}


def write_lines(lines: Sequence[str], path: Path) -> None:
    """Write lines that end in LF; create the folder if necessary."""
    write_text("".join(f"{line}\n" for line in lines), path)


def refuse_placeholders(labels: Sequence[str], where: object) -> None:
    """Refuse labels that are all the same, if they are many (mirrors without labels)."""
    if len(labels) >= PLACEHOLDER_ROWS and len(set(labels)) == 1:
        raise Unlabelled(f"{where}: no labels (all {len(labels)} rows say {labels[0]!r})")


def checked_lines(
    path: File,
    valid: Callable[[str], bool],
    fault: str,
    expected: str,
    report: Report | None = None,
    kind: Kind = Kind.LABEL,
) -> list[str]:
    """Read a file's lines as XTREME's scorer does, without white space around them.

    Args:
        path: The file.
        valid: Whether a line is one.
        fault: What a line is that is not valid: ``no 0-based line number``.
        expected: What a line should be: ``a 0-based line number``.
        report: Receives the lines that are not valid; by default the first one raises.
        kind: The kind of such a fault; an empty line is ``BLANK``.

    Raises:
        HarnessError: As ``scored_lines``, or by ``report``.
    """
    lines = list(map(str.strip, scored_lines(path)))
    tell = report or raising(path)
    wrong = {line for line in set(lines) if not valid(line)}  # the lines of a file are often alike
    for number, line in enumerate(lines if wrong else (), 1):
        if line in wrong:
            text = f"{line[:60]!r} is {fault}"
            if line:
                tell(Fault(kind, text, number, repr(line[:60]), expected))
            else:
                tell(Fault(Kind.BLANK, text, number, "a blank line", expected, "take it out"))
    return lines


HEADER = ("one short: was a header skipped?", "one more: was a header written?")


def other_count(
    predictions: int, gold: int, what: str, hints: tuple[str, str] = HEADER
) -> Iterator[Fault]:
    """Yield a fault for another number of predictions than of labels.

    Args:
        predictions: Number of predictions.
        gold: Number of labels.
        what: What the labels are of: ``pairs``.
        hints: What to ask where one prediction is missing, and where one is too many.
    """
    if predictions != gold:
        text = f"{predictions} predictions for {gold} labelled {what}"
        remedy = {-1: hints[0], 1: hints[1]}.get(predictions - gold, "")
        yield Fault(
            Kind.COUNT,
            f"{text}; {remedy}" if remedy else text,
            found=f"{predictions:,} predictions",
            expected=f"{gold:,} {what}",
            remedy=remedy,
        )


def first_rows(rows: Dataset, limit: int) -> Dataset:
    """Return the first rows (for ``--limit``)."""
    return rows.select(range(min(limit, len(rows))))


def right_of(gold: Sequence[str], predictions: Sequence[str]) -> Tally:
    """Return of each example 1 if it is right, of 1: accuracy by example."""
    import numpy as np

    from harness.statistics.sums import Tally

    right = [float(one == other) for one, other in zip(gold, predictions, strict=True)]
    return Tally(np.array(right), np.ones(len(right)))
