"""Intermediate sets from the hub: small parquet files of the real schemas in a local folder."""

import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness import registry
from harness.data.hub import HubSource
from harness.data.source import training_rows
from harness.errors import HarnessError

NLI = ["entailment", "neutral", "contradiction"]
NOWHERE = ("ccg", "mlm", "mewslix-pairs")  # they are not on the hub in a form that can be read
ON_HUB = [n for n in registry.training_names() if n not in NOWHERE]


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A source over an empty local hub, and what lays a file at a declared pattern of it."""
    monkeypatch.setenv("HARNESS_HUB", f"file://{tmp_path / 'hub'}")

    def lay(training, **splits):
        for split, rows in splits.items():
            name = training.hub.files[split].replace("*", "00000-of-00001")
            path = tmp_path / "hub" / f"{training.hub.repo}@{training.hub.revision}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.table(rows), path)

    return HubSource(tmp_path / "cache"), lay


def read(hub, name, train, dev):
    source, lay = hub
    training = registry.training(name)
    lay(training, train=train, dev=dev)
    return training_rows(source, training)


def nli(labels, word="A"):
    """glue's mnli, snli, anli: the label is a ClassLabel stored as int64, -1 for none."""
    return {
        "premise": [f"{word} premise {i}" for i in range(len(labels))],
        "hypothesis": [f"{word} hypothesis {i}" for i in range(len(labels))],
        "label": pa.array(labels, pa.int64()),
        "idx": list(range(len(labels))),
    }


@pytest.mark.parametrize("name", ON_HUB)
def test_revisions_are_whole_commits_and_files_parquet(name):
    training = registry.training(name)
    for part in training.parts or (training,):
        assert re.fullmatch("[0-9a-f]{40}", part.hub.revision)
        assert set(part.hub.files) == {"train", "dev"}
        assert all(pattern.endswith(".parquet") for pattern in part.hub.files.values())


def test_the_user_s_own_files_are_never_on_the_hub(tmp_path):
    source = HubSource(tmp_path)
    for name in ("ccg", "mlm", "mnli[de]", "mnli[translated:sw]"):
        assert not source.has(registry.training(name), "train", "en")
    assert source.has(registry.training("mnli"), "train", "en")


def test_hellaswag_labels_are_strings_empty_where_withheld(hub):
    rows = {
        "ind": list(range(5)),
        "ctx": [f"A man looks {i}. he" for i in range(5)],
        "endings": [[f"{place} {i}" for place in "abcd"] for i in range(5)],
        "label": ["0", "3", "", "1", "2"],
    }
    found = read(hub, "hellaswag", rows, rows)
    assert found.train["label"][:] == ["0", "3", "1", "2"]
    assert found.train[1]["choices"] == ["a 1", "b 1", "c 1", "d 1"]
    assert found.train["context"][1] == "A man looks 1. he" and found.train["question"][1] == ""
    assert found.notes == tuple(
        f"hellaswag: 1 {split} rows without a label are dropped" for split in ("train", "dev")
    )


def test_cosmosqa_has_four_columns_of_answers(hub):
    rows = {
        "id": ["x", "y", "z", "w"],
        "context": [f"Story {i}." for i in range(4)],
        "question": [f"Why {i}?" for i in range(4)],
        **{f"answer{k}": [f"answer {k} of {i}" for i in range(4)] for k in range(4)},
        "label": pa.array([2, 0, 1, 3], pa.int32()),
    }
    found = read(hub, "cosmosqa", rows, rows)
    assert found.train["label"][:] == ["2", "0", "1", "3"] and found.notes == ()
    assert found.dev[2]["choices"] == [f"answer {k} of 2" for k in range(4)]
    assert (found.dev[2]["context"], found.dev[2]["question"]) == ("Story 2.", "Why 2?")


def test_commonsenseqa_has_a_struct_of_choices(hub):
    kind = pa.struct([("label", pa.list_(pa.string())), ("text", pa.list_(pa.string()))])
    choices = [{"label": list("ABCDE"), "text": [f"{x}{i}" for x in "vwxyz"]} for i in range(5)]
    rows = {
        "id": [str(i) for i in range(5)],
        "question": [f"Where {i}?" for i in range(5)],
        "question_concept": ["place"] * 5,
        "choices": pa.array(choices, kind),
        "answerKey": list("EDCBA"),
    }
    found = read(hub, "commonsenseqa", rows, rows)
    assert found.train["label"][:] == list("43210")
    assert found.train[1]["choices"] == ["v1", "w1", "x1", "y1", "z1"]
    assert found.train["question"][1] == "Where 1?" and found.train["context"][1] == ""


def test_socialiqa_labels_count_from_one(hub):
    rows = {
        "context": ["Kai sang."] * 4,
        "question": ["Why?"] * 4,
        **{f"answer{k}": [f"{k} {i}" for i in range(4)] for k in "ABC"},
        "label": ["1", "2", "3", "1"],
    }
    found = read(hub, "socialiqa", rows, rows)
    assert found.train["label"][:] == ["0", "1", "2", "0"]
    assert found.dev[3]["choices"] == ["A 3", "B 3", "C 3"]


def test_qqp_labels_are_ints(hub):
    rows = {
        "question1": ["How?", "Why?", "Who?"],
        "question2": ["How so?", "When?", "Whose?"],
        "label": pa.array([1, 0, -1], pa.int64()),
        "idx": [0, 1, 2],
    }
    found = read(hub, "qqp", rows, rows)
    assert found.train["label"][:] == ["1", "0"] and len(found.notes) == 2


def test_snli_rows_of_no_label_are_dropped_and_counted(hub):
    found = read(hub, "snli", nli([0, -1, 1, 2, -1]), nli([2, -1]))
    assert found.train["label"][:] == NLI and found.dev["label"][:] == ["contradiction"]
    assert found.train["sentence1"][:] == ["A premise 0", "A premise 2", "A premise 3"]
    assert found.notes == (
        "snli: 2 train rows without a label are dropped",
        "snli: 1 dev rows without a label are dropped",
    )


def test_anli_plus_joins_five_parts(hub):
    source, lay = hub
    training = registry.training("anli+")
    for part in training.parts:
        labels = [0, 1, 2, -1] if part.name == "snli" else [0, 1, 2, 1]
        lay(part, train=nli(labels, part.name), dev=nli(labels[:2], part.name))
    rows = training_rows(source, training)
    words = [text.split()[0] for text in rows.train["sentence1"]]
    assert words == [name for part in training.parts for name in [part.name] * 4][:-1]
    assert rows.train["label"][:] == [*[*NLI, "neutral"] * 4, *NLI]
    assert len(rows.dev) == 10
    assert rows.notes == ("anli+, snli: 1 train rows without a label are dropped",)


def test_squad_v2_keeps_questions_without_an_answer(hub):
    kind = pa.struct([("text", pa.list_(pa.string())), ("answer_start", pa.list_(pa.int32()))])
    answers = [{"text": ["hill"], "answer_start": [4]}, {"text": [], "answer_start": []}]
    rows = {
        "id": ["a", "b"],
        "title": ["t", "t"],
        "context": ["One hill.", "No hill."],
        "question": ["What?", "What else?"],
        "answers": pa.array(answers, kind),
    }
    found = read(hub, "squad_v2", rows, rows)
    assert found.train["answers"][:] == [["hill"], []] and found.train["starts"][:] == [[4], []]


def test_a_schema_that_has_moved_is_said(hub):
    rows = {"ctx": ["a"], "label": ["0"]}
    with pytest.raises(HarnessError, match=r"Rowan/hellaswag@.*no column 'endings'"):
        read(hub, "hellaswag", rows, rows)
    bad = {"question": ["a"], "choices": [["x"]], "answerKey": ["A"]}
    with pytest.raises(HarnessError, match="column 'choices' has no 'text' in every row"):
        read(hub, "commonsenseqa", bad, bad)


def test_options_that_are_too_few_are_said(hub):
    """Three endings where four are expected must not shift the rows that follow."""
    rows = {
        "ctx": ["a. he", "b. she"],
        "endings": [["1", "2", "3", "4"], ["1", "2", "3"]],
        "label": ["0", "1"],
    }
    with pytest.raises(HarnessError, match=r"(?i)hellaswag"):
        read(hub, "hellaswag", rows, rows)
