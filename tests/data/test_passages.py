"""Training pairs: SQuAD's answers in their sentences, Mewsli-X's mentions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import registry
from harness.data.check import check_training
from harness.data.files import strict
from harness.data.folder import FolderSource
from harness.data.layouts import AnswerSentences, MentionPairs
from harness.data.memory import Memory
from harness.data.mewsli_rows import ACROSS, WHOLE
from harness.data.records import laid_out
from harness.data.source import training_rows
from harness.errors import HarnessError
from harness.pipeline.dataset_facts import DatasetFacts, held_out_of

Write = Callable[[str, str], Path]
CONTEXT = "Anna built a mill.\nShe sold it in 1830. Nobody knows why."


def asked(name: str, answer: str, start: int | None = None) -> dict[str, Any]:
    place = CONTEXT.find(answer) if start is None else start
    answers = [{"text": answer, "answer_start": place}, {"text": "Nobody", "answer_start": 40}]
    return {"id": name, "question": f"{name}?", "answers": answers}


def squad(*questions: dict[str, Any], context: str = CONTEXT) -> str:
    paragraphs = [{"context": context, "qas": list(questions)}]
    return json.dumps({"data": [{"paragraphs": paragraphs}]})


def pair(**changes: Any) -> dict[str, Any]:
    text = "The mill {x} is old. Anna built it."
    context = {
        "text": text,
        "sentence_spans": [{"start": 0, "end": 20}, {"start": 21, "end": 35}],
    }
    mention = {"example_id": "m1", "mention_span": {"start": 4, "end": 8, "text": "mill"}}
    entity = {
        "entity_id": "Q1",
        "title": "Mill",
        "description": "A  mill grinds.\nIt turns. More.",
        "sentence_spans": [{"start": 0, "end": 15}, {"start": 16, "end": 25}],
    }
    values = {"context": context, "mention": mention, "entity": entity}
    for path, value in changes.items():
        part, _, key = path.partition("__")
        values[part][key] = value
    return {
        "contextual_mention": {"context": values["context"], "mention": values["mention"]},
        "entity": values["entity"],
    }


# -- SQuAD -----------------------------------------------------------------------------------------


def test_a_passage_is_the_first_answers_sentence_and_its_paragraph_without_a_space(
    write: Write,
) -> None:
    path = write("s.json", squad(asked("where", "1830"), asked("who", "Anna")))
    columns = AnswerSentences().read_file(path, (), strict(path))
    whole = "Anna built a mill.She sold it in 1830. Nobody knows why."  # no line ends
    assert columns == {
        "id": ["where", "who"],
        "query": ["where?", "who?"],
        "passage": ["She sold it in 1830." + whole, "Anna built a mill." + whole],
        "context": [CONTEXT] * 2,
    }


def test_answers_in_no_sentence_are_dropped_and_counted(write: Write, tmp_path: Path) -> None:
    none: dict[str, Any] = {"id": "none", "question": "none?", "answers": []}
    questions = [asked("good", "1830"), asked("space", "", 18), asked("off", "1830", 3), none]
    write("squad/train-v1.1.json", squad(*questions))
    write("squad/dev-v1.1.json", squad(asked("dev", "mill")))
    training = registry.training("squad-passages")
    rows = training_rows(FolderSource(tmp_path), training)
    assert rows.train["id"][:] == ["good"] and len(rows.dev) == 1
    said = "3 train rows whose first answer is not at its offset, or in no sentence, are dropped"
    assert rows.notes == (f"squad-passages: {said}",)


def test_offsets_are_code_points(write: Write) -> None:
    context = "𝔸 𝔹 𝔻. The mill stood. It fell."  # three characters of two UTF-16 units
    start = context.index("mill")
    entry = {"id": "q", "question": "?", "answers": [{"text": "mill", "answer_start": start}]}
    path = write("s.json", squad(entry, context=context))
    passages = AnswerSentences().read_file(path, (), strict(path))["passage"]
    assert passages[0].startswith("The mill stood.𝔸")
    entry["answers"] = [{"text": "mill", "answer_start": start + 3}]
    path = write("u.json", squad(entry, context=context))
    assert AnswerSentences().read_file(path, (), strict(path))["passage"] == [""]


def test_the_hub_has_the_same_pairs(write: Write) -> None:
    path = write("s.json", squad(asked("where", "1830"), asked("off", "1830", 3)))
    layout = AnswerSentences()
    columns: dict[str, list[Any]] = {
        "id": ["where", "off"],
        "context": [CONTEXT] * 2,
        "question": ["where?", "off?"],
        "answers": [["1830", "Nobody"]] * 2,
        "starts": [[CONTEXT.find("1830"), 40], [3, 40]],
    }
    found = laid_out(columns, layout, {}, (), strict(path))
    assert found == layout.read_file(path, (), strict(path))
    assert registry.training("squad-passages").hub == registry.training("squad").hub


def test_paragraphs_of_xquad_are_not_in_dev(small_data: Path) -> None:
    source = FolderSource(small_data / "xtreme")
    context = source.examples(registry.task("xquad"), "test", "en")["context"][0]
    file = small_data / "xtreme/squad/dev-v1.1.json"
    word = context.split()[0]
    entry = {"id": "x", "question": "?", "answers": [{"text": word, "answer_start": 0}]}
    value = json.loads(file.read_text())
    value["data"][0]["paragraphs"].append({"context": context, "qas": [entry]})
    file.write_text(json.dumps(value))
    training = registry.training("squad-passages")
    rows = training_rows(source, training, held_out_of(training))
    assert "x" not in rows.dev["id"][:]
    assert any("contexts of xquad's test set are left out" in note for note in rows.notes)


def test_every_question_of_the_sample_gives_a_pair(real_data: Path) -> None:
    rows = training_rows(FolderSource(real_data / "xtreme"), registry.training("squad-passages"))
    assert (len(rows.train), len(rows.dev), rows.notes) == (3002, 800, ())


# -- Mewsli-X --------------------------------------------------------------------------------------


def test_a_mention_and_its_entitys_description_are_a_pair(write: Write) -> None:
    path = write("p.jsonl", json.dumps(pair()) + "\n\n")
    assert MentionPairs().read_file(path, (), strict(path)) == {
        "id": ["m1"],
        "query": ["mill: The { mill } (x) is old."],
        "passage": ["A mill grinds. It turns."],  # the title is not used
        "context": ["The mill {x} is old. Anna built it."],
    }


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"mention__mention_span": {"start": 4, "end": 8, "text": "mull"}}, "is not at 4 to 8"),
        ({"mention__mention_span": {"start": 4, "end": 80}}, "leaves its text"),
        ({"mention__example_id": 7}, "example_id is not an id on one line"),
        ({"context__sentence_spans": "x"}, "not a list"),
        ({"context__text": 3}, "text is not text"),
        ({"entity__description": " \n"}, "entity Q1 has no description"),
        ({"entity__sentence_spans": [{"start": 0, "end": 99}]}, "leaves its text"),
    ],
)
def test_a_broken_pair_is_told_with_its_line(
    changes: dict[str, Any], fault: str, write: Write
) -> None:
    path = write("p.jsonl", f"{json.dumps(pair())}\n{json.dumps(pair(**changes))}\n")
    with pytest.raises(HarnessError, match=rf"p\.jsonl:2: .*{fault}"):
        MentionPairs().read_file(path, (), strict(path))


@pytest.mark.parametrize(
    "line", ["[1]", "{", '{"entity": {}}', '{"contextual_mention": [], "entity": {}}', '"\\ud800"']
)
def test_a_line_of_another_kind_is_told(line: str, write: Write) -> None:
    path = write("p.jsonl", f"{json.dumps(pair())}\n{line}\n")
    with pytest.raises(HarnessError, match=r"p\.jsonl:2: "):
        MentionPairs().read_file(path, (), strict(path))


def test_pairs_without_sentences_are_as_those_of_the_task_and_counted(
    write: Write, tmp_path: Path
) -> None:
    """A description is taken whole, a mention gets what is around it, whichever way they lack."""
    bare = pair()
    del bare["entity"]["sentence_spans"], bare["contextual_mention"]["context"]["sentence_spans"]
    other = pair(entity__entity_id="Q2", entity__sentence_spans=[])
    across = pair(context__sentence_spans=[{"start": 0, "end": 6}])
    rows = [json.dumps(one) for one in (bare, bare, other, across, pair())]
    path = write("mewslix/wikipedia_pairs-train.jsonl", "\n".join(rows))
    write("mewslix/wikipedia_pairs-dev.jsonl", json.dumps(pair()))
    columns = MentionPairs().read_file(path, (), strict(path))
    whole, two = "A mill grinds. It turns. More.", "A mill grinds. It turns."
    assert columns["passage"] == [whole, whole, whole, two, two]
    around, inside = (
        "mill: The { mill } (x) is old. Anna built it.",
        "mill: The { mill } (x) is old.",
    )
    assert columns["query"] == [around, around, inside, around, inside]
    assert MentionPairs().remarks([path]) == {WHOLE: 2, ACROSS: 3}
    source, training = FolderSource(tmp_path), registry.training("mewslix-pairs")
    told = (f"mewslix-pairs train: 2 {WHOLE}", f"mewslix-pairs train: 3 {ACROSS}")
    assert DatasetFacts(source, Memory()).training(training)[0].notes == told
    train, dev = check_training(source, training)
    assert (train.note, dev.note) == ("; ".join(told), "")
    assert (train.rows, train.problems) == (5, [])


def test_the_samples_pairs_are_read_whole(real_data: Path) -> None:
    rows = training_rows(FolderSource(real_data / "xtreme"), registry.training("mewslix-pairs"))
    assert (len(rows.train), len(rows.dev), rows.notes) == (190, 20, ())
