"""When an answer is right: examples worked by hand from generate_test_utils.clean."""

import random
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


# -- the official rule in every language -----------------------------------------------------------

WORDS = {
    "de": "ein eine einen",
    "el": "Ο ένα μια",
    "en": "a an the in at",
    "es": "un una unos unas el la los las",
    "eu": "bat",
    "fa": "یک",
    "fr": "un une le la en",
    "hu": "egy",
    "it": "un una",
    "nl": "een",
    "pt": "um uma",
    "tl": "Si",
    "tr": "bir",
    "vi": "một",
    "wo": "dafa",
    "yo": "kan",
}
BEGINNINGS = {
    "bn": "একটি একজন",
    "hi": "एक",
    "ml": "ഒരു",
    "mr": "एक",
    "my": "တစ်ဦး",
    "pa": "ਇੱਕ ਇਕ",
    "ta": "ஒரு",
}
ENDINGS, ANYWHERE = {"af": "’n"}, {"ar": "ال"}
ENDS = {"bn": ",. ৷", "hi": ",. ৷", "pa": ",. ।", "pl": "„”,. ", "ur": ",. \u200f"}
LISTED = {**WORDS, **BEGINNINGS, **ENDINGS, **ANYWHERE}
LANGUAGES = sorted({*LISTED, *ARTICLES, *ENDS, *MARKS, "ru", "th", "zh"})


def officially(text: str, language: str) -> str:
    """What generate_test_utils.clean of google-research/xtreme returns, in words of our own."""
    front = r"\b" if language in WORDS or language in BEGINNINGS else ""
    back = r"\b" if language in WORDS or language in ENDINGS else ""
    articles = "|".join(LISTED.get(language, "").split())  # none: a space between all letters
    return re.sub(f"{front}(?:{articles}){back}", " ", text).strip(ENDS.get(language, ",. "))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_is_right_where_it_officially_is(language: str) -> None:
    draw = random.Random(language)
    articles = LISTED.get(language, "").split()
    articles += [word.upper() for word in articles] + [word.lower() for word in articles]
    words = [*articles, *"Xxх狗", "dog", "شمال", "ένας", "hala"]
    marks = ["", *" ,.।৷„”。،\u200f"]
    verdicts = set()
    for _ in range(1000):
        answer = "".join(draw.choice(words) + draw.choice(["", " ", ", "]) for _ in range(3))
        around = draw.choice(["", *articles]) + draw.choice(["", " "])
        prediction = draw.choice(marks) + around + answer + draw.choice(marks)
        verdict = officially(prediction, language) == officially(answer, language)
        assert is_right(prediction, answer, language) is verdict, (prediction, answer)
        verdicts.add(verdict)
    assert verdicts == {True, False}
