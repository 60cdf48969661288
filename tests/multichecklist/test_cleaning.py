"""When an answer is right: examples worked by hand from generate_test_utils.clean."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.multichecklist.cleaning import ARTICLES, MARKS, clean, is_right


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "a dog.", "dog"),
        ("en", "The dog", "The dog"),  # upper case is no article
        ("en", "at the door, ", "door"),
        ("en", "banana", "banana"),
        ("en", "dog and a cat", "dog and   cat"),
        ("de", "einen Hund", "Hund"),
        ("de", "einem Hund", "einem Hund"),
        ("es", "la casa", "casa"),
        ("ar", "الكلب", "كلب"),
        ("ar", "شمال", "شم"),  # inside words too
        ("bn", "একটি গাড়ি৷", "গাড়ি"),
        ("hi", "एक कुत्ता", "कुत्ता"),
        ("hi", "कुत्ता৷", "कुत्ता"),
        ("hi", "कुत्ता।", "कुत्ता।"),  # Hindi's own full stop stays, as officially
        ("pa", "ਇੱਕ ਕੁੱਤਾ।", "ਕੁੱਤਾ"),
        ("pl", "„pies”.", "pies"),
        ("ur", "کتا\u200f", "کتا"),
        ("tr", "bir köpek", "köpek"),
        ("vi", "một con chó", "con chó"),
        ("el", "ένα σκύλο", "σκύλο"),
        ("ru", " собака, ", "собака"),
        ("zh", "一只狗。", "一只狗。"),
        ("xx", "a dog, .", "a dog"),
        ("en", "the", ""),
        ("en", "", ""),
    ],
)
def test_clean(language: str, text: str, expected: str) -> None:
    assert clean(text, language) == expected


def test_right_and_wrong() -> None:
    assert is_right("dog.", "a dog", "en") and not is_right("dogs", "a dog", "en")
    assert not is_right("Dog", "dog", "en") and not is_right("", "dog", "en")


@given(st.sampled_from(sorted(ARTICLES)), st.text())
def test_what_is_clean_has_no_mark_at_its_ends(language: str, text: str) -> None:
    marks = " ,." + MARKS.get(language, "")
    assert clean(text, language).strip(marks) == clean(text, language)
    assert is_right(f"{text}. ", text, language) or re.search(ARTICLES[language], f"{text}. ")
