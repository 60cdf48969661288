"""Passage retrieval: find the passages that answer a query in one pool for all languages."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from harness.data.files import File, read_json, refuse_mark, write_text
from harness.data.layouts import Pooled
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
        layout: How queries and candidates are read.
        k: How many candidates a query names, at most.
    """

    layout: Pooled
    k: int = 20

    labels: ClassVar[tuple[str, ...]] = ()
    name: ClassVar[str] = "passage retrieval"
    version: ClassVar[int] = 2  # since candidates of one text are ties, and labels are stripped
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

        Of equal ones the first in the pool comes first. A query whose embedding is zero, so that
        all are equal, has none; one that is not finite is refused where it is embedded.
        """
        from harness.search.parts import nearest_of_parts

        test = rows["test"]
        queries = model.embed(test["text"][:], settings.max_query)
        found = nearest_of_parts(queries, model.pool.parts, self.k).rows
        ids = model.pool.ids
        known: list[bool] = (queries != 0).any(axis=1).tolist()
        each = zip(test["id"][:], known, found.tolist(), strict=True)
        return {name: [ids[row] for row in best] if some else [] for name, some, best in each}

    def gold(self, rows: Dataset) -> Ranked | None:
        """Return the right candidates of the rows' queries, None if none are known."""
        pairs = zip(rows["id"][:], rows["matches"][:], strict=True)
        gold = {name: self._right(ids) for name, ids in pairs}
        return gold if any(gold.values()) else None

    def _right(self, ids: Sequence[str]) -> list[str]:
        """Return right candidates as the official scorer reads them; blank ones are none."""
        some = ids[:1] if self.layout.one_right else ids
        return list(dict.fromkeys(one.strip() for one in some if one.strip()))

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
            what = f"queries name more than {self.k} candidates"
            yield _remark(cut, what, f"at most {self.k}", f"only the first {self.k} are scored")
        twice = [name for name, ids in ranked.items() if len(set(ids)) < len(ids)]
        if twice:
            what = "queries name a candidate twice"
            yield _remark(twice, what, "each candidate once", "it counts the first time")

    def read_gold(self, path: Path) -> Ranked:
        """Read a label file; one whose lists are all empty or blank raises Unlabelled.

        A query whose list alone is, is kept and scores 0.
        """
        value = _object(path)
        lists = (value or {}).values()
        texts = all(isinstance(ids, list) and all(isinstance(i, str) for i in ids) for ids in lists)
        if not value or not texts:
            raise HarnessError(f"{path}: not an object of query id to the ids of right candidates")
        gold = {name: self._right(ids) for name, ids in value.items()}
        if not any(gold.values()):
            raise Unlabelled(f"{path}: no labels (no query has a right candidate)")
        return gold

    def names(self, rows: Collection[str]) -> Collection[str]:
        """Return the ids of the pool, which ``unknown`` takes; here they are given."""
        return rows

    def unknown(self, names: Collection[str], predictions: Ranked) -> Iterator[Fault]:
        """Yield a remark on ids that no candidate has: they count as wrong."""
        strange = [one for ids in predictions.values() for one in ids if one not in names]
        if strange:
            of = sum(map(len, predictions.values()))
            what = "ids name no candidate"
            yield _remark(strange, what, "ids of the pool", "they count as wrong", of=of)

    def misfits(self, gold: Ranked, predictions: Ranked) -> Iterator[Fault]:
        """Yield query ids that are missing, and ids that no query has.

        The official scorer takes both: a query without a prediction scores 0.
        """
        missing = [name for name in gold if name not in predictions]
        strange = [name for name in predictions if name not in gold]
        every = (missing, "are missing", "score 0"), (strange, "belong to no query", "are left out")
        for names, what, effect in every:
            if names:
                text = f"{len(names):,} of {len(gold):,} ids {what}: {_named(names)}"
                yield Fault(
                    Kind.IDS,
                    text,
                    found=text,
                    expected=f"the {len(gold):,} ids of the queries, each once",
                    remedy="a query without candidates has []; ids are those of the test file",
                    count=len(names),
                    what=f"query ids {what} and {effect}",
                )

    def limited(self, gold: Ranked, rows: Dataset) -> Ranked:
        """Return the gold of the rows' queries, {} if none of them has a right candidate."""
        some = {name: gold[name] for name in rows["id"][:] if name in gold}
        return some if any(some.values()) else {}

    def score(self, gold: Ranked, predictions: Ranked, language: str) -> Scores:
        """Return the mean over queries of the average precision at k, percent.

        It is added up as the official code of the task does, since the last digit hangs on that:
        by ``sum`` in third_party/utils_mewslix.py, by numpy in third_party/utils_lareqa.py.
        """
        import numpy as np

        each = self._each(gold, predictions)
        if not each:
            return {self.metric: 0.0}
        mean = sum(each) / len(each) if self.layout.one_right else float(np.mean(each))
        return {self.metric: mean * 100}

    def _each(self, gold: Ranked, predictions: Ranked) -> list[float]:
        """Return the average precision of each query, 0 without a right or a named candidate."""
        from harness.scoring import average_precision

        return [
            average_precision(right, predictions.get(name, ()), self.k) if right else 0.0
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


def _remark(names: Sequence[str], what: str, expected: str, remedy: str, *, of: int = 0) -> Fault:
    count = len(names)
    text = f"{count:,}{f' of {of:,}' if of else ''} {what}: {_named(names)}"
    return Fault(
        Kind.RANKED, text, found=text, expected=expected, remedy=remedy, count=count, what=what
    )


def _named(names: Sequence[str]) -> str:
    """Return the first few of some ids."""
    more = " …" if len(names) > NAMED else ""
    return ", ".join(f"{name:.60}" for name in names[:NAMED]) + more
