"""Layouts of retrieval tasks whose queries are looked for in one pool for all languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.data.files import strict
from harness.data.layouts.layout import STRING, STRINGS, Layout, Reports, Types

if TYPE_CHECKING:
    from harness.data.layouts.layout import Table

POOL = "pool"
"""The split of the candidates; it has no language."""
Candidate = tuple[str, str]
"""The id of a passage, and its text."""


@dataclass(frozen=True)
class Asked:
    """What is asked of a pool.

    Attributes:
        start: Number of the first candidate wanted.
        stop: The number after the last one; None for all.
        counts: Counts what is remarkable: what it is, and of how many candidates.
        reports: Returns the report for a file's malformed places; by default the first raises.
    """

    start: int = 0
    stop: int | None = None
    counts: Counter[str] = field(default_factory=Counter)
    reports: Reports = strict


class Pooled(Layout):
    """Queries of one language, and the pool that those of all languages share.

    ``text`` is ready for the tokenizer. ``matches`` has the ids of the right candidates, [] where
    they are not known. ``item`` is the same for a query in all languages, "" where it has no
    translations; ``context`` names the passage that it is about.

    Attributes:
        one_right: Whether a query has one right candidate, in label files the first.
    """

    columns: ClassVar[Types] = {
        "id": STRING,
        "text": STRING,
        "matches": STRINGS,
        "item": STRING,
        "context": STRING,
    }
    label = "matches"
    classes = False
    context = "context"
    gold_names_places = True
    one_right: ClassVar[bool] = False

    def pool(self, paths: Sequence[Path], asked: Asked) -> Iterator[Candidate]:
        """Yield candidates of the files of a pool; their numbers are their places in this order."""
        raise NotImplementedError

    def lines_of(self, paths: Sequence[Path], numbers: Collection[int]) -> Mapping[int, int]:
        """Return the lines of some candidates, by their numbers from 1; {} if they have none."""
        return {}

    def misfits(self, columns: Table, gold: Any, examples: object, labels: object) -> list[str]:
        """Return a line on the queries that the gold lacks, and one on those that it alone has."""
        if gold is None:
            return []
        names = dict.fromkeys(columns["id"])
        missing = [name for name in names if name not in gold]
        strange = [name for name in gold if name not in names]
        lines = []
        if missing:
            lines.append(
                f"{labels}: lacks {len(missing)} ids of queries, as {missing[0]:.60}; add them"
            )
        if strange:
            what = f"has {len(strange)} ids that {examples} lacks, as {strange[0]:.60}"
            lines.append(f"{labels}: {what}; remove them")
        return lines
