"""Embeddings of retrieval tasks: each distinct sentence once, in parts, found again by its hash."""

import pickle
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.places import MINI

import harness
from harness.data.folder import FolderSource
from harness.errors import HarnessError, NotFinite
from harness.formats.encoder_only import of_side
from harness.models.device import choose_device
from harness.models.embeddings import HASHES, ROWS, Embeddings, hash_of, write
from harness.models.model import Model
from harness.pipeline import plan
from harness.pipeline.steps.embed_step import EmbedStep, TaskTexts
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.store.store import Store
from harness.pipeline.store.upkeep import prunable

CPU = choose_device("cpu", "fp32", 1)
Call = Callable[..., tuple[int, str, str]]


class Counting(FolderSource):
    """The packaged data; counts the splits that are read."""

    reads = 0

    def examples(self, *of: Any) -> Any:
        type(self).reads += 1
        return super().examples(*of)


@pytest.fixture
def evaluate(run: Call, tiny: Path, quickest: Path, tmp_path: Path) -> Call:
    """``harness eval`` of both retrieval tasks in two languages."""

    def call(name: str, *words: object) -> tuple[int, str, str]:
        return run(
            "eval", tiny, "--benchmark", "mini", "--tasks", "tatoeba,bucc2018", "--languages",
            "de,zh", "--recipe", quickest, "--threads", 1, "--device", "cpu",
            "--store", tmp_path / name / "store", "--output", tmp_path / name / "out", *words,
        )  # fmt: skip

    return call


def predictions(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted((folder / "predictions").rglob("*.tsv"))
    }


def test_each_distinct_sentence_is_encoded_once(
    evaluate: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Languages share their English sentences, which are not encoded again for each."""
    seen: list[list[str]] = []
    embed = Model.embed_layers

    def counting(self: Model, texts: Sequence[str], *rest: Any) -> Any:
        seen.append(list(texts))
        return embed(self, texts, *rest)

    monkeypatch.setattr(Model, "embed_layers", counting)
    code, _, err = evaluate("one")
    assert code == 0, err
    assert len(seen) == 2  # a task each
    for texts in seen:
        assert len(texts) > 20 and set(Counter(texts).values()) == {1}
    assert len(predictions(tmp_path / "one/out")) == 4
    evaluate("one")
    assert len(seen) == 2


def test_parts_give_what_one_step_gives(
    evaluate: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert evaluate("one")[0] == 0
    monkeypatch.setattr(plan, "PART", 25)
    code, _, err = evaluate("parts")
    assert code == 0, err
    assert "embed tatoeba 2/" in err
    assert predictions(tmp_path / "parts/out") == predictions(tmp_path / "one/out")


def test_embeddings_are_found_by_their_sentence(tmp_path: Path) -> None:
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    for name, some in (("a", ["one", "two", "ಕ"]), ("b", ["\ud800"])):
        (tmp_path / name).mkdir()
        write(tmp_path / name, some, rows[: len(some)] + 100 * (name == "b"))
    found = Embeddings.open([tmp_path / "a", tmp_path / "b"], CPU)
    assert found.embed(["two", "\ud800", "two", "ಕ"], 9).tolist() == [
        [3, 4, 5], [100, 101, 102], [3, 4, 5], [6, 7, 8],
    ]  # fmt: skip
    assert found.embed([], 9).shape == (0, 3)
    with pytest.raises(HarnessError, match="a sentence was not embedded"):
        found.embed(["three"], 9)


def test_what_is_not_finite_is_told_when_it_is_read(tmp_path: Path) -> None:
    write(tmp_path, ["good", "bad"], np.array([[1.0, 0.0], [np.nan, 0.0]], np.float32))
    found = Embeddings.open([tmp_path], CPU)
    assert found.embed(["good"], 9).tolist() == [[1.0, 0.0]]
    with pytest.raises(NotFinite, match="row 2: not finite: embedding of 'bad'"):
        found.embed(["good", "bad"], 9)


@pytest.mark.parametrize("name", [ROWS, HASHES])
@pytest.mark.parametrize("content", [None, b"", b"\x93NUMPY other", b"0123456789abcdef" * 3])
def test_broken_embeddings_are_one_line(name: str, content: bytes | None, tmp_path: Path) -> None:
    write(tmp_path, ["one", "two"], np.ones((2, 3), np.float32))
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(HarnessError, match="run again") as caught:
        Embeddings.open([tmp_path], CPU)
    assert "\n" not in str(caught.value)


def test_embeddings_that_nothing_reads_can_go(
    evaluate: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    make = plan.make_plan
    monkeypatch.setattr(plan, "make_plan", lambda request: made.append(make(request)) or made[-1])
    assert evaluate("one")[0] == 0
    store = Store(tmp_path / "one/store")
    going = [step for step, _ in prunable(made[-1].steps, store).going]
    assert [type(step) for step in going] == [EmbedStep, EmbedStep]


def test_the_sentences_of_all_parts_are_read_once(tmp_path: Path) -> None:
    """Parts are what their hashes say, whichever is asked for first, and one again if need be."""
    task = harness.tasks()["bucc2018"]
    source = Counting(MINI / "xtreme")
    runtime = Runtime(Store(tmp_path / "store"), source, CPU)
    data = {"de": {"dev": "1", "test": "2"}, "zh": {"dev": "3", "test": "4"}}
    every = list(TaskTexts(task, data, 0, 0, 1).read(runtime))
    assert source.reads == 4 and len(every) == len(set(every)) > 40
    parts = [list(TaskTexts(task, data, 0, part, 3).read(runtime)) for part in (2, 0, 1)]
    assert source.reads == 8
    assert sorted(chain.from_iterable(parts)) == sorted(every)
    for part, texts in zip((2, 0, 1), parts, strict=True):
        assert texts == [t for t in every if int.from_bytes(hash_of(t)[:8], "big") % 3 == part]
    assert list(TaskTexts(task, data, 0, 2, 3).read(runtime)) == parts[0]  # it was tried again
    assert source.reads == 12
    limited = list(TaskTexts(task, data, 5, 1, 3).read(runtime))  # not the held parts of others
    assert source.reads == 16 and set(limited) < set(parts[2])
    assert pickle.loads(pickle.dumps(runtime))._texts == ("", {})


def test_columns_are_not_read_value_by_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """That takes 10 µs a value: minutes of each prediction of BUCC's real size."""
    from datasets.arrow_dataset import Column

    task = harness.tasks()["bucc2018"]
    rows = FolderSource(MINI / "xtreme").examples(task, "test", "de")
    get = Column.__getitem__

    def whole(column: Any, place: object) -> Any:
        assert place == slice(None), "one value of a lazy column"
        return get(column, place)

    monkeypatch.setattr(Column, "__iter__", lambda column: pytest.fail("iterated"))
    monkeypatch.setattr(Column, "__getitem__", whole)
    assert len(of_side(rows, "source", "id")) > 20 and task.format.gold(rows) is None
    assert task.format.keys(rows).names == of_side(rows, "source", "id")
    assert len(of_side(task.format.first(rows, 3), "source", "id")) == 3
    assert task.format.limited([("de-x", "en-x")], rows) == []
