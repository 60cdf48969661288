"""Passage retrieval: find the passages that answer a query in one pool for all languages."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from harness.data.files import File, read_json, refuse_mark, write_text
from harness.data.layouts import Layout, is_labelled
from harness.declarations import Scores
from harness.errors import HarnessError
from harness.formats.common import EvaluatedFormat, Unlabelled
from harness.formats.faults import Fault, Kind, Report, raising
from harness.models.embeddings import Encoder

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.models.pool import Pool
    from harness.recipes import Settings
    from harness.statistics.clusters import Keys
    from harness.statistics.sums import Tally

Ranked = dict[str, list[str]]
"""Query id to the ids of candidates: the best ones in order, or the right ones."""
NAMED = 3  # ids that a message names


class Searched(Encoder, Protocol):
    """What a prediction needs: it embeds queries, and has the pool."""

    @property
    def pool(self) -> Pool:
        """Return the pool."""


@dataclass(frozen=True)
class PassageRetrieval(EvaluatedFormat):
    """Retrieval from a pool that all languages share; predictions are the best ids of each query.

    Attributes:
        layout: How queries and candidates are read (``harness.data.layouts.Pooled``).
        k: How many candidates a query names, at most.
    """

    layout: Layout
    k: int = 20

    labels: ClassVar[tuple[str, ...]] = ()
    name: ClassVar[str] = "passage retrieval"
    suffix: ClassVar[str] = "json"
    head: ClassVar[None] = None
    reads: ClassVar[tuple[str, ...]] = ("max_length", "max_query", "layer", "pooling")
    has_pool: ClassVar[bool] = True

    @property
    def metric(self) -> str:
        """Return the name of the mean average precision at k."""
        return f"map_{self.k}"

    def predict(self, model: Searched, rows: Mapping[str, Dataset], settings: Settings) -> Ranked:
        """Return the ids of each query's best candidates by cosine.

        Of equal ones the first in the pool comes first.
        """
        from harness.search.parts import nearest_of_parts

        test = rows["test"]
        queries = model.embed(test["text"][:], settings.max_query)
        found = nearest_of_parts(queries, model.pool.parts, self.k).rows
        ids = model.pool.ids
        pairs = zip(test["id"][:], found.tolist(), strict=True)
        return {name: [ids[row] for row in best] for name, best in pairs}

    def gold(self, rows: Dataset) -> Ranked | None:
        """Return the right candidates of the rows' queries, None if none are known."""
        pairs = zip(rows["id"][:], rows["matches"][:], strict=True)
        gold = {name: right for name, right in pairs if is_labelled(right)}
        return gold or None

    def write(self, predictions: Ranked, path: Path) -> None:
        """Write ``{query id: [candidate ids]}`` as JSON, a query a line."""
        lines = [
            f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(ids, ensure_ascii=False)}"
            for name, ids in predictions.items()
        ]
        write_text("{\n" + ",\n".join(lines) + "\n}\n", path)

    def read(self, path: File, report: Report | None = None) -> Ranked:
        """Read ``{query id: [candidate ids]}``; ids after the k-th do not count.

        A report is also told of queries that name more than k, and of ids that come twice.
        """
        value, tell = _object(path), report or raising(path)
        if value is None:
            expected = "an object of query id to a list of candidate ids"
            tell(Fault(Kind.ANSWER, f"not {expected}", expected=expected))
            return {}
        ranked: Ranked = {}
        for name, ids in value.items():
            if isinstance(ids, list) and all(isinstance(one, str) for one in ids):
                ranked[name] = ids[: self.k]
                continue
            text = f"the answer to {name:.60} is not a list of ids: {ids!r:.60}"
            found = f"{name:.60}: {ids!r:.60}"
            tell(Fault(Kind.ANSWER, text, found=found, expected='a list of ids, ["…", …]'))
        if report:
            for fault in self._remarks(value, ranked):
                report(fault)
        return ranked

    def _remarks(self, value: Mapping[str, Any], ranked: Ranked) -> Iterator[Fault]:
        """Yield what is odd about lists that are read all the same."""
        cut = [name for name in ranked if len(value[name]) > self.k]
        if cut:
            text = f"{len(cut):,} queries name more than {self.k} candidates: {_named(cut)}"
            yield _remark(text, f"at most {self.k}", f"only the first {self.k} are scored")
        twice = [name for name, ids in ranked.items() if len(set(ids)) < len(ids)]
        if twice:
            text = f"{len(twice):,} queries name a candidate twice: {_named(twice)}"
            yield _remark(text, "each candidate once", "it counts the first time")

    def read_gold(self, path: Path) -> Ranked:
        """Read a label file; one whose lists are all empty raises Unlabelled."""
        value = _object(path)
        lists = (value or {}).values()
        texts = all(isinstance(ids, list) and all(isinstance(i, str) for i in ids) for ids in lists)
        if not value or not texts:
            raise HarnessError(f"{path}: not an object of query id to the ids of right candidates")
        gold = {
            name: list(dict.fromkeys(one for one in ids if one.strip()))
            for name, ids in value.items()
        }
        if not any(gold.values()):
            raise Unlabelled(f"{path}: no labels (no query has a right candidate)")
        return {name: ids for name, ids in gold.items() if ids}

    def names(self, rows: Collection[str]) -> Collection[str]:
        """Return the ids of the pool, which ``unknown`` takes; here they are given."""
        return rows

    def unknown(self, names: Collection[str], predictions: Ranked) -> Iterator[Fault]:
        """Yield a remark on ids that no candidate has: they count as wrong."""
        strange = [one for ids in predictions.values() for one in ids if one not in names]
        if strange:
            total = sum(map(len, predictions.values()))
            text = f"{len(strange):,} of {total:,} ids name no candidate: {_named(strange)}"
            yield _remark(text, "ids of the pool", "they count as wrong")

    def misfits(self, gold: Ranked, predictions: Ranked) -> Iterator[Fault]:
        """Yield query ids that are missing, and ids that no query has.

        The official scorer takes both: a query without a prediction scores 0.
        """
        missing = [name for name in gold if name not in predictions]
        strange = [name for name in predictions if name not in gold]
        for names, what in ((missing, "are missing"), (strange, "belong to no query")):
            if names:
                text = f"{len(names):,} of {len(gold):,} ids {what}: {_named(names)}"
                yield Fault(
                    Kind.IDS,
                    text,
                    found=text,
                    expected=f"the {len(gold):,} ids of the queries, each once",
                    remedy="a query without candidates has []; ids are those of the test file",
                )

    def limited(self, gold: Ranked, rows: Dataset) -> Ranked:
        """Return the gold of the rows' queries."""
        return {name: gold[name] for name in rows["id"][:] if name in gold}

    def score(self, gold: Ranked, predictions: Ranked, language: str) -> Scores:
        """Return the mean over queries of the average precision at k; without one it is 0."""
        each = self._each(gold, predictions)
        return {self.metric: 100 * sum(each) / len(each) if each else 0.0}

    def _each(self, gold: Ranked, predictions: Ranked) -> list[float]:
        """Return the average precision of each query."""
        from harness.scoring import average_precision

        return [
            average_precision(right, predictions.get(name, ()), self.k)
            for name, right in gold.items()
        ]

    def keys(self, rows: Dataset) -> Keys:
        """Return what is the same query in all languages, and what passage it is about."""
        from harness.statistics.clusters import Keys

        items: list[str] = rows["item"][:]
        known = items if all(items) else ()
        return Keys(known, (rows["context"][:],), rows["id"][:])

    def tally(self, gold: Ranked, predictions: Ranked, language: str) -> Tally:
        """Return the average precision of each query, of 1."""
        import numpy as np

        from harness.statistics.sums import Tally

        each = np.array(self._each(gold, predictions))
        return Tally(each, np.ones(len(each)), list(gold))


def _object(path: File) -> dict[str, Any] | None:
    """Return the object in a JSON file, None if there is another value."""
    refuse_mark(path)
    value = read_json(path)
    return value if isinstance(value, dict) else None


def _remark(text: str, expected: str, remedy: str) -> Fault:
    return Fault(Kind.RANKED, text, found=text, expected=expected, remedy=remedy)


def _named(names: Sequence[str]) -> str:
    """Return the first few of some ids."""
    more = " …" if len(names) > NAMED else ""
    return ", ".join(f"{name:.60}" for name in names[:NAMED]) + more
