"""Mewsli-X: mentions in news, and a pool of the descriptions of a million entities."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from harness.data.files import Report, strict
from harness.data.layouts.layout import Columns, Reports
from harness.data.layouts.pooled import Asked, Candidate, Pooled
from harness.data.mewsli_rows import ACROSS, WHOLE, document_of, entity_of, parsed_rows


class MewsliX(Pooled):
    """Mewsli-X as XTREME's preparation lays it out: JSON lines of mentions, and of entities.

    Source: google-research/xtreme, third_party/utils_mewslix.py. A candidate is the description of
    an entity, without its title. A test file may have no entities; then its matches are empty.
    """

    one_right = True

    def read_file(self, path: Path, labels: Sequence[str], report: Report) -> Columns:
        """Read the mentions of a language."""
        columns: Columns = {name: [] for name in self.columns}
        seen: set[str] = set()
        for number, document in parsed_rows(path, report, document_of):
            for one in document.mentions:
                if one.id in seen:
                    report(number, f"the example_id {one.id:.60} comes twice; keep one")
                seen.add(one.id)
                columns["id"].append(one.id)
                columns["text"].append(one.query)
                columns["matches"].append([one.entity] if one.entity else [])
                columns["item"].append("")
                columns["context"].append(document.id)
        return columns

    def pool(self, paths: Sequence[Path], asked: Asked) -> Iterator[Candidate]:
        """Yield the entities of the one file of the pool, an entity a row."""
        rows = parsed_rows(paths[0], asked.reports(paths[0]), entity_of, asked.start, asked.stop)
        for _, entity in rows:
            if entity.whole:
                asked.counts[WHOLE] += 1
            yield entity.id, entity.text

    def lines_of(self, paths: Sequence[Path], numbers: Collection[int]) -> Mapping[int, int]:
        """Return the lines of some candidates, by their numbers from 1."""
        rows = enumerate(parsed_rows(paths[0], lambda *_: None, entity_of), 1)
        return {number: line for number, (line, _) in rows if number in numbers}

    def remarks(self, paths: Sequence[Path], reports: Reports = strict) -> Mapping[str, int]:
        """Return how many mentions are in no one sentence."""
        documents = (one for p in paths for _, one in parsed_rows(p, reports(p), document_of))
        return {ACROSS: sum(mention.across for one in documents for mention in one.mentions)}
