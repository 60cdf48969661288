"""XCOPA: its inputs, files, and stages; nothing that was done before it has another key."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.causes import rows, write_rows, write_xcopa

from harness import recipes, registry
from harness.data.check import check_folder
from harness.data.files import Snapshot
from harness.data.folder import FolderSource
from harness.data.layouts import Copa
from harness.data.source import training_rows
from harness.errors import HarnessError
from harness.formats.common import Unlabelled
from harness.formats.faults import Fault, Kind
from harness.models.tokenizer import load_tokenizer
from harness.pipeline.plan_training import head_kind
from harness.pipeline.steps.step import format_identity
from harness.recipes import Settings, read_by

TASK = registry.task("xcopa")
FORM: Any = TASK.format
LANGUAGES = "et ht id it qu sw ta th tr vi zh".split()
Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def source(tmp_path: Path) -> FolderSource:
    folder = write_xcopa(tmp_path / "data")
    return FolderSource(folder / "xtreme", folder / "labels")


def training() -> Any:
    assert TASK.training is not None
    return TASK.training


def test_what_is_declared() -> None:
    assert list(TASK.languages) == LANGUAGES
    assert registry.benchmark("xtreme-r").languages_of(TASK) == TASK.languages
    assert [one.name for one in training().stages()] == ["socialiqa", "copa"]
    assert TASK.file("qu") == "test-qu.jsonl" and TASK.folder.labels == "xcopa/test-{lang}.jsonl"
    assert "copa" not in registry.training_names()


def test_the_first_part_is_the_premise_with_an_english_question(
    tiny: Path, source: FolderSource
) -> None:
    tokenizer, settings = load_tokenizer(tiny), Settings(max_length=100)
    test = source.examples(TASK, "test", "qu")
    features = FORM.encode(test, tokenizer, settings, training=False)
    for row, feature in zip(rows(60), features, strict=True):
        first = f"{row['premise']} What was the {row['question']}?"
        expected = [tokenizer(first, row[name])["input_ids"] for name in ("choice1", "choice2")]
        assert feature["input_ids"] == expected
    siqa = registry.training("socialiqa")
    train = training_rows(source, siqa).train
    features = siqa.format.encode(train, tokenizer, settings, training=True)
    first = f"{train['context'][0]} {train['question'][0]}"
    expected = [tokenizer(first, choice)["input_ids"] for choice in train["choices"][0]]
    assert features[0]["input_ids"] == expected


def test_keys_of_what_was_there_before_stay() -> None:
    for name, count in (("hellaswag", 4), ("cosmosqa", 4), ("commonsenseqa", 5)):
        labels = tuple(str(i) for i in range(count))
        known = {"name": "multiple choice", "version": 1, "labels": labels}
        assert format_identity(registry.training(name).format) == known
    siqa = format_identity(registry.training("socialiqa").format)
    assert siqa["question_with"] == "context" and "frame" not in siqa
    assert format_identity(FORM) == siqa | {
        "labels": ("0", "1"), "frame": "What was the {question}?",
    }  # fmt: skip
    assert "choose" not in Settings().in_key(read_by("training"))
    last = Settings(choose="last").in_key(read_by("training"))
    assert last == Settings().in_key(read_by("training")) | {"choose": "last"}


def test_a_head_for_options_fits_any_number_of_them() -> None:
    siqa, squad = registry.training("socialiqa"), registry.training("squad")
    assert head_kind(siqa.format) == head_kind(FORM) == ["AutoModelForMultipleChoice", []]
    assert head_kind(squad.format) != head_kind(FORM)
    xnli = registry.task("xnli").training
    assert xnli is not None and head_kind(xnli.format)[1] == list(xnli.format.labels)


def test_recipes_have_settings_for_both_stages() -> None:
    for stage in training().stages():
        for layers, rate in ((12, 2e-5), (23, 2e-5), (24, 3e-5), (36, 3e-5)):
            official = recipes.load("xtreme").sized(layers).settings(stage.format, stage)
            assert (official.epochs, official.batch_size, official.max_length) == (5, 32, 128)
            assert (official.learning_rate, official.choose) == (rate, "last")
        assert recipes.load("x-stilts").settings(stage.format, stage).choose == "best"
    last = recipes.load("x-stilts").settings(FORM, training())
    assert last.check_every == 0  # 400 questions end before the first of every 1,000 updates


def test_no_hub_declaration_reads_machine_english() -> None:
    """The configs ``translation-XX`` of the hub's XCOPA are never test data."""
    from xtreme_tasks.xtreme_r.xcopa import HUB_FILES

    hubs = [one.hub for one in (*registry.tasks(), *registry.trainings()) if one.hub]
    patterns = [path for hub in hubs for path in hub.files.values()] + list(HUB_FILES.values())
    assert len(patterns) > 20 and not any("translation" in path for path in patterns)
    assert HUB_FILES["test"].startswith("{lang}/") and "en" not in TASK.languages
    assert TASK.hub is None or TASK.hub.files == HUB_FILES


# -- predictions and labels ------------------------------------------------------------------------


def faults_of(text: str) -> list[Fault]:
    found: list[Fault] = []
    FORM.read(Snapshot("test-qu.jsonl", text.encode()), found.append)
    return found


@given(st.lists(st.sampled_from(["0", "1"])))
def test_what_is_written_is_read(labels: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test-qu.jsonl"
        FORM.write(labels, path)
        assert FORM.read(path) == labels
        lines = path.read_text("utf-8").splitlines()
        assert [json.loads(line) for line in lines] == [{"label": int(one)} for one in labels]


@given(st.text() | st.text(alphabet='{}[]":labe01, \n'))
def test_any_text_is_read_or_told_with_its_line(text: str) -> None:
    text = text.lstrip("\ufeff").encode(errors="ignore").decode()
    found = faults_of(text)
    count = len(text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n"))
    assert all(1 <= one.line <= count and one.remedy for one in found)
    if found:
        with pytest.raises(HarnessError, match=rf"^test-qu.jsonl:{found[0].line}: "):
            FORM.read(Snapshot("test-qu.jsonl", text.encode()))


@pytest.mark.parametrize(
    "line",
    ["0", '"0"', "[0]", "{}", '{"label": "0"}', '{"label": true}', '{"label": 1.0}', "label",
     '{"label": null}', '{"label": 2}', '{"label": -1}', '{"label": 0', '{"Label": 0}',
     "[" * 5000, '{"label": ' + "1" * 5000 + "}", '{"label": 0, "x": "\\ud800"}',
     '{"label": 0}{"label": 1}'],
)  # fmt: skip
def test_a_line_without_the_number_of_an_option(line: str) -> None:
    (fault,) = faults_of(f'{{"label": 1}}\n{line}\n{{"label": 0}}\n')
    assert (fault.kind, fault.line) == (Kind.LABEL, 2)
    assert fault.remedy == "write the option's number, a whole number without quotes"
    assert fault.found == repr(line[:60])


def test_blank_lines_and_another_number_of_lines() -> None:
    (fault,) = faults_of('{"label": 1}\n \n{"label": 0}\n')
    assert (fault.kind, fault.line, fault.remedy) == (Kind.BLANK, 2, "take it out")
    (count,) = FORM.misfits(["0", "1"], ["0"])
    assert count.kind is Kind.COUNT and count.expected == "2 questions"
    assert FORM.score(["0", "1", "1", "0"], ["0", "1", "0", "0"], "qu") == {"accuracy": 75.0}


def test_labels_that_are_all_the_preparations_zero_are_none(source: FolderSource) -> None:
    assert source.gold(TASK, "qu") == [str(i % 2) for i in range(60)]  # more keys a line are fine
    zeros = replace(source, labels=None)
    with pytest.raises(Unlabelled, match="no labels"):
        zeros.gold(TASK, "qu")
    path = source.label_file(TASK, "et")
    assert path is not None
    write_rows(path, rows(60, labelled=False))
    with pytest.raises(Unlabelled, match=r"test-et.jsonl: no labels"):
        source.gold(TASK, "et")


# -- rows ------------------------------------------------------------------------------------------

BAD = [
    ({"question": "why"}, "the question 'why' is neither cause nor effect; write one of them"),
    ({"question": ["cause"]}, "question is not text but"),
    ({"choice2": None}, "expected 2 options of text"),
    ({"label": 2}, "label 2 is none of 0, 1"),
    ({"premise": 3}, "context is not text but 3"),
]


@pytest.mark.parametrize(("change", "what"), BAD)
def test_a_row_that_is_not_copas_is_told_with_its_line(
    change: dict[str, Any], what: str, source: FolderSource
) -> None:
    path = source.data / "xcopa" / "test-qu.jsonl"
    values = rows(60)
    values[6] |= change
    write_rows(path, values)
    with pytest.raises(HarnessError, match=r"test-qu.jsonl:7: ") as told:
        source.examples(TASK, "test", "qu")
    assert what in str(told.value) and "\n" not in str(told.value)
    values[8] |= {"question": ""}
    del values[9]["choice1"]
    write_rows(path, values)
    findings = list(check_folder(source, registry.benchmark("xtreme-r"), [TASK]))
    (finding,) = [one for one in findings if one.problems]
    rest = [problem.removeprefix(f"{path}:") for problem in finding.problems]
    assert sorted(one.partition(":")[0] for one in rest[:3]) == ["10", "7", "9"]
    assert rest[3:] == []  # that labels are more than what is left is no fault of theirs


def test_the_check_of_a_folder_looks_at_both_stages(source: FolderSource) -> None:
    findings = check_folder(source, registry.benchmark("xtreme-r"), [TASK])
    counts = {(one.name, one.split, one.language): one.rows for one in findings if one.rows}
    assert counts["socialiqa", "train", "en"] == 90 and counts["copa", "train", "en"] == 24
    assert counts["copa", "dev", "en"] == 12 and counts["xcopa", "test", "qu"] == 60


def test_a_question_that_a_declaration_leaves_out() -> None:
    problem = Copa().problem({"context": "It fell.", "choices": ["a", "b"]}, ("0", "1"))
    assert problem.startswith("the question None is neither cause nor effect")


@pytest.mark.real
def test_the_real_rows(real_data: Path) -> None:
    source = FolderSource(real_data / "xtreme", real_data / "labels")
    for code in LANGUAGES:
        test, gold = source.examples(TASK, "test", code), source.gold(TASK, code)
        assert gold is not None and len(test) == len(gold) == 500
        assert len(source.examples(TASK, "dev", code)) == 100
        assert 40 < FORM.score(gold, ["0"] * 500, code)["accuracy"] < 60  # chance is 50
        with pytest.raises(Unlabelled):
            FORM.gold(test)
    learnt = training_rows(source, training())
    assert (len(learnt.train), len(learnt.dev)) == (400, 100)
    assert len(training_rows(source, registry.training("socialiqa")).train) == 741
