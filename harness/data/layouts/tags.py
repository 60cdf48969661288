"""Tagged sentences: ``token [TAB tag]`` in each line, a blank line after each sentence."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from harness.data.files import Report, read_lines
from harness.data.layouts.layout import STRINGS, Columns, Layout, Types

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.data.layouts.layout import Table


class Tags(Layout):
    """Sentences of tokens with a tag each (UD-POS, PAN-X), in files named after their languages.

    A ``-DOCSTART-`` line ends a sentence and is not part of one (utils_tag.py). Token and tag may
    also be separated by spaces, as in XTREME's preparation (utils_preprocess.py).
    """

    columns: ClassVar[Types] = {"tokens": STRINGS, "tags": STRINGS}
    label = "tags"

    def read_file(self, path: Path, labels: Sequence[str], report: Report) -> Columns:
        """Read tagged sentences, or tokens alone."""
        known = set(labels)
        prefix = f"{path.stem.rpartition('-')[2]}:"
        lines = read_lines(path, report)
        read = {line: _read_line(line, known, prefix) for line in set(lines)}  # most come again
        tokens: list[list[str]] = [[]]
        tags: list[list[str]] = [[]]
        spaced: list[int] = []  # lines whose columns are separated by spaces
        marked: list[int] = []  # lines with the prefix of WikiANN's own files
        for number, line in enumerate(lines, 1):
            token, tag, odd = read[line]
            if odd:
                if odd.ends:
                    tokens.append([])
                    tags.append([])
                    continue
                if odd.spaced:
                    spaced.append(number)
                if odd.marked:
                    marked.append(number)
            before = tags[-1]
            if odd and odd.wide:
                report(number, _WIDE)
            elif odd and odd.unknown:
                report(number, f"tag {tag!r} is none of {', '.join(labels)}")
            elif before and bool(before[-1]) != bool(tag):
                report(number, _MIXED)
            tokens[-1].append(token)
            before.append(tag)
        rows = [i for i, words in enumerate(tokens) if words]
        if spaced and not all(tags[i][0] for i in rows):
            report(spaced[0], _SPACED)
        count = sum(map(len, tokens))
        if 2 * len(marked) > count:
            what = f"{len(marked)} of {count} tokens begin with {prefix!r}, as in WikiANN's own"
            report(marked[0], f"{what} files; take the prefix off, as XTREME's preparation does")
        return {
            "tokens": [tokens[i] for i in rows],
            "tags": [tags[i] if tags[i][0] else None for i in rows],
        }

    def label_set(self, rows: Dataset) -> tuple[str, ...]:
        """Return the tags of the rows, sorted."""
        return tuple(sorted({tag for sentence in rows["tags"][:] for tag in sentence}))

    def misfits(self, columns: Table, gold: Any, examples: object, labels: object) -> list[str]:
        """Return a wrong number of sentences, and the first one with a wrong number of tags."""
        tokens, problems = columns["tokens"], []
        if gold is not None and len(tokens) != len(gold):
            problems.append(f"{labels}: {len(gold)} sentences, the tokens have {len(tokens)}")
        line = 1
        for number, (words, tags) in enumerate(zip(tokens, gold or (), strict=False), 1):
            if len(words) != len(tags):
                message = f"sentence {number} has {len(tags)} tags for {len(words)} tokens"
                return [*problems, f"{labels}:{line}: {message}"]
            line += len(tags) + 1
        return problems


_WIDE = "more than two columns; expected token and tag, separated by one tab"
_TAB = "put a tab between token and tag, or at the end of a line that is all token"
_MIXED = f"some tokens of this sentence have a tag and some have none; {_TAB}"
_SPACED = f"ends in a tag after a space, but other sentences of the file have no tags; {_TAB}"


class _Odd(NamedTuple):
    """What is odd about a line of tags.

    Attributes:
        wide: It has too many columns.
        unknown: Its tag is none of the labels.
        spaced: Its columns are separated by spaces.
        marked: It begins with the prefix of WikiANN's own files.
        ends: It ends a sentence.
    """

    wide: bool = False
    unknown: bool = False
    spaced: bool = False
    marked: bool = False
    ends: bool = False


def _read_line(line: str, known: Collection[str], prefix: str) -> tuple[str, str, _Odd | None]:
    """Return a line's token, its tag ("" without one), and what is odd about it."""
    # other white space, e.g. a no-break space, may be a token
    if not line.strip(" \t") or line.startswith("-DOCSTART-"):
        return "", "", _Odd(ends=True)
    token, *others = _columns_of(line, known)
    tag = others[0] if others else ""
    wide = len(others) > 1 or (not known and " " in tag)
    unknown = bool(tag and known and tag not in known)
    spaced = bool(tag and known and "\t" not in line)
    marked = token.startswith(prefix)
    odd = wide or unknown or spaced or marked
    return token, tag, _Odd(wide, unknown, spaced, marked) if odd else None


def _columns_of(line: str, known: Collection[str]) -> list[str]:
    """Return the columns of a line of tags: token, perhaps tag, perhaps too many.

    They are separated by tabs; without a tab, by white space if the last one is a tag.
    """
    if "\t" in line:
        return [column.strip(" ") or column for column in line.split("\t")]
    columns = line.split()
    if len(columns) > 1 and (not known or columns[-1] in known):
        return columns
    return [line.strip(" ")]
