"""When an answer is the right one (generate_test_utils.clean of google-research/xtreme)."""

from __future__ import annotations

import re
from collections.abc import Mapping

PUNCTUATION = " ,."

ARTICLES: Mapping[str, str] = {
    "af": r"’n\b",
    "ar": "ال",  # inside words too
    "bn": r"\b(?:একটি|একজন)",
    "de": r"\b(?:ein|eine|einen)\b",
    "el": r"\b(?:Ο|ένα|μια)\b",
    "en": r"\b(?:a|an|the|in|at)\b",
    "es": r"\b(?:un|una|unos|unas|el|la|los|las)\b",
    "eu": r"\bbat\b",
    "fa": r"\bیک\b",
    "fr": r"\b(?:un|une|le|la|en)\b",
    "hi": r"\bएक",
    "hu": r"\begy\b",
    "it": r"\b(?:un|una)\b",
    "ml": r"\bഒരു",
    "mr": r"\bएक",
    "my": r"\bတစ်ဦး",
    "nl": r"\been\b",
    "pa": r"\b(?:ਇੱਕ|ਇਕ)",
    "pt": r"\b(?:um|uma)\b",
    "ta": r"\bஒரு",
    "tl": r"\bSi\b",
    "tr": r"\bbir\b",
    "vi": r"\bmột\b",
    "wo": r"\bdafa\b",
    "yo": r"\bkan\b",
}
"""What counts as an article, a pattern a language: upper and lower case differ."""

MARKS: Mapping[str, str] = {
    "bn": "\u09f7",
    "hi": "\u09f7",  # the official rule's; Hindi's own full stop stays
    "pa": "\u0964",
    "pl": "„”",
    "ur": "\u200f",
}
"""What is stripped besides ``PUNCTUATION``."""


def clean(text: str, language: str) -> str:
    """Return a text without the language's articles and without punctuation at its ends."""
    if pattern := ARTICLES.get(language):
        text = re.sub(pattern, " ", text)
    return text.strip(PUNCTUATION + MARKS.get(language, ""))


def is_right(prediction: str, answer: str, language: str) -> bool:
    """Return whether a prediction is the answer."""
    return clean(prediction, language) == clean(answer, language)
