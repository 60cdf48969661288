"""Cases made from the templates: the rules of variants, and the same bytes from the same seed."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.checklist_made import COMPARISONS, changed, table

from harness.data.files import strict
from harness.data.layouts import Squad
from harness.errors import HarnessError
from harness.multichecklist.first_names import first_names
from harness.multichecklist.generate import TITLES, Case, Draws, Suite, as_squad, generate
from harness.multichecklist.templates import Templates, read_templates

Write = Callable[[str, str | bytes], Path]
NAMED = "A is COMP than B"


@pytest.fixture
def templates(write: Write) -> Templates:
    return read_templates(write("t.tsv", table()))


def cases_of(suite: Suite, test: str) -> list[Case]:
    return [case for case in suite.cases if case.test == test]


def test_examples_are_contexts_times_questions(templates: Templates) -> None:
    suite = generate(templates, "en", 1, 8)
    assert Counter(case.test for case in suite.cases) == {
        "comparisons": 8, "two-sides-of-a-thing": 8, "a-plant-and-a-tool": 8, "a-plant-again": 8,
    }  # fmt: skip
    sizes = {case.test: len(case.examples) for case in suite.cases}
    assert list(sizes.values()) == [2, 2, 2, 1]
    case = cases_of(suite, "a-plant-and-a-tool")[0]
    assert [one.id for one in case.examples] == [
        "a-plant-and-a-tool-0001-1-1", "a-plant-and-a-tool-0001-2-1",
    ]  # fmt: skip
    assert len({one.context for one in case.examples}) == 2
    assert all(one.answer in one.context for one in suite.examples)
    assert not any(
        c in one.context + one.question + one.answer for one in suite.examples for c in "{}"
    )


def test_no_case_twice_and_fewer_where_there_are_no_more(write: Write) -> None:
    suite = generate(read_templates(write("t.tsv", table())), "en", 1, 300)
    plants = cases_of(suite, "a-plant-and-a-tool")
    assert len(plants) == 40 * 2 * 2  # names, plants, tools: every one
    assert len({case.examples[0].context for case in plants}) == len(plants)


def test_a_variant_holds_for_what_its_condition_lists(templates: Templates) -> None:
    for case in cases_of(generate(templates, "de", 3, 30), "comparisons"):
        first, second = case.examples
        bold = "mutiger" in first.context
        assert second.question == (
            "Wer hat im Wasser weniger Mut?"
            if bold
            else f"Wer ist im Wasser weniger {'flink' if 'flinker' in first.context else 'tief'}?"
        )
    seen = set()
    for case in cases_of(generate(templates, "de", 3, 40), "two-sides-of-a-thing"):
        first = case.examples[0]
        seen |= {
            word for word in ("blass ", "blasser ", "blass.", "blasser.") if word in first.context
        }
        assert ("blasser" in first.context) == (
            "Löffel" in first.context and "blass" in first.context
        )
    assert len(seen) > 2


def test_a_condition_on_what_no_template_takes_is_none(write: Write) -> None:
    path = write("t.tsv", re.sub(r"\{p\.[pv][12]\}", "so", table()))
    questions = {
        one.question
        for case in cases_of(generate(read_templates(path), "de", 3, 4), "two-sides-of-a-thing")
        for one in case.examples
    }
    assert {question.split()[0] for question in questions} == {"Welche", "Und"}


def test_a_question_asks_for_the_property_of_its_answer(templates: Templates) -> None:
    """The German line of the second question names the first property for ``stuff``."""
    asked = set()
    for case in cases_of(generate(templates, "de", 5, 60), "two-sides-of-a-thing"):
        first, second = case.examples
        asked.add((first.question.split()[1], second.question.split()[2]))
        assert first.answer != second.answer and second.question.startswith("Und welche ")
        assert first.question.startswith("Von welchem ") == (first.answer == "blechern")
    assert {"Farbe", "Form"} == {second for _, second in asked}


def test_an_object_at_the_beginning_of_a_sentence_has_a_capital(templates: Templates) -> None:
    for language, begin in (("en", "The "), ("de", "Der ")):
        for case in cases_of(generate(templates, language, 5, 9), "two-sides-of-a-thing"):
            context = case.examples[0].context
            assert context.split(". ")[1].startswith(begin)
            assert begin not in case.examples[0].question


def test_absent_lines_and_fillers(templates: Templates) -> None:
    """German has one context of the two, and no spade."""
    cases = cases_of(generate(templates, "de", 5, 100), "a-plant-and-a-tool")
    assert {len(case.examples) for case in cases} == {1}
    assert all("Harke" in case.examples[0].context for case in cases)


def test_a_fillers_form_goes_by_the_context_that_it_stands_in(templates: Templates) -> None:
    suite = generate(templates, "de", 5, 30)
    for test, form in (("a-plant-and-a-tool", "ein Farn"), ("a-plant-again", "den Farn")):
        ferns = [c.examples[0] for c in cases_of(suite, test) if "Farn" in c.examples[0].context]
        assert ferns and all(form in one.context for one in ferns)
    assert all("ein Farn" in one.answer for one in suite.examples if "Farn" in one.answer), (
        "an answer has the form of its context"
    )


def test_an_answer_takes_the_form_that_its_context_has(write: Write) -> None:
    """Quechua: the cell beside an answer holds its form in the other context."""
    head = "Field\ten\tqu\tqu-placeholders\n"
    text = head + "\n".join(
        [
            "Name\tTwo pots",
            "Context\t{first_name} has {pot}.\t{first_name}qa {pot}yuqmi",
            "Context\tHas {first_name} {pot}?\t{first_name}qa {pot}yuqtaq",
            "Question\tWhat has {first_name}?\tImayuqtaq {first_name}?",
            "Answer\t{pot}\t{pot}yuqmi\t{pot}yuqtaq",
            "pot\ta pot\tmanka",
        ]
    )
    suite = generate(read_templates(write("t.tsv", text)), "qu", 1, 3)
    assert [one.answer for one in suite.cases[0].examples] == ["mankayuqmi", "mankayuqtaq"]


def test_thai_forms_are_parted_by_spaces(templates: Templates) -> None:
    case = cases_of(generate(templates, "th", 5, 1), "comparisons")[0]
    assert any(form in case.examples[0].context for form in ("เร็วกว่า", "ลึกกว่า", "กล้ากว่า"))
    assert "กว่า" not in case.examples[1].question


def test_persons_differ_and_three_tests_take_male_names(templates: Templates) -> None:
    suite = generate(templates, "en", 2, 40)
    male = set(first_names("en", male=True))
    for case in cases_of(suite, "comparisons"):
        persons = [one.answer for one in case.examples]
        assert len(set(persons)) == 2 and set(persons) <= male
    answers = {case.examples[0].answer for case in cases_of(suite, "a-plant-again")}
    assert answers - male and answers & male


@pytest.mark.parametrize("name", TITLES)
def test_which_tests_take_male_names(name: str, write: Write) -> None:
    """By their names alone: here each has the templates of a plant that was lost."""
    text = table().replace(COMPARISONS, "Who swims?").replace("A plant again", name)
    suite = generate(read_templates(write("t.tsv", text)), "en", 2, 40)
    cases = cases_of(suite, TITLES[name])
    male = {case.examples[0].answer in first_names("en", male=True) for case in cases}
    of_men = {"comparisons", "intensifiers", "professions"}
    assert male == ({True} if TITLES[name] in of_men else {True, False})


def test_the_seed_decides_the_bytes(templates: Templates) -> None:
    def sha256(seed: int, language: str = "en") -> str:
        text = json.dumps(as_squad(generate(templates, language, seed, 20)), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    assert sha256(42) == sha256(42) != sha256(43)
    assert sha256(42) == "21e950bec92d7c9c6b7f6e736132636c6e7345b94d6ddf4566a0de83ca870a4e", (
        "the cases of published error rates would be others"
    )


def test_cases_of_a_seed_are_the_same_in_all_languages(templates: Templates) -> None:
    """The n-th drawing fills all languages alike; what one lacks is left out there alone."""
    words = [("quicker", "çabuk"), ("deeper", "derin"), ("bolder", "cesur")]
    english, turkish = (
        cases_of(generate(templates, code, 9, 30), "comparisons") for code in ("en", "tr")
    )
    for one, other in zip(english, turkish, strict=True):
        (said,) = [turk for eng, turk in words if eng in one.examples[0].context]
        assert said in other.examples[0].context


def test_a_shorter_suite_is_the_beginning_of_a_longer_one(templates: Templates) -> None:
    short, long = (generate(templates, "de", 4, count) for count in (3, 12))
    assert cases_of(short, "comparisons") == cases_of(long, "comparisons")[:3]


def test_a_test_without_a_case_is_told_with_its_line(write: Write) -> None:
    path = write("t.tsv", changed(4, {6: ""}))
    with pytest.raises(HarnessError) as caught:
        generate(read_templates(path), "tr", 1, 2)
    assert str(caught.value).startswith(f"{path}:4: the test {COMPARISONS!r}"[:60])
    assert "has no case in tr" in str(caught.value)


def test_a_language_without_names_is_told(write: Write) -> None:
    path = write("t.tsv", table().replace("\ttr\t", "\txx\t", 1))
    with pytest.raises(HarnessError, match="unknown language of first names 'xx'"):
        generate(read_templates(path), "xx", 1, 1)


def test_names_of_fifty_languages() -> None:
    of_xtreme_r = (
        "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja ka ko"
        " th sw yo my zh kk tr et fi hu qu pl uk az lt pa gu ro ht ha wo"
    ).split()
    for language in of_xtreme_r:
        names = first_names(language, male=False)
        assert len(names) == len(set(names)) == 40, language
        assert names[20:] == first_names(language, male=True)
        assert not any(set(name) & set("{}\t,. ") for name in names)


def test_suites_are_squad(templates: Templates, tmp_path: Path) -> None:
    suite = generate(templates, "de", 4, 5)
    path = tmp_path / "de.json"
    path.write_text(json.dumps(as_squad(suite)))
    rows = Squad().read_file(path, (), strict(path))
    assert rows["id"] == [one.id for one in suite.examples]
    assert rows["context"] == [one.context for one in suite.examples]
    assert Squad().misplaced(rows) == []


@given(st.text(), st.integers(1, 2**40))
def test_draws_stay_below_their_limit(name: str, limit: int) -> None:
    one, other = Draws(name), Draws(name)
    numbers = [one.below(limit) for _ in range(5)]
    assert numbers == [other.below(limit) for _ in range(5)]
    assert all(0 <= number < limit for number in numbers)


def test_the_real_templates(real_data: Path) -> None:
    """All 23 languages of the sample have cases of all six tests, without a brace left."""
    read = read_templates(real_data / "multichecklist" / "checklist_templates.tsv")
    assert len(read.languages) == 23 and len(read.blocks) == 6 and len(read.notes) == 1
    sizes = {"comparisons": 2, "intensifiers": 12, "properties": 2, "professions": 8, "animals": 4}
    for language in read.languages:
        suite = generate(read, language, 42, 4)
        assert len(suite.cases) == 24
        for case in suite.cases:
            assert len(case.examples) == (sizes | {"animals2": 4})[case.test]
            for one in case.examples:
                assert not set(one.context + one.question + one.answer) & set("{}")
