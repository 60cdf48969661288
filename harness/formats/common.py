"""What several formats share: writing files, counting predictions, refusing placeholders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.data.files import scored_lines
from harness.errors import HarnessError

if TYPE_CHECKING:
    from datasets import Dataset

PLACEHOLDER_ROWS = 50  # if all labels are equal, and at least this many, they are placeholders


class Unlabelled(HarnessError):
    """The labels are placeholders, so nothing can be scored."""


def write_lines(lines: Sequence[str], path: Path) -> None:
    """Write lines that end in LF; create the folder if necessary."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def read_labels(path: Path, known: Sequence[str]) -> list[str]:
    """Read one label per line, as XTREME's scorer does (without white space around it).

    Raises:
        HarnessError: A label is not in the set; names file, line and the set.
    """
    labels = [line.strip() for line in scored_lines(path)]
    allowed = set(known)
    for number, label in enumerate(labels, 1):
        if allowed and label not in allowed:
            raise HarnessError(
                f"{path}:{number}: {label[:60]!r} is none of the labels {', '.join(known)}"
            )
    return labels


def refuse_placeholders(labels: Sequence[str], where: object) -> None:
    """Refuse labels that are all the same, if they are many (mirrors without labels)."""
    if len(labels) >= PLACEHOLDER_ROWS and len(set(labels)) == 1:
        raise Unlabelled(f"{where}: no labels (all {len(labels)} rows say {labels[0]!r})")


def same_count(predictions: int, gold: int, what: str) -> None:
    """Refuse another number of predictions than of labels."""
    if predictions != gold:
        raise HarnessError(f"{predictions} predictions for {gold} labelled {what}")


def first_rows(rows: Dataset, limit: int) -> Dataset:
    """Return the first rows (for ``--limit``)."""
    return rows.select(range(min(limit, len(rows))))


def first_of_side(rows: Dataset, side: str, limit: int) -> Dataset:
    """Return the first sentences of one side and all of the other."""
    places = [i for i, one in enumerate(rows["side"]) if one == side]
    dropped = set(places[limit:])
    return rows.select([i for i in range(len(rows)) if i not in dropped])
