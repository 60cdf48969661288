"""Texts of Mewsli-X: a mention in its sentence, and the description of an entity.

Source: google-research/xtreme, third_party/utils_mewslix.py (``preprocess_mention`` and
``preprocess_entity_description``). Offsets are code points from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.bounds import shown
from harness.data.json_values import list_of, object_of

Span = tuple[int, int]
"""Where a text begins, and where it ends, in another text."""

AROUND = 256  # characters on each side of a mention that is in no sentence


def query_of(text: str, spans: Sequence[Span], start: int, end: int) -> str:
    """Return the text to look a mention up with: ``MENTION: LEFT { MENTION } RIGHT``.

    Left and right are the rest of its sentence, in which ``{x}`` becomes ``(x)``; a mention that
    is in no one sentence gets the characters around it.

    Args:
        text: The context.
        spans: Its sentences.
        start: Where the mention begins.
        end: Where it ends.
    """
    first, last = sentence_of(spans, start, end) or (
        max(0, start - AROUND),
        min(len(text), end + AROUND),
    )
    mention = text[start:end]
    left, right = _escaped(text[first:start]), _escaped(text[end:last])
    return _cleaned(f"{mention}: {left} {{ {mention} }} {right}")


def description_of(description: str, spans: Sequence[Span]) -> str:
    """Return an entity's text: the sentences of its description; the whole of it without any."""
    if not spans:
        return _cleaned(description)
    return _cleaned(" ".join([description[start:end] for start, end in spans]))


def sentence_of(spans: Sequence[Span], start: int, end: int) -> Span | None:
    """Return the first sentence that a mention is in as a whole, None if there is none."""
    return next((one for one in spans if one[0] <= start < end <= one[1]), None)


def spans_of(values: Any, text: str) -> list[Span]:
    """Return spans of a text, from a list of objects with ``start`` and ``end``.

    Raises:
        ValueError: There is no such list, or a span is empty or leaves the text.
    """
    return [span_of(value, text) for value in list_of(values, "sentence_spans")]


def span_of(value: Any, text: str) -> Span:
    """Return a span of a text.

    Where the span has a ``text``, it must be the text that is there.

    Args:
        value: An object with ``start`` and ``end``, perhaps ``text``.
        text: The text.

    Raises:
        ValueError: It is not such an object, is empty or leaves the text, or its own text is
            another one.
    """
    value = object_of(value, "a span")
    start, end = value.get("start"), value.get("end")
    if type(start) is not int or type(end) is not int:
        raise ValueError(f"a span has no whole numbers start and end but {shown(dict(value))}")
    if not 0 <= start < end <= len(text):
        raise ValueError(
            f"the span {start} to {end} is empty or leaves its text of {len(text)} characters;"
            " offsets are code points from 0"
        )
    if "text" in value and value["text"] != text[start:end]:
        raise ValueError(
            f"{shown(value['text'])} is not at {start} to {end}, where the text has"
            f" {shown(text[start:end])}; offsets are code points from 0"
        )
    return start, end


def _escaped(text: str) -> str:
    """Return a text with ``(x)`` for each ``{x}`` on one line; a brace alone stays."""
    lines = []
    for line in text.split("\n"):
        parts, place = [], 0
        while (left := line.find("{", place)) >= 0 and (right := line.find("}", left)) >= 0:
            parts += [line[place:left], "(", line[left + 1 : right], ")"]
            place = right + 1
        lines.append("".join([*parts, line[place:]]))
    return "\n".join(lines)


def _cleaned(text: str) -> str:
    """Return lines joined by a space, two spaces made one (in one pass), stripped."""
    return " ".join(text.splitlines()).replace("  ", " ").strip()
