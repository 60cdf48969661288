"""The layouts of LAReQA and Mewsli-X: queries, the pool of all languages, and what is malformed."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.passages import (
    document,
    entity,
    paragraph,
    write_json,
    write_lareqa,
    write_lines,
    write_mewslix,
)

from harness import registry
from harness.data import json_lines
from harness.data.check import check_folder
from harness.data.folder import FolderSource
from harness.data.layouts.mewsli_x import MewsliX
from harness.data.layouts.xquad_r import ALONE, NOWHERE, XquadR
from harness.data.memory import Memory
from harness.data.mewsli_rows import ACROSS, WHOLE
from harness.data.pool_facts import read_pool
from harness.declarations import Task
from harness.display.catalogue import findings_table
from harness.errors import HarnessError
from harness.pipeline.dataset_facts import DatasetFacts
from harness.scoring import average_precision


@pytest.fixture
def lareqa() -> Task:
    return registry.task("lareqa")


@pytest.fixture
def mewslix() -> Task:
    return registry.task("mewslix")


# LAReQA


def test_candidates_are_sentences_before_their_paragraphs(tmp_path: Path, lareqa: Task) -> None:
    """Joined without space and line ends; ids count paragraphs from 1, sentences from 0."""
    write_lareqa(tmp_path)
    source = FolderSource(tmp_path)
    pool = list(source.pool(lareqa))
    assert len(pool) == 11 * 2 * 3
    one = paragraph("ar", 0)["context"]
    first = one.split("\n")[0]
    assert pool[0] == ("ar_1_0", first + one.replace("\n", ""))
    assert [name for name, _ in pool[3:7]] == ["ar_2_0", "ar_2_1", "ar_2_2", "de_1_0"]
    assert list(source.pool(lareqa, 4, 6)) == pool[4:6]


def test_the_right_ones_of_a_question_lie_in_all_languages(tmp_path: Path, lareqa: Task) -> None:
    write_lareqa(tmp_path)
    rows = FolderSource(tmp_path).examples(lareqa, "test", "de")
    assert rows["id"][:2] == ["q0-0_de", "q0-1_de"] and rows["item"][:2] == ["q0-0", "q0-1"]
    assert rows["matches"][1] == [f"{code}_1_2" for code in lareqa.languages]
    assert rows["context"][:] == ["de_1", "de_1", "de_2", "de_2"]
    assert rows["text"][0] == "de mill: How many stones?"


def test_the_pool_is_that_of_all_languages(tmp_path: Path, lareqa: Task) -> None:
    """``{every}`` stands for the task's languages, not for one that is asked for."""
    paths = FolderSource(tmp_path).files(lareqa, "test", "th")
    assert [path.stem for path in paths] == ["th", *lareqa.languages]
    assert len(FolderSource(tmp_path).files(lareqa, "pool", "")) == 11


def test_sentences_of_the_same_text_are_all_right(tmp_path: Path, lareqa: Task) -> None:
    def same(paragraphs: list[Any]) -> None:
        text = "It is old. Why? It is old."
        answers = [{"text": "old", "answer_start": 6}]
        paragraphs[0] |= {"context": text, "sentence_breaks": [[0, 10], [11, 15], [16, 26]]}
        paragraphs[0]["qas"] = [{"id": "q0-0", "question": "How?", "answers": answers}]

    write_lareqa(tmp_path, spoilt={"el": same})
    gold = FolderSource(tmp_path).gold(lareqa, "el")
    assert [name for name in gold["q0-0_el"] if name.startswith("el")] == ["el_1_0", "el_1_2"]
    assert len(gold["q0-0_el"]) == 12


def test_an_answer_in_no_sentence_is_left_out_and_counted(tmp_path: Path, lareqa: Task) -> None:
    def between(paragraphs: list[Any]) -> None:
        paragraphs[0]["qas"][0]["answers"][0]["answer_start"] = paragraphs[0]["sentence_breaks"][0][
            1
        ]
        for question in paragraphs[1]["qas"]:
            question["answers"][0]["answer_start"] = 10**6

    write_lareqa(tmp_path, spoilt={"de": between})
    source = FolderSource(tmp_path)
    assert source.examples(lareqa, "test", "de")["id"][:] == ["q0-1_de"]
    assert XquadR().remarks(source.files(lareqa, "test", "de")) == {NOWHERE: 3, ALONE: 0}
    names = {name for name, _ in source.pool(lareqa)}
    assert "de_1_1" in names and "de_2_0" not in names  # no question of it has its answer in one
    assert len(source.gold(lareqa, "th")["q1-0_th"]) == 10
    facts, _ = DatasetFacts(source, Memory()).test(lareqa, "de")
    assert facts.notes == (f"lareqa de: 3 {NOWHERE}",)


def test_a_question_without_its_translations_is_counted(tmp_path: Path, lareqa: Task) -> None:
    write_lareqa(tmp_path, spoilt={"de": lambda some: some[0]["qas"][0].update(id="other")})
    counts = {
        code: XquadR().remarks(FolderSource(tmp_path).files(lareqa, "test", code))[ALONE]
        for code in ("de", "th")
    }
    assert counts == {"de": 1, "th": 1}


def test_offsets_are_code_points(tmp_path: Path, lareqa: Task) -> None:
    """By UTF-16 units or bytes, the answer would be in the second sentence."""

    def far(paragraphs: list[Any]) -> None:
        text = "𝔪𝔪𝔪𝔪 ab. cd."
        answers = [{"text": "ab", "answer_start": 5}]
        paragraphs[0] |= {"context": text, "sentence_breaks": [[0, 8], [9, 12]]}
        paragraphs[0]["qas"] = [{"id": "q0-0", "question": "?", "answers": answers}]

    write_lareqa(tmp_path, spoilt={"ru": far})
    source = FolderSource(tmp_path)
    assert "ru_1_0" in source.gold(lareqa, "ru")["q0-0_ru"]
    assert dict(source.pool(lareqa))["ru_1_1"] == "cd.𝔪𝔪𝔪𝔪 ab. cd."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda p: p.pop("sentence_breaks"),
            "paragraph 1: no sentence_breaks, so there is no pool",
        ),
        (lambda p: p["sentence_breaks"].insert(0, [0, 3]), "overlaps the sentence before"),
        (lambda p: p["sentence_breaks"].append([5000, 5002]), "leaves the text of"),
        (lambda p: p["sentence_breaks"].append(["1", 2]), "expected [start, end]"),
        (lambda p: p["qas"][0].pop("answers"), "paragraph 1: no 'answers'; see SQuAD v1.1"),
        (lambda p: p["qas"][0].update(answers=[]), "question q0-0 has no answers"),
        (lambda p: p["qas"][0]["answers"][0].update(answer_start="7"), "not a whole number"),
        (lambda p: p.update(context=3), "context is not text: 3"),
        (lambda p: p["qas"][1].update(id="q0-0"), "two questions have the id q0-0"),
    ],
)
def test_malformed_paragraphs_are_one_line(
    tmp_path: Path, lareqa: Task, change: Callable[[Any], Any], message: str
) -> None:
    write_lareqa(tmp_path, spoilt={"de": lambda paragraphs: change(paragraphs[0])})
    with pytest.raises(HarnessError) as caught:
        FolderSource(tmp_path).examples(lareqa, "test", "de")
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert "lareqa/xquad-r/de.json: " in str(caught.value)


def test_answers_that_were_taken_away_are_no_labels(tmp_path: Path, lareqa: Task) -> None:
    def stripped(paragraphs: list[Any]) -> None:
        for one in paragraphs:
            for question in one["qas"]:
                question["answers"] = [{"text": "", "answer_start": 0}]

    write_lareqa(tmp_path, spoilt=dict.fromkeys(lareqa.languages, stripped))
    source = FolderSource(tmp_path)
    assert source.gold(lareqa, "de") is None and len(list(source.pool(lareqa))) == 66


def test_the_sample_gives_the_numbers_of_the_official_code(real_data: Path, lareqa: Task) -> None:
    source = FolderSource(real_data / "xtreme")
    names = [name for name, _ in source.pool(lareqa)]
    counts = Counter(name.partition("_")[0] for name in names)
    assert len(names) == 1656 and counts == {
        "ar": 150, "de": 172, "el": 157, "en": 149, "es": 156, "hi": 151, "ru": 149, "th": 123,
        "tr": 152, "vi": 151, "zh": 146,
    }  # fmt: skip
    gold = {code: source.gold(lareqa, code) for code in lareqa.languages}
    assert sum(map(len, gold.values())) == 2475
    draw = np.random.default_rng(0)
    candidates = draw.standard_normal((1656, 16))
    noise = iter(draw.standard_normal((2475, 16)))
    place = {name: i for i, name in enumerate(names)}
    scores: dict[str, list[float]] = {}
    full: list[float] = []
    for code, queries in gold.items():
        for right in queries.values():
            assert len(right) == 11
            query = candidates[[place[name] for name in right]].sum(0) + next(noise)
            ranked = [names[i] for i in np.argsort(-(candidates @ query), kind="stable")]
            scores.setdefault(code, []).append(100 * average_precision(right, ranked, 20))
            full.append(100 * average_precision(right, ranked))
    means = {code: float(np.mean(each)) for code, each in scores.items()}
    assert np.mean(list(means.values())) == pytest.approx(3.7834, abs=5e-5)
    assert np.mean(full) == pytest.approx(6.4358, abs=5e-5)
    assert (round(means["ar"], 3), round(means["th"], 3)) == (3.704, 4.055)


# Mewsli-X


def test_mentions_and_entities(tmp_path: Path, mewslix: Task) -> None:
    write_mewslix(tmp_path)
    source = FolderSource(tmp_path)
    rows = source.examples(mewslix, "test", "de")
    assert rows["id"][:2] == ["de-0-0", "de-0-1"] and rows["matches"][:2] == [["Q0"], ["Q1"]]
    assert rows["text"][1] == "river: de: they saw the { river } 0."  # its sentence alone
    assert rows["context"][1:3] == ["de-0", "de-1"] and set(rows["item"]) == {""}
    pool = list(source.pool(mewslix))
    assert len(pool) == 30
    assert pool[4] == ("Q4", "The tower number 4 stands here. It is known.")  # without its title
    assert list(source.pool(mewslix, 28)) == pool[28:] == list(source.pool(mewslix, 28, 30))


def test_empty_entities_are_no_labels(tmp_path: Path, mewslix: Task) -> None:
    """XTREME's preparation empties them, and its label files: not a score of 0."""
    write_mewslix(tmp_path / "xtreme", known=False)
    source = FolderSource(tmp_path / "xtreme", tmp_path / "labels")
    assert source.gold(mewslix, "de") is None
    write_json(tmp_path / "labels/mewslix/test-de.json", {"de-0-0": [""], "de-0-1": [""]})
    with pytest.raises(HarnessError, match="no labels"):
        source.gold(mewslix, "de")
    write_json(tmp_path / "labels/mewslix/test-de.json", {"de-0-0": ["Q1"], "de-0-1": [""]})
    assert source.gold(mewslix, "de") == {"de-0-0": ["Q1"], "de-0-1": []}  # it scores 0


def test_a_broken_line_among_many_is_named_and_memory_is_bounded(
    tmp_path: Path, mewslix: Task
) -> None:
    path = tmp_path / "mewslix/candidate_set_entities.jsonl"
    write_lines(path, [entity(n) | {"filler": "x" * 2000} for n in range(6000)])  # 14 MB
    source = FolderSource(tmp_path)
    list(source.pool(mewslix, 0, 1))
    tracemalloc.start()
    assert sum(1 for _ in source.pool(mewslix)) == 6000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    lines = path.read_text().splitlines()
    lines[4321] = lines[4321][:-1]
    path.write_text("\n".join(lines))
    with pytest.raises(HarnessError, match=r"entities\.jsonl:4322: no valid JSON"):
        list(source.pool(mewslix))
    assert len(list(source.pool(mewslix, 4322))) == 6000 - 4322  # lines before are passed over


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"description": " "}, "entity Q2 has no description; take it out"),
        ({"description": None}, "entity Q2 has no description"),
        ({"entity_id": "Q\n2"}, "entity_id is not an id on one line"),
        ({"entity_id": "Q2\r"}, "entity_id is not an id on one line"),
        ({"entity_id": 7}, "entity_id is not an id on one line"),
        ({"sentence_spans": [{"start": 0, "end": 999}]}, "leaves its text"),
        ({"sentence_spans": "x"}, "is not a list"),
    ],
)
def test_malformed_entities_are_one_line(
    tmp_path: Path, mewslix: Task, change: dict[str, Any], message: str
) -> None:
    rows = [entity(n) for n in range(5)]
    rows[2] |= change
    write_lines(tmp_path / "mewslix/candidate_set_entities.jsonl", rows)
    with pytest.raises(HarnessError) as caught:
        list(FolderSource(tmp_path).pool(mewslix))
    assert "candidate_set_entities.jsonl:3: " in str(caught.value)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_entities_without_sentences_are_counted(tmp_path: Path, mewslix: Task) -> None:
    write_mewslix(tmp_path)
    rows = [entity(n) for n in range(25)]
    rows[3]["sentence_spans"] = []
    del rows[5]["sentence_spans"]
    write_lines(tmp_path / "mewslix/candidate_set_entities.jsonl", rows)
    source = FolderSource(tmp_path)
    assert dict(source.pool(mewslix))["Q3"] == rows[3]["description"]
    assert read_pool(source, mewslix).notes == (f"mewslix: 2 {WHOLE}",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r["mentions"][0]["mention_span"].update(text="mill"), "is not at"),
        (lambda r: r["mentions"][0]["mention_span"].update(end=999), "leaves its text"),
        (lambda r: r.pop("mentions"), "no 'mentions'"),
        (lambda r: r.update(mentions=[3]), "a mention is not an object: 3"),
        (lambda r: r.update(mentions={}), "mentions is not a list"),
        (lambda r: r.update(context=[]), "context is not an object"),
        (lambda r: r["mentions"][1].update(example_id="de-1-0"), "de-1-0 comes twice"),
        (lambda r: r["context"].update(text=None), "not text: None"),
    ],
)
def test_malformed_mentions_are_one_line(
    tmp_path: Path, mewslix: Task, change: Callable[[Any], Any], message: str
) -> None:
    rows = [document("de", n) for n in range(2)]
    change(rows[1])
    write_lines(tmp_path / "mewslix/wikinews_mentions/test-de.jsonl", rows)
    with pytest.raises(HarnessError) as caught:
        FolderSource(tmp_path).examples(mewslix, "test", "de")
    assert "test-de.jsonl:2: " in str(caught.value) and message in str(caught.value)


def test_a_mention_across_sentences_gets_what_is_around_it(tmp_path: Path) -> None:
    row = document("de", 0)
    row["context"]["sentence_spans"] = [{"start": 0, "end": 5}]
    path = tmp_path / "test-de.jsonl"
    write_lines(path, [row])
    columns = MewsliX().read([path], (), lambda _: pytest.fail)
    assert columns["text"][1] == "river: de: they saw the mill 0. de: they saw the { river } 0."
    assert MewsliX().remarks([path]) == {ACROSS: 2}


# Pools


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [entity(0), entity(1), entity(0)],
            ":3: candidate 3 has the id Q0 of candidate 1 in line 1; keep one of them",
        ),
        ([], "holds no candidates"),
    ],
)
def test_pools_that_cannot_be(tmp_path: Path, mewslix: Task, rows: list[Any], message: str) -> None:
    write_lines(tmp_path / "mewslix/candidate_set_entities.jsonl", rows)
    with pytest.raises(HarnessError, match=message):
        read_pool(FolderSource(tmp_path), mewslix)


def test_small_pools_and_gold_outside_are_said(tmp_path: Path, mewslix: Task) -> None:
    write_mewslix(tmp_path, entities=3)
    facts = read_pool(FolderSource(tmp_path), mewslix)
    assert facts.rows == 3 and facts.notes == (
        "mewslix: the pool has 3 candidates, fewer than the 20 of an answer",
        "mewslix: 1 right candidates are not in the pool, as Q3; they count as not found",
    )


def test_what_is_known_of_a_pool_is_remembered(
    tmp_path: Path, mewslix: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_mewslix(tmp_path / "data")
    source = FolderSource(tmp_path / "data")
    memory = Memory(tmp_path / "memory.json")
    facts, digest = DatasetFacts(source, memory).pool(mewslix)
    memory.save()
    monkeypatch.setattr(MewsliX, "pool", lambda *_, **__: pytest.fail("read again"))
    again = DatasetFacts(source, Memory(tmp_path / "memory.json")).pool(mewslix)
    assert again == (facts, digest) and facts.rows == 30


def test_data_check_reads_the_pool_once(tmp_path: Path, lareqa: Task, mewslix: Task) -> None:
    write_lareqa(tmp_path)
    write_mewslix(tmp_path)
    path = tmp_path / "mewslix/candidate_set_entities.jsonl"
    write_lines(path, [entity(0), {"entity_id": "Q1"}, entity(1), entity(2), entity(3)])
    benchmark = registry.benchmark("xtreme-r")
    tasks = [replace(task, training=None) for task in (lareqa, mewslix)]
    findings = list(check_folder(FolderSource(tmp_path), benchmark, tasks))
    pools = [one for one in findings if one.split == "pool"]
    assert [(one.name, one.language, one.rows) for one in pools] == [
        ("lareqa", "all", 66),
        ("mewslix", "all", 4),
    ]
    assert pools[0].problems == []
    assert pools[1].problems == [
        f"{path}:2: no 'description'; see Mewsli-X's candidate_set_entities"
    ]
    tests = [one for one in findings if one.split == "test"]
    assert len(tests) == 22 and all(one.labelled and not one.problems for one in tests)


def test_lines_that_are_too_long_or_not_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": "\xff"}\n[1]\n\n{"b": 2}')
    problems: list[tuple[int, str]] = []
    rows = list(json_lines.rows_of(path, lambda *one: problems.append(one)))
    assert rows == [(1, {"a": 1}), (5, {"b": 2})]
    assert [number for number, _ in problems] == [2, 3]
    assert list(json_lines.rows_of(path, lambda *_: None, 0, 1)) == [(1, {"a": 1})]
    monkeypatch.setattr(json_lines, "LONGEST", 4)
    with pytest.raises(HarnessError, match=r"a\.jsonl:1: over"):
        list(json_lines.rows_of(path, lambda *_: None))
    with pytest.raises(HarnessError, match="a folder, no file"):
        list(json_lines.rows_of(tmp_path, lambda *_: None))
    with pytest.raises(HarnessError, match="no such file"):
        list(json_lines.rows_of(tmp_path / "none", lambda *_: None))


def test_blank_lines_and_a_byte_order_mark_shift_no_number(tmp_path: Path, mewslix: Task) -> None:
    """Neither that of a line in a message, nor that of a candidate, by which steps part a pool."""
    path = tmp_path / "mewslix/candidate_set_entities.jsonl"
    write_lines(path, [entity(n) for n in range(6)])
    source = FolderSource(tmp_path)
    plain = list(source.pool(mewslix))
    rows = path.read_bytes().splitlines()
    rows[1:1], rows[4:4] = [b"", b" \t\r"], [b""]
    path.write_bytes(b"\xef\xbb\xbf" + b"\n".join(rows) + b"\n\n\n")
    assert list(source.pool(mewslix)) == plain
    parts = [list(source.pool(mewslix, start, start + 2)) for start in (0, 2, 4)]
    assert [one for part in parts for one in part] == plain
    assert read_pool(source, mewslix).rows == 6
    rows[5] = b"{"
    path.write_bytes(b"\n".join(rows))
    with pytest.raises(HarnessError, match=r"entities\.jsonl:6: no valid JSON"):
        list(source.pool(mewslix, 2))
    assert [name for name, _ in source.pool(mewslix, 3, 5)] == ["Q3", "Q4"]


def test_data_check_tells_a_fault_once(tmp_path: Path, lareqa: Task) -> None:
    """For the language of its file, though each language and the pool read all files."""

    def spoilt(paragraphs: list[Any]) -> None:
        del paragraphs[0]["sentence_breaks"]
        del paragraphs[1]["context"]

    def told() -> list[tuple[str, str]]:
        tasks = [replace(lareqa, training=None)]
        found = check_folder(FolderSource(tmp_path), registry.benchmark("xtreme-r"), tasks)
        return [(one.language, line) for one in found for line in one.problems]

    write_lareqa(tmp_path, paragraphs=3, spoilt={"el": spoilt, "zh": spoilt})
    problems = told()
    assert [language for language, _ in problems] == ["el", "el", "zh", "zh"]
    assert len(set(problems)) == 4 and all(f"/{code}.json: " in line for code, line in problems)
    (tmp_path / "lareqa/xquad-r/el.json").write_text("{")
    assert len(told()) == 1


def test_data_check_names_what_is_absent_or_remarkable(tmp_path: Path, lareqa: Task) -> None:
    def table() -> list[str]:
        tasks = [replace(lareqa, training=None)]
        found = list(check_folder(FolderSource(tmp_path), registry.benchmark("xtreme-r"), tasks))
        return findings_table(found, per_language=False).splitlines()[-2:]

    write_lareqa(tmp_path, spoilt={"de": lambda some: some[0]["qas"][0].update(id="other")})
    queries, pool = table()
    assert f"lareqa ar: 1 {ALONE}; 10 more such notes with --per-language" in queries
    path = tmp_path / "lareqa/xquad-r/de.json"
    path.write_text("[3")
    queries, pool = table()
    assert "cannot be read: ar de el" in queries and "1 malformed" in queries
    assert "cannot be read: all" in pool and "; ;" not in queries
    path.unlink()
    path.mkdir()
    queries, pool = table()
    assert f"missing: {path}" in queries and f"missing: {path}" in pool


def test_data_check_counts_what_the_plan_counts(tmp_path: Path, mewslix: Task) -> None:
    write_mewslix(tmp_path)
    row = document("de", 0)
    row["context"]["sentence_spans"] = []
    write_lines(tmp_path / "mewslix/wikinews_mentions/test-de.jsonl", [row])
    tasks = [replace(mewslix, training=None)]
    findings = check_folder(FolderSource(tmp_path), registry.benchmark("xtreme-r"), tasks)
    notes = {one.language: one.note for one in findings if one.split == "test"}
    facts, _ = DatasetFacts(FolderSource(tmp_path), Memory()).test(mewslix, "de")
    assert notes["de"] == f"mewslix de: 2 {ACROSS}" == facts.notes[0] and notes["fa"] == ""


def test_gold_of_labels_is_that_of_the_composed_set(real_data: Path, mewslix: Task) -> None:
    """Scored by the first 20 candidates of the file for every mention."""
    source = FolderSource(real_data / "xtreme", real_data / "labels")
    gold = source.gold(mewslix, "de")
    assert gold == json.loads((real_data / "labels/mewslix/test-de.json").read_text())
    first = [name for name, _ in source.pool(mewslix, 0, 20)]
    score = mewslix.format.score(gold, dict.fromkeys(gold, first), "de")
    assert score["map_20"] == pytest.approx(0.3947, abs=5e-5)
    assert read_pool(source, mewslix).rows == 460
