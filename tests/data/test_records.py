"""Data sets in files of their own: JSON lines, CSV, TSV; every fault names its file and line."""

import csv
import io
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import registry
from harness.data.check import check_training
from harness.data.files import strict
from harness.data.folder import FolderSource, read_columns
from harness.data.layouts import Choices, Pairs
from harness.data.records import laid_out, picked, read_records
from harness.declarations import Folder
from harness.errors import HarnessError

PAIR = Folder(files={}, columns={"sentence1": "a", "sentence2": "b", "label": "label"})
CHOICE = Folder(files={}, columns={"context": "ctx", "choices": "endings", "label": "label"})
FOUR = {"ctx": "Look.", "endings": ["a", "b", "c", "d"], "label": 1}


def pairs(path):
    return read_records(path, Pairs(), PAIR, ("0", "1"), strict(path))


def choices(path):
    return read_records(path, Choices(), CHOICE, ("0", "1", "2", "3"), strict(path))


def refusal(read, path):
    with pytest.raises(HarnessError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# -- faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"a": "x", "b": "y", "label": 0', "no valid JSON"),
        ("[" * 100_000, "no valid JSON"),
        ('["x", "y", 0]', "not a JSON object"),
        ("null", "not a JSON object"),
        ('{"a": "x", "label": 0}', "no column 'b'; the row has a, label"),
        ('{"a": 7, "b": "y", "label": 0}', "sentence1 is not text but 7"),
        ('{"a": null, "b": "y", "label": 0}', "sentence1 is not text but None"),
        ('{"a": ["x"], "b": "y", "label": 0}', "sentence1 is not text but"),
    ],
)
def test_a_bad_line_of_json_is_named(line, said, write):
    good = json.dumps({"a": "x", "b": "y", "label": 0})
    path = write("rows.jsonl", f"{good}\n\n{line}\n{good}\n")
    text = refusal(pairs, path)
    assert text.startswith(f"{path}:3: ") and said in text


@pytest.mark.parametrize(
    ("label", "kept"), [("-", None), ("", None), (-1, None), (None, None), (1, "1")]
)
def test_no_label_is_no_fault(label, kept, write):
    path = write("rows.jsonl", json.dumps({"a": "x", "b": "y", "label": label}) + "\n")
    assert pairs(path)["label"] == [kept]


@pytest.mark.parametrize("label", ["entailmnt", 2, "O", True, " 1"])
def test_another_label_is_a_fault(label, write):
    """A misspelt class would drop out without a word otherwise."""
    path = write("rows.jsonl", json.dumps({"a": "x", "b": "y", "label": label}) + "\n")
    assert refusal(pairs, path) == f"{path}:1: label {label!r} is none of 0, 1"


def test_a_row_of_csv_with_columns_missing_is_named(write):
    path = write("rows.csv", "a,b,label\nx,y,0\nx,y\n")
    assert refusal(pairs, path) == f"{path}:3: 2 columns, the header has 3"


@pytest.mark.parametrize("label", [[0], {"is": 0}])
def test_a_label_of_no_plain_value_is_named(label, write):
    path = write("rows.jsonl", json.dumps({"a": "x", "b": "y", "label": label}) + "\n")
    with suppress(HarnessError):  # either the line is named or the row is unlabelled
        assert pairs(path)["label"] == [None]


@pytest.mark.parametrize("label", [[0], {"is": 0}, "zero", 9])
def test_a_look_through_the_files_goes_on_after_a_bad_label(label, tmp_path):
    for split in ("train", "val"):
        path = tmp_path / f"intermediate/hellaswag/hellaswag_{split}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(json.dumps(FOUR | {"label": one}) for one in (label, 1)))
    for finding in check_training(
        FolderSource(tmp_path / "xtreme"), registry.training("hellaswag")
    ):
        (problem,) = finding.problems
        assert ".jsonl:1: " in problem and finding.rows == 2 and finding.labelled


@pytest.mark.parametrize("line", ["not JSON", "[1, 2]", '{"ctx": "\\ud800"}'])
def test_a_line_that_is_no_object_is_one_problem(line, tmp_path):
    path = tmp_path / "intermediate/hellaswag/hellaswag_train.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(f"{line}\n{json.dumps(FOUR | {'label': 1})}\n")
    first, _ = check_training(FolderSource(tmp_path / "xtreme"), registry.training("hellaswag"))
    (problem,) = first.problems
    assert ".jsonl:1: " in problem and first.rows == 1


def test_the_first_bad_row_is_named_whatever_is_bad_in_it(tmp_path):
    rows = [FOUR | {"ctx": 3, "label": 1}, FOUR | {"label": "seven"}]
    path = tmp_path / "train.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    training = registry.training("hellaswag")
    with pytest.raises(HarnessError, match=r"train\.jsonl:1: context is not text but 3"):
        read_columns(training, [path])


@pytest.mark.parametrize(
    ("endings", "said"),
    [
        (["a", "b", "c"], "expected 4 options of text, found 3"),
        (["a", "b", "c", "d", "e"], "expected 4 options of text, found 5"),
        ([], "expected 4 options of text, found 0"),
        ("abcd", "expected 4 options of text, found 'abcd'"),
        (["a", "b", "c", 4], "expected 4 options of text"),
        (None, "expected 4 options of text, found None"),
    ],
)
def test_options_that_are_too_many_or_too_few(endings, said, write):
    lines = [json.dumps(row) for row in (FOUR, FOUR | {"endings": endings})]
    path = write("rows.jsonl", "\n".join(lines))
    text = refusal(choices, path)
    assert text.startswith(f"{path}:2: ") and said in text


def test_a_table_without_a_column_or_with_bad_quotes_is_named(write):
    path = write("rows.csv", "a,c,label\nx,y,0\n")
    assert refusal(pairs, path).startswith(f"{path}:2: no column 'b'; the row has a, c, label")
    path = write("rows.tsv", "a\tc\tlabel\nx\ty\t0\n")
    assert refusal(pairs, path).startswith(f"{path}:2: no column 'b'; the row has a, c, label")
    path = write("quotes.csv", 'a,b,label\nx,y,0\nx,"y"z,1\n')
    assert refusal(pairs, path).startswith(f"{path}:3: no valid CSV")
    path = write("open.csv", 'a,b,label\nx,"y,0\n')
    text = refusal(pairs, path)
    assert text.startswith((f"{path}:2", f"{path}:3"))
    assert "no valid CSV" in text


@pytest.mark.parametrize("name", ["rows.parquet", "rows.txt", "rows.json"])
def test_a_file_of_another_kind_is_refused(name, write):
    assert "expected a .jsonl, .csv or .tsv file" in refusal(pairs, write(name, "a\n"))


def test_what_is_no_text_or_not_there_is_refused(write, tmp_path):
    assert "rows.jsonl" in refusal(pairs, write("rows.jsonl", b"\n\xff\n"))
    assert "absent.jsonl" in refusal(pairs, tmp_path / "absent.jsonl")


@pytest.mark.parametrize("half", ["\\ud800", "\\uDFFF", "x\\ud83d"])
def test_half_a_character_is_named_by_its_line(half, write):
    """Arrow, which keeps the rows, cannot hold one."""
    line = json.dumps({"a": "x", "b": "y", "label": "1"})
    path = write("rows.jsonl", f"{line}\n{line.replace('y', half)}\n")
    assert f"{path}:2: holds half a character" in refusal(pairs, path)
    assert pairs(write("rows.jsonl", line.replace("y", "\\ud83d\\ude00")))["sentence2"] == ["😀"]


def test_the_sets_themselves_name_file_and_line(tmp_path):
    """Through FolderSource, for one set of each kind of file."""
    source = FolderSource(tmp_path / "xtreme")
    for name, file, text in (
        ("hellaswag", "hellaswag/hellaswag_train.jsonl", json.dumps(FOUR) + "\n{\n"),
        ("cosmosqa", "cosmosqa/train.csv", "context,question,answer0,label\nc,q,a,0\n"),
        ("qqp", "qqp/train.tsv", "question1\tis_duplicate\nq\t0\n"),
    ):
        path = tmp_path / "intermediate" / file
        path.parent.mkdir(parents=True)
        path.write_text(text)
        text = refusal(lambda _, n=name: source.examples(registry.training(n), "train", "en"), path)
        assert text.startswith(f"{path}:2: "), text


# -- what is read ----------------------------------------------------------------------------------


def test_short_rows_of_a_table_are_unlabelled_not_lost(write):
    """QQP has a few; they drop out later, counted."""
    path = write("rows.tsv", "a\tb\tlabel\nx\ty\t0\nhalf a\tline\n\nx\ty\t1\n")
    found = pairs(path)
    assert found["label"] == ["0", None, "1"]


def test_quotes_in_a_tsv_are_text_and_in_a_csv_are_undone(write):
    path = write("rows.tsv", 'a\tb\tlabel\n"Ha\tsaid "he"\t0\n')
    assert pairs(path)["sentence1"] == ['"Ha'] and pairs(path)["sentence2"] == ['said "he"']
    path = write("rows.csv", 'a,b,label\n"x, ""y""","two\nlines",1\n')
    assert pairs(path) == {"sentence1": ['x, "y"'], "sentence2": ["two\nlines"], "label": ["1"]}


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=20)


@given(st.lists(st.tuples(TEXT, TEXT, st.sampled_from("01")), min_size=1, max_size=8))
def test_json_lines_and_csv_give_the_same_rows(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("records")
    lines = [json.dumps(dict(zip(("a", "b", "label"), row, strict=True))) for row in rows]
    (folder / "rows.jsonl").write_text("\n".join(lines), "utf-8")
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([("a", "b", "label"), *rows])
    (folder / "rows.csv").write_text(stream.getvalue(), "utf-8")
    found = pairs(folder / "rows.jsonl")
    assert found == pairs(folder / "rows.csv")
    assert list(zip(*(found[k] for k in ("sentence1", "sentence2", "label")), strict=True)) == rows


def test_columns_reach_into_structs_and_lists():
    row = {"question": {"stem": "s", "choices": [{"text": "a"}, {"text": "b"}]}, "x": "1", "y": "2"}
    assert picked(row, "question.stem") == "s"
    assert picked(row, "question.choices.text") == ["a", "b"]
    assert picked(row, ("x", "y")) == ["1", "2"]
    with pytest.raises(KeyError):
        picked(row, "question.nothing")


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("-", None),
        ("", None),
        (None, None),
        (-1, None),
        (0, "a"),
        ("0", "a"),
        ("b", "b"),
        (2, None),
    ],
)
@pytest.mark.parametrize("values", [{0: "a", "0": "a"}, {"0": "a"}])
def test_a_label_that_is_none_of_the_set_is_no_label(values, value, label):
    told = []
    column = {"label": [value]}
    found = laid_out(column, Pairs(), values, ("a", "b"), lambda *said: told.append(said))
    assert found["label"] == [label] and len(told) == (value == 2)
