"""Reads the authored texts and writes the files that are made of them.

An authored text is UTF-8. A line that begins with ``#`` is a comment, and a line that begins with
two blanks goes on from the one before.
"""

import json
import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

AUTHORED = Path(__file__).parent / "authored"
LANGUAGES = ("en", "de", "es", "zh", "ar", "hi", "sw")

# An end of a sentence; a number of one or two digits with a full stop is a German ordinal.
SENTENCE_END = re.compile(r"(?<!\b\d)(?<!\b\d\d)[.?!؟](?=\s|$)|[。？！]|\n+|$")


class WordLists(dict[str, list[str]]):
    """Word lists by name."""

    def word(self, name: str, place: int) -> str:
        """Return the word at a place of a list; after the last word comes the first again."""
        return self[name][place % len(self[name])]


def read_lines(name: str) -> list[str]:
    """Return the lines of an authored text, without comments."""
    lines: list[str] = []
    for line in (AUTHORED / name).read_text(encoding="utf-8").removesuffix("\n").split("\n"):
        if line.startswith("  "):
            lines[-1] += f" {line.strip()}"
        elif not line.startswith("#"):
            lines.append(line)
    return lines


def read_table(name: str, separator: str = "|") -> list[list[str]]:
    """Return the rows of an authored table, each a list of fields."""
    return [[field.strip() for field in line.split(separator)] for line in read_lines(name)]


def read_blocks(name: str) -> list[list[str]]:
    """Return the blocks of lines that empty lines part."""
    return [list(block) for filled, block in groupby(read_lines(name), bool) if filled]


def read_words(name: str) -> WordLists:
    """Return the word lists of a file, written ``list: word, word; list: word``."""
    entries = (entry for line in read_lines(name) for entry in line.split("; "))
    lists = (entry.split(": ") for entry in entries)
    return WordLists({key: words.split(", ") for key, words in lists})


def read_passages(name: str) -> Any:
    """Return the passages with their questions that a JSON file holds."""
    return json.loads("\n".join(read_lines(name)))


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines as UTF-8 with LF line ends, the last one too; missing folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{line}\n" for line in lines)
    path.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, values: Iterable[Any]) -> None:
    """Write one JSON value a line."""
    write_lines(path, (json.dumps(value, ensure_ascii=False) for value in values))


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return where the sentences and headings of a text are, in code points."""
    spans, start = [], 0
    for match in SENTENCE_END.finditer(text):
        sentence = text[start : match.end()]
        if sentence.strip():
            first = start + len(sentence) - len(sentence.lstrip())
            spans.append((first, first + len(sentence.strip())))
        start = match.end()
    return spans
