"""Where the sentences of an English text are, by a rule: SQuAD has no sentence breaks of its own.

LAReQA's training pairs (google-research/xtreme, third_party/processors/lareqa.py) take the sentence
of an answer from a list of substitutions for SQuAD; the rule here is the harness's own.
"""

from __future__ import annotations

import re

from harness.data.mentions import Span

OPENING = "\"'“‘«([{•"  # what a sentence may begin with, besides a capital or a digit
# a foot mark ([note 1]) belongs to the sentence before it
_END = re.compile(r"[.?!][\"'”’»)\]}]*+(?:\[[\w ?]{1,30}\])*+(?=\s)")
_SPACE = re.compile(r"\s*+")
_NEXT = re.compile(r"\w*")
_LONGEST = 12  # characters before a full stop that are looked at
_LAST = re.compile(r"(?:^|[^\w.])([^\W\d_]+(?:\.[^\W\d_]+)*)\.$")
_TITLES = frozenset(
    "mr mrs ms dr prof fr rev st sta gen col lt maj adm capt sgt rep sen gov pres mt ft"
    " e.g i.e vs v cf approx ca jan aug oct nov dec a.m p.m".split()
)
"""Abbreviations that end no sentence."""
_NUMBERED = frozenset("no art vol op opp sec ch pp p b c d r fl".split())
"""The same before a number; elsewhere they are words."""
_ROMAN = frozenset("IVXLC")
_STARTS = frozenset(
    "The This That These It In On By During After Under Although However Meanwhile According"
    " Several Yet As".split()
)
"""Words that begin a sentence even after an initial, which may be of a name or of the U.S."""


def sentences_of(text: str) -> list[Span]:
    """Return where each sentence of a text begins and ends, without the space around it.

    A sentence ends after a full stop, question or exclamation mark and the quotes and brackets
    that close behind it, where white space follows and then a capital, a digit or an opening quote
    or bracket; but not after an abbreviation, or after an initial unless a word follows that
    begins sentences. The time is linear.
    """
    spans: list[Span] = []
    start = _after_space(text, 0)
    for found in _END.finditer(text):
        place = _after_space(text, found.end())
        if place == len(text) or not _begins(text[place]):
            continue
        following = text[place : place + _LONGEST]
        if not _goes_on(text[max(0, found.end() - _LONGEST) : found.end()], following):
            spans.append((start, found.end()))
            start = place
    end = len(text.rstrip())
    return [*spans, (start, end)] if start < end else spans


def _after_space(text: str, place: int) -> int:
    """Return the place of the first character from a place on that is no white space."""
    found = _SPACE.match(text, place)
    assert found is not None
    return found.end()


def _begins(character: str) -> bool:
    """Return whether a sentence may begin with a character."""
    return character.isupper() or character.isdigit() or character in OPENING


def _goes_on(ending: str, following: str) -> bool:
    """Return whether a text's last word is an abbreviation or an initial within a sentence.

    Args:
        ending: The last characters of the text.
        following: The first ones of what follows.
    """
    found = _LAST.search(ending)
    if found is None:
        return False
    word = found[1]
    next_word = _NEXT.match(following)
    first = next_word[0] if next_word else ""
    if all(len(one) == 1 and one.isupper() for one in word.split(".")):
        return first not in _STARTS
    if word.lower() in _NUMBERED:
        return first[:1].isdigit() or (bool(first) and set(first) <= _ROMAN)
    return word.lower() in _TITLES
