"""How wide a text will be drawn, without a font: the advance of each class of characters.

The classes are those of a wide sans serif (DejaVu Sans, Verdana), so that text drawn in a narrower
one leaves room.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

ELLIPSIS = "…"
ADVANCES = (  # of the size, for these characters
    ("ijlI'|!.,:; ", 0.36),
    ('frt()[]{}/\\-–·"`', 0.45),
    ("acekosvxyz", 0.63),
    ("bdghnpqu", 0.65),
    ("w", 0.83),
    ("m", 0.98),
    ("0123456789_$?*¹²", 0.65),
    ("ABCEFKLPRSTVXYZJ", 0.71),
    ("DGHNOQU", 0.80),
    ("MW@%—…", 1.02),
    ("+=<>~±×≤≥−&#^", 0.85),
    ("▲▼◆□", 0.95),
)
EMOJI, WIDE, OTHER_LETTER = 1.4, 1.02, 0.85
_KNOWN = {character: advance for some, advance in ADVANCES for character in some}
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@lru_cache(4096)
def _advance(character: str) -> float:
    """Return a character's advance, of the size."""
    known = _KNOWN.get(character)
    if known is not None:
        return known
    if character in _JOINERS or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    if ord(character) >= 0x1F000:
        return EMOJI
    wide = unicodedata.east_asian_width(character) in ("W", "F")
    return WIDE if wide else OTHER_LETTER


@lru_cache(4096)
def width_of(text: str, size: float) -> float:
    """Return how wide a text is at most, at a size in the same unit."""
    return size * sum(map(_advance, text))


def minus(text: str) -> str:
    """Return a number as it is shown: with a true minus, as wide as the plus."""
    return text.replace("-", "−")


def printable(text: str) -> str:
    """Return a text on one line, with what XML cannot hold replaced by U+FFFD."""
    return _NOT_XML.sub("\ufffd", " ".join(text.split()))


@lru_cache(4096)
def fitted(text: str, box: float, size: float) -> str:
    """Return a text that fits into a box: cut in the middle, for names differ at both ends.

    Args:
        text: The text.
        box: The width of the box.
        size: The size of the text, in the same unit.
    """
    if width_of(text, size) <= box:
        return text
    room = box - width_of(ELLIPSIS, size)
    head, tail, used, at_head = 0, len(text), 0.0, True
    while head < tail:
        wanted = size * _advance(text[head] if at_head else text[tail - 1])
        if used + wanted > room:
            break
        used += wanted
        head, tail = (head + 1, tail) if at_head else (head, tail - 1)
        at_head = width_of(text[:head], size) <= 1.5 * width_of(text[tail:], size)
    while tail < len(text) and _advance(text[tail]) == 0:
        tail += 1
    return f"{text[:head].rstrip(_JOINERS + ' ')}{ELLIPSIS}{text[tail:].lstrip()}"
