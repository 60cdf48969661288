"""Passage retrieval: predictions, their files and faults, scores and what ties queries together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.passages import write_lareqa, write_mewslix

from harness import registry
from harness.data.files import Snapshot
from harness.data.folder import FolderSource
from harness.errors import HarnessError, NotFinite
from harness.formats import PassageRetrieval
from harness.formats.common import values_of
from harness.formats.faults import Fault, Kind
from harness.models.pool import Pool, QueriesAndPool
from harness.recipes import Settings
from harness.statistics.clusters import cluster

FORM: Any = registry.task("mewslix").format
IDS = [f"Q{n}" for n in range(30)]


def file(value: Any) -> Snapshot:
    return Snapshot("mewslix/test-de.json", json.dumps(value).encode())


def faults_of(value: Any) -> tuple[Any, list[Fault]]:
    faults: list[Fault] = []
    return FORM.read(file(value), faults.append), faults


def test_it_is_known_by_its_layouts_name() -> None:
    assert values_of(FORM) == {"layout": "MewsliX", "k": 20} and FORM.metric == "map_20"


class Given:
    """Queries whose embeddings are given."""

    def __init__(self, rows: Any) -> None:
        self.rows, self.lengths = np.array(rows, np.float32), []

    def embed(self, texts: Sequence[str], max_length: int) -> Any:
        self.lengths.append(max_length)
        return self.rows[: len(texts)]


def test_of_equal_scores_the_first_in_the_pool_is_first(tmp_path: Path) -> None:
    write_mewslix(tmp_path)
    rows = FolderSource(tmp_path).examples(registry.task("mewslix"), "test", "de")
    queries: Any = Given([[1, 0], [0, 1], [1, 1], [-1, 0]])
    parts = np.array([[1, 0], [1, 0]], np.float32), np.array([[0, 1], [1, 0]], np.float32)
    model = QueriesAndPool(queries, Pool(parts, ["a", "b", "c", "d"]))
    found = FORM.predict(model, {"test": rows}, Settings(max_query=7, max_length=9))
    assert list(found.values()) == [
        ["a", "b", "d", "c"],
        ["c", "a", "b", "d"],
        ["a", "b", "c", "d"],
        ["c", "a", "b", "d"],
    ]
    assert list(found) == rows["id"][:] and queries.lengths == [7]
    two = PassageRetrieval(FORM.layout, 2).predict(model, {"test": rows}, Settings())
    assert next(iter(two.values())) == ["a", "b"]


def test_a_query_whose_embedding_is_zero_names_no_candidate(tmp_path: Path) -> None:
    """All would be equal, and the first of the pool be found for nothing."""
    write_mewslix(tmp_path)
    task = registry.task("mewslix")
    rows = FolderSource(tmp_path).examples(task, "test", "de")
    pool = Pool((np.eye(2, dtype=np.float32),), ["Q0", "Q1"])
    queries: Any = Given([[0, 0], [0, 1], [-0.0, 0], [1, 0]])
    found = FORM.predict(QueriesAndPool(queries, pool), {"test": rows}, Settings())
    assert list(found.values()) == [[], ["Q1", "Q0"], [], ["Q0", "Q1"]]
    assert FORM.score({"de-0-0": ["Q0"], "de-0-1": ["Q1"]}, found, "de") == {"map_20": 50}


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_query_whose_embedding_is_not_finite_is_refused(tmp_path: Path, value: float) -> None:
    write_mewslix(tmp_path)
    rows = FolderSource(tmp_path).examples(registry.task("mewslix"), "test", "de")
    pool = Pool((np.eye(2, dtype=np.float32),), ["Q0", "Q1"])
    queries: Any = Given([[1, 0], [0, value], [0, 1], [1, 0]])
    with pytest.raises(NotFinite, match="queries row 2: not finite"):
        FORM.predict(QueriesAndPool(queries, pool), {"test": rows}, Settings())


@settings(max_examples=25)
@given(st.dictionaries(st.text(), st.lists(st.text(), max_size=20)))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, predictions: dict[str, list[str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "test-de.json"
    FORM.write(predictions, path)
    assert FORM.read(path) == predictions == json.loads(path.read_text("utf-8"))


def test_more_than_twenty_are_cut_and_said() -> None:
    ranked, (fault,) = faults_of({"m": IDS, "n": IDS[:20]})
    assert ranked["m"] == IDS[:20] and fault.kind is Kind.RANKED
    assert fault.text == "1 queries name more than 20 candidates: m"
    assert FORM.read(file({"m": IDS}))["m"] == IDS[:20]  # without a report, too
    late = {"m": [*IDS[:20], "right"]}
    assert FORM.score({"m": ["right"]}, FORM.read(file(late)), "de") == {"map_20": 0}


def test_repeated_and_unknown_ids_are_counted() -> None:
    ranked, (fault,) = faults_of({"m": ["Q1", "Q1", "Q2"], "n": ["Q5"]})
    assert fault.kind is Kind.RANKED and "name a candidate twice: m" in fault.text
    assert FORM.score({"m": ["Q2"]}, ranked, "de")["map_20"] == pytest.approx(100 / 3)
    (unknown,) = FORM.unknown({"Q1", "Q2"}, ranked)
    assert unknown.text == "1 of 4 ids name no candidate: Q5" and unknown.kind is Kind.RANKED
    assert list(FORM.unknown({"Q1", "Q2", "Q5"}, ranked)) == []


@pytest.mark.parametrize("value", ["Q1", 3, None, {"Q1": 1}, ["Q1", 2], [["Q1"]]])
def test_a_list_that_is_not_a_list(value: Any) -> None:
    ranked, (fault,) = faults_of({"m": value, "n": ["Q1"]})
    assert fault.kind is Kind.ANSWER and ranked == {"n": ["Q1"]}
    with pytest.raises(HarnessError, match=r"test-de.json: the answer to m is not a list of ids"):
        FORM.read(file({"m": value}))


@pytest.mark.parametrize("value", [[], "x", 3, None])
def test_files_that_are_no_object(value: Any) -> None:
    ranked, (fault,) = faults_of(value)
    assert ranked == {} and fault.kind is Kind.ANSWER
    with pytest.raises(HarnessError, match="not an object"):
        FORM.read(file(value))
    with pytest.raises(HarnessError, match="not an object"):
        FORM.read_gold(file(value))


def test_an_absent_query_scores_0_and_is_told() -> None:
    gold = {"m": ["Q1"], "n": ["Q2"]}
    answers = {"m": ["Q3", "Q1"], "z": ["Q1"]}
    assert FORM.score(gold, answers, "de") == {"map_20": 25}
    missing, strange = FORM.misfits(gold, answers)
    assert missing.text == "1 of 2 ids are missing: n" and missing.kind is Kind.IDS
    assert strange.text == "1 of 2 ids belong to no query: z"
    tally = FORM.tally(gold, answers, "de")
    assert tally.a.tolist() == [0.5, 0] and tally.names == ["m", "n"]


def test_gold_that_is_cut_to_the_first_queries(tmp_path: Path) -> None:
    write_lareqa(tmp_path)
    task = registry.task("lareqa")
    source = FolderSource(tmp_path)
    rows = source.examples(task, "test", "de")
    gold = source.gold(task, "de")
    assert list(gold) == rows["id"][:]
    first = task.format.first(rows, 3)
    assert list(task.format.limited(gold, first)) == first["id"][:] == list(gold)[:3]
    assert task.format.layout.misfits(rows, gold, "test", "labels") == []
    moved = {name if name != "q1-1_de" else "other": ids for name, ids in gold.items()}
    lacks, strange = task.format.layout.misfits(rows, moved, "test", "labels")
    assert lacks == "labels: lacks 1 ids of queries, as q1-1_de; add them"
    assert strange == "labels: has 1 ids that test lacks, as other; remove them"
    gold["q1-1_de"] = []  # a query that nothing answers scores 0
    assert task.format.layout.misfits(rows, gold, "test", "labels") == []
    last = rows.select([len(rows) - 1])
    assert task.format.limited(gold, last) == {}  # nothing to score, which is not 0
    assert len(task.format.limited(gold, rows)) == len(gold)


def test_mentions_without_an_entity_among_others_score_0(tmp_path: Path) -> None:
    write_mewslix(tmp_path)
    rows = FolderSource(tmp_path).examples(registry.task("mewslix"), "test", "de")
    matches = rows["matches"][:]
    some = rows.remove_columns("matches").add_column("matches", [matches[0], [], *matches[2:]])
    gold = FORM.gold(some)
    assert list(gold) == rows["id"][:] and gold["de-0-1"] == []
    assert FORM.score(gold, dict(zip(rows["id"], matches, strict=True)), "de") == {"map_20": 75}
    assert FORM.tally(gold, {}, "de").b.tolist() == [1, 1, 1, 1]


def test_a_question_is_one_item_in_all_languages_and_a_document_is_a_passage(
    tmp_path: Path,
) -> None:
    write_lareqa(tmp_path)
    write_mewslix(tmp_path)
    found = {}
    for name in ("lareqa", "mewslix"):
        task = registry.task(name)
        keys = {
            code: task.format.keys(FolderSource(tmp_path).examples(task, "test", code))
            for code in ("de", "en", "tr")
        }
        found[name] = cluster(keys)
    assert found["lareqa"].joint and not found["mewslix"].joint
    rows = found["lareqa"].rows
    assert (
        rows["de"].tolist() == rows["tr"].tolist() == [0, 0, 1, 1]
    )  # a paragraph in all languages
    assert found["mewslix"].rows["de"].tolist() == [0, 0, 1, 1]
