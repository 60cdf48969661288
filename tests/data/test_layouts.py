"""Reading XTREME's layouts: line ends, quoting, what is malformed, and round trips."""

import csv
import io
import json
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.data import files
from harness.data.layouts import Bitext, Choices, Pairs, Sentences, Squad, Tags, is_labelled
from harness.data.layouts.sides import id_pairs
from harness.errors import HarnessError
from harness.formats import (
    BitextMining,
    SentencePair,
    SentenceRetrieval,
    SpanExtraction,
    TokenTagging,
)

NLI = ("contradiction", "entailment", "neutral")
UPOS = ("NOUN", "VERB", "PUNCT")
NO_ENDS = "".join(map(chr, (0x2028, 0x2029, 0x85, 0xA0, 0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x3000)))
RELAXED = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TEXT = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\t\r\n"), max_size=20
)
WORD = TEXT.map(str.strip).filter(bool)


def squad(*questions, context="Ada wrote the first program."):
    return {"data": [{"paragraphs": [{"context": context, "qas": list(questions)}]}]}


def question(start=0, text="Ada", **more):
    answers = [{"answer_start": start, "text": text}]
    return {"id": "q1", "question": "Who?", "answers": answers} | more


def parsed(layout, path, labels=(), report=None):
    """The columns of a file; the first malformed place raises unless a report takes it."""
    rows = layout.read_file(path, labels, report or files.strict(path))
    for _, what in layout.misplaced(rows):
        (report or files.strict(path))(0, what)
    return rows


def collect(layout, path, labels=()):
    told = []
    rows = parsed(layout, path, labels, lambda line, what: told.append((line, what)))
    return rows, told


def sentences_of(layout, path):
    return layout._sentences(path, files.strict(path))


def pairs_of(path):
    return id_pairs(files.read_lines(path), files.strict(path))


# -- lines ----------------------------------------------------------------------------------------


def test_lines_end_at_lf_or_cr_lf_alone(write):
    text = f"one{NO_ENDS}more\r\ntwo\rstill two\nthree"
    assert files.read_lines(write("a.tsv", text)) == [
        f"one{NO_ENDS}more",
        "two\rstill two",
        "three",
    ]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_last_line_counts_with_or_without_its_end(write, end):
    assert files.read_lines(write("a.tsv", f"one\r\n\r\ntwo{end}")) == ["one", "", "two"]


def test_a_byte_order_mark_is_no_text(write):
    path = write("a.tsv", b"\xef\xbb\xbfone\ttwo\tneutral\n\xef\xbb\xbfb\tc\tneutral\n")
    assert parsed(Pairs(), path, NLI)["sentence1"] == ["one", "\ufeffb"]
    assert files.read_json(write("a.json", b'\xef\xbb\xbf{"a": 1}')) == {"a": 1}


def test_what_is_not_utf8_names_file_line_and_byte(write):
    path = write("a.tsv", b"good\tline\tneutral\nab\xff\tc\tneutral\n")
    with pytest.raises(HarnessError, match=rf"^{path}:2: not UTF-8 at byte 3 of the line"):
        parsed(Pairs(), path, NLI)
    with pytest.raises(HarnessError, match=r"a\.json: not UTF-8 at byte 3"):
        files.read_json(write("a.json", b'{"\xff": 1}'))


def test_a_report_that_collects_reads_on_after_bad_bytes(write):
    path = write("a.tsv", b"ab\xff\tc\tneutral\nd\te\tneutral\nf\tg\n")
    rows, told = collect(Pairs(), path, NLI)
    assert rows["sentence1"] == ["ab\ufffd", "d"]
    assert [line for line, _ in told] == [1, 3]


@pytest.mark.parametrize("name", ["missing.tsv", "."])
def test_no_such_file_is_one_line(tmp_path, name):
    with pytest.raises(HarnessError, match=r"no such file|a folder, no file") as caught:
        files.read_lines(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_file_above_the_bound_is_not_read(write, monkeypatch):
    path = write("a.json", b" " * 10 + b"{}")
    assert files.read_json(path) == {}
    monkeypatch.setattr(files, "MAX_BYTES", 11)
    with pytest.raises(HarnessError, match="larger than"):
        files.read_json(path)
    with pytest.raises(HarnessError, match="larger than"):
        files.read_lines(path)


@RELAXED
@given(
    st.lists(
        st.sampled_from(["\n", "\r", "\r\n", "a", "0", " ", "\t", "\ufeff", *NO_ENDS]), max_size=12
    )
)
def test_scored_lines_are_those_of_a_text_file(tmp_path, pieces):
    """XTREME's scorer opens label and prediction files as text: only CR and LF end lines there."""
    path = tmp_path / "scored.tsv"
    path.write_bytes(("x" + "".join(pieces)).encode())
    with path.open(encoding="utf-8") as stream:
        official = [line.strip() for line in stream]
    assert [line.strip() for line in files.scored_lines(path)] == official


@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n \n\t\n"])
def test_doubled_blank_lines_part_as_one_does(write, gap):
    form = TokenTagging(labels=UPOS)
    path = write("labels.tsv", f"{gap}NOUN\nVERB\n{gap}PUNCT\n{gap}")
    assert form.read(path) == form.read_gold(path) == [["NOUN", "VERB"], ["PUNCT"]]
    rows = parsed(Tags(), write("test-en.tsv", f"{gap}a\nb\n{gap}.\n{gap}"), UPOS)
    assert rows["tokens"] == [["a", "b"], ["."]]


SCORED = {
    "labels": (SentencePair(labels=NLI), ["neutral", "entailment"]),
    "tags": (TokenTagging(labels=UPOS), ["NOUN", "VERB", "", "PUNCT", ""]),
    "lines": (SentenceRetrieval(), ["1", "0"]),
    "ids": (BitextMining(), ["de-1\ten-1", "de-2\ten-2"]),
}


@pytest.mark.parametrize("form", SCORED)
@pytest.mark.parametrize("end", ["\r", "\r\n"])
def test_any_end_of_line_will_do_in_label_and_prediction_files(write, form, end):
    reader, lines = SCORED[form]
    plain = write("lf.tsv", "".join(f"{line}\n" for line in lines))
    other = write("other.tsv", "".join(f"{line}{end}" for line in lines))
    ragged = write("ragged.tsv", end.join(lines))
    for read in (reader.read, reader.read_gold):
        assert read(other) == read(ragged) == read(plain)
    assert len(reader.read(plain)) == 2


@pytest.mark.parametrize("form", [*SCORED, "answers"])
def test_a_byte_order_mark_is_refused_where_the_official_scorer_stumbles(write, form):
    """Read without it, the file would score higher here than on the leaderboard."""
    if form == "answers":
        reader, text = SpanExtraction(), json.dumps(squad(question()))
        assert reader.read_gold(write("p.json", text))
    else:
        reader, text = SCORED[form][0], "".join(f"{line}\n" for line in SCORED[form][1])
        assert reader.read(write("p.tsv", text))
    path = write("marked", b"\xef\xbb\xbf" + text.encode())
    for read in (reader.read, reader.read_gold):
        with pytest.raises(HarnessError, match=r"byte order mark.*without it") as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}:1: ") and "\n" not in str(caught.value)


# -- pairs ----------------------------------------------------------------------------------------


def test_quoting_of_the_csv_writer_is_undone(write):
    rows = [
        ['He said "no" .', "plain", "neutral"],
        ['"quoted whole"', '"', "neutral"],
        ['""', 'ends with "', "neutral"],
        ["it's", 'nul \0 and "quote"', "neutral"],
    ]
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter="\t").writerows(rows)
    path = write("a.tsv", stream.getvalue())
    assert b"\r\n" in path.read_bytes()
    read = parsed(Pairs(), path, NLI)
    assert [list(row) for row in zip(*read.values(), strict=True)] == rows


@pytest.mark.parametrize(
    "text", ['"Yes" and "no"', '"', 'a "b" c', '"open', 'closed"', '"a" "b"', '"""', "''a''", '"\0']
)
def test_literal_quotes_stay(write, text):
    path = write("a.tsv", f"{text}\tb\tneutral\n")
    assert parsed(Pairs(), path, NLI)["sentence1"] == [text]


def test_an_empty_field_may_be_quoted(write):
    path = write("a.tsv", 'a\t""\tneutral\n')
    assert parsed(Pairs(), path, NLI)["sentence2"] == [""]


def test_rows_of_pawsx_without_translation_are_kept(write):
    path = write("a.tsv", "NS\tNS\t0\r\nein Satz\tNS\t0\r\n")
    rows = parsed(Pairs(), path, ("0", "1"))
    assert rows == {"sentence1": ["NS", "ein Satz"], "sentence2": ["NS", "NS"], "label": ["0"] * 2}


def test_pairs_without_labels(write):
    assert parsed(Pairs(), write("a.tsv", "a\tb\nc\td\n"), NLI)["label"] == [None, None]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a\tb\tneutral\nc\td\n", 2, "2 columns, expected 3"),
        ("a\tb\nc\td\tneutral\n", 2, "3 columns, expected 2"),
        ("a\tb\tneutral\n\nc\td\tneutral\n", 2, "1 columns, expected 3"),
        ("a\tb\tc\tneutral\n", 1, "4 columns, expected 2 or 3"),
        ("a\tb\tNeutral\n", 1, "label 'Neutral' is none of contradiction, entailment, neutral"),
        ("a\tb\tneutral\nc\td\t\n", 2, "label '' is none of"),
    ],
)
def test_malformed_pairs_name_file_and_line(write, text, line, what):
    path = write("a.tsv", text)
    with pytest.raises(HarnessError) as caught:
        parsed(Pairs(), path, NLI)
    assert str(caught.value).startswith(f"{path}:{line}: {what}")


def test_a_ragged_first_line_does_not_make_the_others_ragged(write):
    path = write("a.tsv", "a\tb\tc\tneutral\nd\te\tneutral\nf\tg\tneutral\n")
    rows, told = collect(Pairs(), path, NLI)
    assert [line for line, _ in told] == [1]
    assert rows["sentence1"] == ["d", "f"]


# -- tags -----------------------------------------------------------------------------------------


def test_tags_with_and_without_labels(write):
    path = write("a.tsv", "\r\nA\tNOUN\r\nb\tVERB\r\n\r\n\r\nc\tNOUN\r\n")
    assert parsed(Tags(), path, UPOS) == {
        "tokens": [["A", "b"], ["c"]],
        "tags": [["NOUN", "VERB"], ["NOUN"]],
    }
    assert parsed(Tags(), write("b.tsv", "A\nb\n\nc\n"), UPOS)["tags"] == [None, None]


@pytest.mark.parametrize("odd", ["\x85", "\xa0", "\u2028", "\u200b", "\u200d", "\x07", "\u3000"])
def test_an_odd_token_alone_is_a_token(write, odd):
    labelled = parsed(Tags(), write("a.tsv", f"a\tNOUN\n{odd}\tPUNCT\nb\tNOUN\n"), UPOS)
    bare = parsed(Tags(), write("b.tsv", f"a\n{odd}\nb\n"), UPOS)
    assert labelled["tokens"] == bare["tokens"] == [["a", odd, "b"]]


@pytest.mark.parametrize("blank", ["", " ", "\t"])
def test_blank_lines_end_a_sentence(write, blank):
    assert parsed(Tags(), write("a.tsv", f"a\n{blank}\nb\n"), UPOS)["tokens"] == [["a"], ["b"]]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a\tNOUN\nb\n", 2, "some tokens of this sentence have a tag"),
        ("a\nb\tNOUN\n", 2, "some tokens of this sentence have a tag"),
        ("x\tNOUN\n\na\tNOUN\tmore\n", 3, "more than two columns"),
        ("a\tNoun\n", 1, "tag 'Noun' is none of NOUN, VERB, PUNCT"),
    ],
)
def test_malformed_tags_name_file_and_line(write, text, line, what):
    path = write("a.tsv", text)
    with pytest.raises(HarnessError) as caught:
        parsed(Tags(), path, UPOS)
    assert str(caught.value).startswith(f"{path}:{line}: {what}")


@pytest.mark.parametrize("gap", [" ", "   ", " \t", "\t ", " \t  ", "\u3000", "\u00a0"])
@pytest.mark.parametrize("tail", ["", " ", "   "])
def test_columns_parted_by_spaces_are_two(write, gap, tail):
    """XTREME's preparation splits on white space: the tag never reaches the model's input."""
    path = write("a.tsv", f"Ada{gap}NOUN{tail}\nran{gap}VERB{tail}\n\nBonn{gap}NOUN{tail}\n")
    assert parsed(Tags(), path, UPOS) == {
        "tokens": [["Ada", "ran"], ["Bonn"]],
        "tags": [["NOUN", "VERB"], ["NOUN"]],
    }


def test_lines_with_tabs_and_with_spaces_may_stand_together(write):
    path = write("a.tsv", "Ada\tNOUN\nran VERB\n\nNew York\tNOUN\nis VERB\n")
    assert parsed(Tags(), path, UPOS)["tokens"] == [["Ada", "ran"], ["New York", "is"]]
    assert parsed(Tags(), path, UPOS)["tags"] == [["NOUN", "VERB"]] * 2


@pytest.mark.parametrize(
    "token", ["1 000", "1\u00a0000", "Việt Nam", "NOUN phrase", "a  b", "NOUN"]
)
def test_spaces_within_a_token_stay(write, token):
    bare = write("a.tsv", f"x\n{token}\ny\n")
    assert parsed(Tags(), bare, UPOS) == {"tokens": [["x", token, "y"]], "tags": [None]}
    tabs = write("b.tsv", f"x\tVERB\n{token}\tNOUN\n")
    assert parsed(Tags(), tabs, UPOS)["tokens"] == [["x", token]]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("Ada PROPN NOUN\nran PROPN VERB\n", 1, "more than two columns"),
        ("Ada\tNNP\tnp\tNOUN\n", 1, "more than two columns"),
        ("Ada NOUN\nran\n", 2, "some tokens of this sentence have a tag"),
        ("x\nrole NOUN\ny\n", 2, "some tokens of this sentence have a tag"),
        ("x\n\nAda NOUN\nran VERB\n", 3, "ends in a tag after a space, but other sentences"),
        ("x\ny\n\nrole NOUN\n", 4, "ends in a tag after a space, but other sentences"),
    ],
)
def test_a_tag_after_a_space_is_never_left_in_a_token(write, text, line, what):
    path = write("a.tsv", text)
    with pytest.raises(HarnessError) as caught:
        parsed(Tags(), path, UPOS)
    assert str(caught.value).startswith(f"{path}:{line}: {what}")


def test_a_tab_after_it_says_that_a_line_is_all_token(write):
    path = write("a.tsv", "x\nrole NOUN\t\ny\n")
    assert parsed(Tags(), path, UPOS) == {"tokens": [["x", "role NOUN", "y"]], "tags": [None]}


@pytest.mark.parametrize("start", ["-DOCSTART-", "-DOCSTART-\tNOUN", "-DOCSTART-\t-X-\t-X-\tO"])
@pytest.mark.parametrize("blank", ["", "\n"])
def test_the_start_of_a_document_ends_a_sentence_and_is_none(write, start, blank):
    text = f"{start}\n{blank}Ada\tNOUN\n{start}\n{blank}ran\tVERB\n{start.replace(chr(9), ' ')}\n"
    assert parsed(Tags(), write("a.tsv", text), UPOS) == {
        "tokens": [["Ada"], ["ran"]],
        "tags": [["NOUN"], ["VERB"]],
    }
    bare = write("b.tsv", f"-DOCSTART-\n{blank}Ada\nran\n\n-DOCSTART- (1)\n{blank}x\n")
    assert parsed(Tags(), bare, UPOS)["tokens"] == [["Ada", "ran"], ["x"]]
    assert parsed(Tags(), bare, ())["tokens"] == [["Ada", "ran"], ["x"]]


@pytest.mark.parametrize("language", ["en", "de", "zh"])
@pytest.mark.parametrize("gap", ["\t", " "])
def test_the_prefixes_of_wikiann_are_told(write, language, gap):
    lines = [f"{language}:{word}{gap}NOUN" for word in ("Ada", "Bonn", ":", "x")]
    path = write(f"test-{language}.tsv", "\n" + "\n".join(lines) + "\n\nplain\tVERB\n")
    with pytest.raises(HarnessError) as caught:
        parsed(Tags(), path, UPOS)
    said = str(caught.value)
    assert said.startswith(f"{path}:2: 4 of 5 tokens begin with '{language}:'")
    assert "take the prefix off" in said and "\n" not in said
    bare = write(f"dev-{language}.tsv", f"{language}:Ada\n{language}:ran\n")
    rows, told = collect(Tags(), bare, UPOS)
    assert [line for line, _ in told] == [1] and rows["tokens"] == [bare.read_text().split()]


@pytest.mark.parametrize(
    "text",
    [
        "note:this\nre:that\nwww:x\n",  # colons of the text's own
        "en:route\nx\n",  # half of them are no layout
        "de:Ada\nde:ran\n",  # nor is a prefix that is not the file's language
        "en\n:\n",
        "",
    ],
)
def test_a_colon_is_no_prefix(write, text):
    rows, told = collect(Tags(), write("test-en.tsv", text), UPOS)
    assert not told and rows["tokens"] == ([text.split()] if text else [])


def test_tags_of_other_schemes(write):
    """IOB1 needs no B-; BIOES and the tag of no part of speech are none of the set."""
    panx = ("B-LOC", "B-PER", "I-LOC", "I-PER", "O")
    assert parsed(Tags(), write("a.tsv", "Ada\tI-PER\nLee\tI-PER\n"), panx)["tags"]
    for text, known in (("Ada\tI-PER\nLee\tE-PER\n", panx), ("x\tO\nBonn\tS-LOC\n", panx)):
        with pytest.raises(HarnessError, match=r"b\.tsv:2: tag '.-...' is none of B-LOC"):
            parsed(Tags(), write("b.tsv", text), known)
    with pytest.raises(HarnessError, match=r"c\.tsv:2: tag '_' is none of NOUN"):
        parsed(Tags(), write("c.tsv", "a\tNOUN\nb\t_\n"), UPOS)


# -- SQuAD ----------------------------------------------------------------------------------------


def test_squad_offsets_are_code_points(write):
    context = "😀 北京 is a city"
    path = write("a.json", json.dumps(squad(question(2, "北京"), context=context)))
    rows = parsed(Squad(), path)
    assert rows["starts"] == [[2]] and rows["answers"] == [["北京"]]
    assert rows["context"] == [context]


@pytest.mark.parametrize("start", [0, 5, 10**6, -1])
def test_empty_answers_are_kept_and_say_nothing(write, start):
    """The scorer counts them; nothing is learnt from them, wherever they say they are."""
    empty = question(start, "")
    none = {"id": 7, "question": "Who?"}
    rows = parsed(Squad(), write("a.json", json.dumps(squad(empty, none))))
    assert rows["answers"] == [[""], []] and rows["starts"] == [[start], []]
    assert rows["id"] == ["q1", "7"]
    assert not any(map(is_labelled, rows["answers"]))
    assert is_labelled(["", "Ada"]) and is_labelled("0")
    assert not is_labelled([" \n"]) and not is_labelled(None)


def test_squads_articles_may_stand_alone(write):
    """XTREME's scorer takes a file that is the list of articles."""
    whole = squad(question(), question(4, "wrote", id="q2"))
    read = parsed(Squad(), write("a.json", json.dumps(whole)))
    assert parsed(Squad(), write("b.json", json.dumps(whole["data"]))) == read
    assert read["id"] == ["q1", "q2"]


@pytest.mark.parametrize("start", [1, -28, 100])
def test_an_answer_elsewhere_is_reported_not_moved(write, start):
    path = write("a.json", json.dumps(squad(question(start), question(0, id="q2"))))
    with pytest.raises(
        HarnessError, match=f"question q1: answer 'Ada' is not at character {start}"
    ):
        parsed(Squad(), path)
    rows, told = collect(Squad(), path)
    assert rows["starts"] == [[start], [0]] and len(told) == 1


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        {"data": 1},
        {"data": [1]},
        {"data": "text"},
        {"data": [{"paragraphs": [{"qas": [question()]}]}]},
        {"data": [{"paragraphs": [{"context": "c"}]}]},
        squad("text"),
        squad({"question": "no id?", "answers": []}),
        squad({"id": "q", "question": "?", "answers": None}),
        squad({"id": "q", "question": "?", "answers": [{"text": "no start"}]}),
        squad(question(float("inf"))),
        squad(question("first")),
        squad(question(text=["Ada"])),
        squad(question(text=5)),
        squad(question(id=["q1"])),
        squad(question(id=True)),
        squad(question(question=None)),
        squad(question(), context=["Ada"]),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_what_is_not_squads_layout_is_one_line(write, value):
    path = write("a.json", json.dumps(value))
    with pytest.raises(HarnessError, match=r"SQuAD") as caught:
        parsed(Squad(), path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_json_cut_anywhere_says_so_and_where(write):
    whole = json.dumps(squad(question(), context="Ada – naïve 北"), indent=1)
    assert "\\u" in whole and "null" not in whole
    whole = whole.replace('"Who?"', "null")
    for end in range(len(whole)):
        path = write("a.json", whole[:end])
        with pytest.raises(HarnessError, match=r"cut off") as caught:
            files.read_json(path)
        line = int(str(caught.value).removeprefix(f"{path}:").split(":")[0])
        assert 1 <= line <= whole[:end].count("\n") + 1


@pytest.mark.parametrize("text", ['{"a": nope}', "<html></html>", '{"a": "\\uzzzz"}', "{'a': 1}"])
def test_json_that_is_wrong_is_not_called_cut_off(write, text):
    path = write("a.json", "\n" + text)
    with pytest.raises(HarnessError, match=rf"^{path}:2: no valid JSON at column \d+") as caught:
        files.read_json(path)
    assert "cut off" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[" * 200_000, "nested too deeply"),
        ('{"data": ' + "9" * 5000 + "}", "no valid JSON"),
        (r'{"data": "\ud800"}', "half a character"),
    ],
)
def test_hostile_json_is_one_line(write, text, what):
    path = write("a.json", text)
    with pytest.raises(HarnessError, match=what) as caught:
        files.read_json(path)
    assert str(path) in str(caught.value) and len(str(caught.value)) < 400


def test_whole_surrogate_pairs_are_characters(write):
    assert files.read_json(write("a.json", r'["\ud83d\ude00", "\\ud800"]')) == ["😀", "\\ud800"]


# -- sentences ------------------------------------------------------------------------------------


def test_sentences_with_and_without_ids(write):
    path = write("a.de", "de-1\tEin Satz \r\nde-2\tmit\tTab\r\n")
    assert sentences_of(Bitext(), path) == (["de-1", "de-2"], ["Ein Satz", "mit\tTab"])
    path = write("b.de", f"Ein{NO_ENDS}Satz\n\nzwei\n")
    names, texts = sentences_of(Sentences(), path)
    assert names == ["0", "1", "2"] and texts == [f"Ein{NO_ENDS}Satz", "", "zwei"]


def test_malformed_sentences_and_ids_name_the_line(write):
    path = write("a.de", "de-1\tgood\nno tab\n")
    with pytest.raises(HarnessError, match=rf"{path}:2: no tab"):
        sentences_of(Bitext(), path)
    path = write("a.gold", "de-1\ten-1\nde-2\ten-2\ten-3\n")
    with pytest.raises(HarnessError, match=rf"{path}:2: 3 columns, expected two ids"):
        pairs_of(path)


def test_empty_files_have_no_rows(write):
    path = write("empty", b"")
    assert parsed(Pairs(), path, NLI)["label"] == []
    assert parsed(Tags(), path, UPOS) == {"tokens": [], "tags": []}
    assert sentences_of(Bitext(), path) == ([], [])
    assert pairs_of(path) == []
    with pytest.raises(HarnessError, match="cut off"):
        parsed(Squad(), path)


# -- there and back -------------------------------------------------------------------------------


@RELAXED
@given(st.lists(st.tuples(TEXT, TEXT, st.sampled_from(NLI)), min_size=1))
def test_pairs_by_the_csv_writer_come_back(tmp_path, rows):
    path = tmp_path / "pairs.tsv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, delimiter="\t").writerows(rows)
    read = parsed(Pairs(), path, NLI)
    assert list(zip(*read.values(), strict=True)) == rows
    assert Pairs().to_dataset(read)["label"] == read["label"]


@RELAXED
@given(
    st.lists(st.lists(st.tuples(WORD, st.sampled_from(UPOS)), min_size=1), min_size=1),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_tagged_sentences_come_back(tmp_path, sentences, labelled, end):
    path = tmp_path / "tags.tsv"
    lines = [line for s in sentences for line in [*("\t".join(p[: 1 + labelled]) for p in s), ""]]
    path.write_bytes("".join(line + end for line in lines).encode())
    if path.read_bytes().startswith(b"\xef\xbb\xbf"):
        return  # a mark at the start of a file is no text
    read = parsed(Tags(), path, UPOS)
    assert read["tokens"] == [[word for word, _ in s] for s in sentences]
    assert read["tags"] == [[tag for _, tag in s] if labelled else None for s in sentences]


@RELAXED
@given(st.lists(WORD, min_size=1))
def test_sentences_come_back(tmp_path, texts):
    path = tmp_path / "a.de"
    path.write_bytes("".join(f"de-{i}\t{text}\r\n" for i, text in enumerate(texts)).encode())
    assert sentences_of(Bitext(), path)[1] == texts


@RELAXED
@given(st.lists(st.lists(st.sampled_from(UPOS), min_size=1)))
def test_predicted_tags_come_back(tmp_path, tags):
    form = TokenTagging(labels=UPOS)
    form.write(tags, tmp_path / "p.tsv")
    assert form.read(tmp_path / "p.tsv") == tags


@RELAXED
@given(
    st.lists(st.sampled_from(NLI)),
    st.lists(st.integers(0, 10**6)),
    st.lists(st.tuples(*[st.text(string.ascii_letters + string.digits + "-", min_size=1)] * 2)),
)
def test_other_predictions_come_back(tmp_path, labels, numbers, pairs):
    for form, value in (
        (SentencePair(labels=NLI), labels),
        (SentenceRetrieval(), [str(number) for number in numbers]),
        (BitextMining(), pairs),
    ):
        form.write(value, tmp_path / "deep" / "p.tsv")
        assert form.read(tmp_path / "deep" / "p.tsv") == value
        assert b"\r" not in (tmp_path / "deep" / "p.tsv").read_bytes()


def test_files_that_xtreme_does_not_have_need_declared_columns(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_text("a\tb\n")
    with pytest.raises(HarnessError, match=r"train\.tsv: .* declare columns in the Folder"):
        Choices().read([path], ("0", "1"), files.strict)


@pytest.mark.parametrize("layout", [Bitext(), Choices(), Pairs(), Sentences(), Squad(), Tags()])
def test_a_dataset_is_what_the_library_makes_of_the_columns(layout):
    """``Dataset.from_dict`` looks at each value and takes ten times as long."""
    from datasets import Dataset

    values = {
        "string": ["", None, "ಕ", "a"],
        "list<string>": [[], None, ["x", ""], ["y"]],
        "list<int64>": [[], None, [0, 1], [-2]],
    }
    columns = {name: values[kind] for name, kind in reversed(layout.columns.items())}
    made = layout.to_dataset(columns)
    other = Dataset.from_dict({n: columns[n] for n in layout.columns}, features=made.features)
    assert list(made.features) == list(layout.columns)
    assert made.data.table.equals(other.data.table, check_metadata=True)
    empty = layout.to_dataset({name: [] for name in columns})
    assert len(empty) == 0 and empty.features == made.features
