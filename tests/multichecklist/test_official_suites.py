"""The official suites: answers and cases follow from the templates, whatever the language."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.checklist_made import changed, official, table

from harness.errors import HarnessError
from harness.multichecklist import official_suites
from harness.multichecklist.generate import Suite, generate
from harness.multichecklist.official_suites import joined, read_suite
from harness.multichecklist.templates import Templates, read_templates

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def templates(write: Write) -> Templates:
    return read_templates(write("t.tsv", table()))


def refound(suite: Suite, templates: Templates, folder: Path) -> None:
    """Hold that a suite without answers and cases is read with the same ones."""
    official(suite.examples, folder, suite.language)
    read = read_suite(folder, suite.language, templates)
    assert [one.answer for one in read.examples] == [one.answer for one in suite.examples]
    assert [(c.test, len(c.examples)) for c in read.cases] == [
        (c.test, len(c.examples)) for c in suite.cases
    ]
    assert [one.id for one in read.examples] == [str(i) for i in range(len(suite.examples))]


@pytest.mark.parametrize("language", ["en", "de", "tr", "th"])
def test_answers_and_cases_are_found_again(
    language: str, templates: Templates, tmp_path: Path
) -> None:
    refound(generate(templates, language, 8, 25), templates, tmp_path)


def test_a_question_with_two_answers_is_the_first_templates_first(
    write: Write, tmp_path: Path
) -> None:
    """Turkish comparisons ask both questions in the same words."""
    both = changed(7, {6: "Kim {adj[0]} yüzer?"})
    read = read_templates(write("t.tsv", both))
    suite = generate(read, "tr", 8, 12)
    first, second = suite.cases[0].examples
    assert first.question == second.question and first.answer != second.answer
    refound(suite, read, tmp_path)


def test_a_name_does_not_take_what_stands_beside_it(write: Write, tmp_path: Path) -> None:
    """ "Ana very keen" fits both templates; the shorter name counts."""
    text = "Field\ten\n" + "\n".join(
        [
            "Name\tDegrees",
            "Context\t{first_name} is keen. {first_name1} is {very} keen.",
            "Context\t{first_name} {very} keen. {first_name1} is keen.",
            "Context\t{first_name} keen. {first_name1} is keen.",
            "Question\tWho first?",
            "Answer\t{first_name}",
            "very\tis really",
            "very\tis quite",
        ]
    )
    read = read_templates(write("t.tsv", text))
    refound(generate(read, "en", 3, 10), read, tmp_path)


def test_the_real_templates(real_data: Path, tmp_path: Path) -> None:
    read = read_templates(real_data / "multichecklist" / "checklist_templates.tsv")
    for language in read.languages:
        refound(generate(read, language, 7, 2), read, tmp_path)


def test_bad_suites_are_told_in_a_line(
    templates: Templates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = generate(templates, "en", 8, 2)
    path = official(suite.examples, tmp_path, "en")
    good = json.loads(path.read_text())

    def refused(value: object, said: str) -> None:
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        with pytest.raises(HarnessError) as caught:
            read_suite(tmp_path, "en", templates)
        message = str(caught.value)
        assert message.startswith(str(path)) and said in message and "\n" not in message

    refused("{", "the file is cut off")
    refused({"data": []}, "holds no questions")
    refused({"data": [{"paragraphs": 3}]}, "not in SQuAD's layout")
    refused({"data": good["data"] + good["data"][:1]}, "the id 0 stands twice")
    size = len(suite.cases[0].examples)
    refused({"data": good["data"][: size + 1]}, f"with question {size} has 1 of {size} questions")
    refused({"data": good["data"][1:]}, f"with question 1 has {size - 1} of {size} questions")
    mixed = [one for i in range(size) for one in good["data"][i : 2 * size : size]]
    refused({"data": mixed + good["data"][2 * size :]}, "or its questions are not in their order")
    good["data"][1]["paragraphs"][0]["qas"][0]["question"] = "What else is new?"
    refused(good, "question 1 ('What else is new?') fits no template of en")
    good["data"][0]["paragraphs"][0]["context"] = "A" * 2001
    refused(good, "question 0: over 2,000 characters")
    monkeypatch.setattr(official_suites, "LARGEST", 10)
    refused(good, "larger than")
    path.unlink()
    with pytest.raises(HarnessError, match="no such file"):
        read_suite(tmp_path, "en", templates)


FACTS = st.dictionaries(
    st.sampled_from("abc"), st.frozensets(st.sampled_from("xyz"), min_size=1), max_size=3
)


@given(FACTS, FACTS)
def test_facts_join_or_contradict(
    one: dict[str, frozenset[str]], other: dict[str, frozenset[str]]
) -> None:
    both = joined(one, other)
    assert both == joined(other, one)
    agree = all(one[key] & other[key] for key in one.keys() & other.keys())
    assert (both is not None) == agree
    if both is not None:
        assert both.keys() == one.keys() | other.keys()
        assert all(both[key] <= facts[key] for facts in (one, other) for key in facts)
