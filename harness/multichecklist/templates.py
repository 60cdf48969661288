"""The templates of MultiCheckList: a TSV of blocks, one a test, with a column or more a language.

A block has the lines Name, Capability, Context (one or more), Question and Answer (pairs), and
fillers: lines of any other field, whose English cell says what they stand for. A language may have
several columns, its variants, each with a ``XX-placeholders`` column behind it: a variant with such
a cell holds for those English fillers alone that the cell lists, parted by commas. An empty cell is
absent (google-research/xtreme, multichecklist/README.md and generate_tests.read_translations).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from harness.data.files import at, read_lines
from harness.errors import HarnessError, unknown

LARGEST = 16 << 20  # bytes; the file with all fifty languages has about half a million
ENGLISH = "en"
CONDITION = "-placeholders"
FIELD, NAME, CAPABILITY = "Field", "Name", "Capability"
CONTEXT, QUESTION, ANSWER = "Context", "Question", "Answer"
TEMPLATES = (CONTEXT, QUESTION, ANSWER)
PROPERTY = "property"
LINE = "line"  # kind of what a condition lists, where it lists English lines and not fillers
OTHER_NAMES = {"s": "state"}  # a filler that templates call otherwise than its lines

FILLER = re.compile(r"\{(\w+)(?:\[(\d)\]|\.([pv][12]))?\}")
PERSON = re.compile(r"first_name\d?")
_CODE = re.compile("[a-z]{2,3}(-[A-Za-z]{2,8})?")
_BRACED = re.compile(r"\{[^{}]*\}")
_COMMAS = re.compile("[,،，、]")  # of several scripts


@dataclass(frozen=True)
class Variant:
    """One translation of a line.

    Attributes:
        text: The translation.
        only: The English words that it holds for alone, by kind (or ``LINE``); {} for all.
        instead: Of an answer, the text that stands in its place where the context has that.
    """

    text: str
    only: Mapping[str, frozenset[str]]
    instead: str = ""


@dataclass(frozen=True)
class Line:
    """A line of the file.

    Attributes:
        number: Its number, from 1.
        field: Its first cell.
        english: Its English cell.
        variants: Its translations by language; a language without any is absent.
    """

    number: int
    field: str
    english: str
    variants: Mapping[str, tuple[Variant, ...]]

    @cached_property
    def words(self) -> frozenset[str]:
        """Return what a condition may call a filler: its English forms and their last words."""
        forms = parts_of(self.english)
        return frozenset(forms) | {form.split()[-1] for form in forms if form}


@dataclass(frozen=True)
class Block:
    """A test.

    Attributes:
        name: Its name.
        contexts: The lines of contexts.
        pairs: Questions, each with its answer.
        fillers: The lines of each kind of filler; those that it lacks are of the blocks before it.
    """

    name: str
    contexts: tuple[Line, ...]
    pairs: tuple[tuple[Line, Line], ...]
    fillers: Mapping[str, tuple[Line, ...]]

    @property
    def lines(self) -> tuple[Line, ...]:
        """Return the contexts, questions and answers."""
        return (*self.contexts, *(line for pair in self.pairs for line in pair))

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """Return what stands in the braces of the templates, in any language, in order."""
        variants = [v for line in self.lines for some in line.variants.values() for v in some]
        texts = [text for one in variants for text in (one.text, one.instead)]
        return tuple(sorted({match[1] for text in texts for match in FILLER.finditer(text)}))


@dataclass(frozen=True)
class Templates:
    """The templates of all tests.

    Attributes:
        path: The file.
        languages: The languages, in the order of their columns.
        blocks: The tests, in the file's order.
        notes: What the user should know of the file.
    """

    path: Path
    languages: tuple[str, ...]
    blocks: tuple[Block, ...]
    notes: tuple[str, ...] = ()

    def check_languages(self, languages: Sequence[str]) -> None:
        """Refuse a language that the file has no column of.

        Raises:
            HarnessError: There is none.
        """
        for language in languages:
            if language not in self.languages:
                raise unknown("language", language, self.languages, f"the columns of {self.path}")

    def fail(self, line: Line, what: str) -> NoReturn:
        """Refuse a line.

        Raises:
            HarnessError: Always.
        """
        raise HarnessError(at(self.path, line.number, what))


def parts_of(text: str, count: int = 1) -> list[str]:
    """Return the forms in a filler's cell, which commas part, or white space (Thai, Burmese).

    Args:
        text: The cell.
        count: How many forms there are in English.
    """
    forms = [form.strip() for form in _COMMAS.split(text)]
    if len(forms) < count and len(text.split()) == count:
        return text.split()
    return forms


def kind_of(root: str) -> str:
    """Return the kind of filler that a template's ``{root…}`` takes, "" for a person's name."""
    if PERSON.fullmatch(root):
        return ""
    return PROPERTY if root == "p" else OTHER_NAMES.get(root, root)


def read_templates(path: Path) -> Templates:
    """Read the templates.

    Raises:
        HarnessError: The file is missing, too large, or not such a file; names file and line.
    """
    if path.is_file() and path.stat().st_size > LARGEST:
        raise HarnessError(f"{path}: larger than {LARGEST >> 20} MiB; expected templates as a TSV")
    rows = [line.split("\t") for line in read_lines(path)]
    columns = _columns(path, rows[0] if rows else [])
    width = len(rows[0])
    groups: list[list[Line]] = []
    raw: dict[int, list[str]] = {}
    for number, row in enumerate(rows[1:], 2):
        field = row[0].strip()
        if not any(cell.strip() for cell in row):
            continue
        _check_row(path, number, row, width)
        if field == NAME:
            groups.append([])
        elif not groups:
            raise HarnessError(at(path, number, f"{field!r:.40} before the first {NAME}"))
        raw[number] = [*row, *[""] * (width - len(row))]
        groups[-1].append(Line(number, field, raw[number][columns[ENGLISH][0][0]].strip(), {}))
    if not groups:
        raise HarnessError(f"{path}: holds no test; expected blocks that begin with {NAME}")
    blocks: list[Block] = []
    notes: list[str] = []
    for group in groups:
        blocks.append(_block(path, group, raw, columns, blocks, notes))
    return Templates(path, tuple(columns), tuple(blocks), tuple(notes))


Columns = Mapping[str, Sequence[tuple[int, int]]]
"""Of each language its columns, each with the column of its conditions, 0 for none."""


def _columns(path: Path, head: Sequence[str]) -> Columns:
    """Return the columns of each language."""
    names = [name.strip() for name in head]
    if names[:1] != [FIELD] or ENGLISH not in names:
        raise HarnessError(
            at(path, 1, f"expected the columns {FIELD}, {ENGLISH} and languages, parted by tabs")
        )
    columns: dict[str, list[tuple[int, int]]] = {}
    for i, name in enumerate(names[1:], 1):
        if not name.endswith(CONDITION):
            columns.setdefault(name, []).append((i, 0))
        elif names[i - 1] == name.removesuffix(CONDITION):
            columns[names[i - 1]][-1] = (i - 1, i)
        else:
            language = name.removesuffix(CONDITION)
            what = f"column {i + 1}, {name:.40}, does not stand behind a column {language:.40}"
            raise HarnessError(at(path, 1, what))
    for name, places in columns.items():  # they name files
        if not _CODE.fullmatch(name):
            what = f"column {places[0][0] + 1}, {name!r:.40}, is not a language's code"
            raise HarnessError(at(path, 1, what))
    return columns


def _check_row(path: Path, number: int, row: Sequence[str], width: int) -> None:
    """Refuse a line with too many cells, without a field, or with braces that do not pair."""
    if len(row) > width:
        raise HarnessError(at(path, number, f"{len(row)} cells, but {width} columns"))
    if not row[0].strip():
        raise HarnessError(at(path, number, "no field in the first cell"))
    for i, cell in enumerate(row[1:], 2):
        rest = _BRACED.sub("", cell)
        if "{" in rest or "}" in rest:
            what = f"column {i}: a brace without its other: {cell.strip()!r:.60}"
            raise HarnessError(at(path, number, what))


def _block(
    path: Path,
    group: Sequence[Line],
    raw: Mapping[int, Sequence[str]],
    columns: Columns,
    before: Sequence[Block],
    notes: list[str],
) -> Block:
    """Return the block of some lines."""
    head = group[0]
    if not head.english:
        raise HarnessError(at(path, head.number, f"{NAME} is empty; name the test"))
    if any(one.name == head.english for one in before):
        raise HarnessError(at(path, head.number, f"a second test {head.english!r:.60}"))
    fillers: dict[str, list[Line]] = {}
    for line in group[1:]:
        if line.field in (*TEMPLATES, CAPABILITY):
            continue
        if not line.english:
            raise HarnessError(at(path, line.number, f"{line.field:.40} has no English filler"))
        fillers.setdefault(line.field, []).append(line)
    for kind in _used(group, raw) - set(fillers):
        lines = next((one.fillers[kind] for one in reversed(before) if kind in one.fillers), ())
        if lines:
            fillers[kind] = list(lines)
    kinds: dict[str, set[str]] = {}
    for kind, some in fillers.items():
        for word in {word for line in some for word in line.words}:
            kinds.setdefault(word, set()).add(kind)
    reader = _Reader(path, raw, columns, kinds, notes)
    read = {line.number: reader.line(line) for line in group}
    block = Block(
        name=head.english,
        contexts=tuple(read[line.number] for line in group if line.field == CONTEXT),
        pairs=tuple(_pairs(path, [read[line.number] for line in group])),
        fillers={
            kind: tuple(read.get(line.number, line) for line in lines)
            for kind, lines in fillers.items()
        },
    )
    _check_block(path, head, block)
    return block


def _used(group: Sequence[Line], raw: Mapping[int, Sequence[str]]) -> set[str]:
    """Return the kinds of filler that a block's templates take, in any language."""
    texts = "".join("".join(raw[one.number]) for one in group if one.field in TEMPLATES)
    return {kind_of(found[1]) for found in FILLER.finditer(texts)} - {"", PROPERTY}


def _pairs(path: Path, lines: Sequence[Line]) -> Iterator[tuple[Line, Line]]:
    """Yield each question with the answer that stands behind it."""
    question: Line | None = None
    for line in lines:
        if question is not None and line.field != ANSWER:
            break
        if line.field == QUESTION:
            question = line
        elif line.field == ANSWER:
            if question is None:
                raise HarnessError(at(path, line.number, f"an {ANSWER} without a {QUESTION}"))
            yield question, line
            question = None
    if question is not None:
        raise HarnessError(at(path, question.number, f"a {QUESTION} without an {ANSWER} behind it"))


def _check_block(path: Path, head: Line, block: Block) -> None:
    """Refuse a block that lacks a context or a pair, or that takes a filler that it has not."""
    if not block.contexts or not block.pairs:
        lacks = CONTEXT if not block.contexts else f"{QUESTION} and {ANSWER}"
        raise HarnessError(at(path, head.number, f"the test {block.name!r:.60} has no {lacks}"))
    for line in block.lines:
        for language, some in line.variants.items():
            for braced in _BRACED.findall(" ".join(f"{one.text} {one.instead}" for one in some)):
                if what := _wrong_filler(braced, block.fillers):
                    raise HarnessError(at(path, line.number, f"{language}: {what}"))
    properties = block.fillers.get(PROPERTY, ())
    for line in properties:
        if line.english not in block.fillers:
            what = f"no lines of the {PROPERTY} {line.english!r:.40}"
            raise HarnessError(at(path, line.number, what))
    if "p" in block.roots and len(properties) < 2:
        what = f"the test {block.name!r:.60} has one {PROPERTY}; it needs two"
        raise HarnessError(at(path, properties[0].number, what))


def _wrong_filler(braced: str, fillers: Mapping[str, Sequence[Line]]) -> str:
    """Return what is wrong with a template's filler, "" if nothing is."""
    found = FILLER.fullmatch(braced)
    kind = kind_of(found[1]) if found else None
    if found is None or (kind and kind not in fillers):
        return f"unknown filler {braced:.40} (known: first_name, {', '.join(fillers)})"
    if kind == PROPERTY and not (found[1] == "p" and found[3]):
        return f"{braced:.40} does not say what of a {PROPERTY}; write {{p.p1}}, p2, v1 or v2"
    if kind != PROPERTY and found[3]:
        return f"{braced:.40} has .{found[3]}, which only {{p.{found[3]}}} has; remove it"
    return ""


@dataclass(frozen=True)
class _Reader:
    """Reads the translations of a block's lines.

    Attributes:
        path: The file.
        raw: The cells of each line.
        columns: The columns of each language.
        kinds: The kinds of filler that an English word is of.
        notes: Receives the words of conditions that are of none.
    """

    path: Path
    raw: Mapping[int, Sequence[str]]
    columns: Columns
    kinds: Mapping[str, set[str]]
    notes: list[str]

    def line(self, line: Line) -> Line:
        """Return a line with its translations."""
        cells = self.raw[line.number]
        variants = {
            language: tuple(
                self._variant(line, language, cells[i].strip(), cells[j].strip() if j else "")
                for i, j in places
                if cells[i].strip()
            )
            for language, places in self.columns.items()
        }
        present = {language: some for language, some in variants.items() if some}
        return Line(line.number, line.field, line.english, present)

    def _variant(self, line: Line, language: str, text: str, condition: str) -> Variant:
        """Return a translation with its condition."""
        if line.field == ANSWER and "{" in condition:
            return Variant(text, {}, condition)
        only: dict[str, set[str]] = {}
        for word in filter(None, (one.strip() for one in condition.split(","))):
            kinds = {LINE} if "{" in word else self.kinds.get(word, set())
            for kind in kinds:
                only.setdefault(kind, set()).add(word)
            if not kinds:
                what = f"{language}{CONDITION} lists {word!r:.40}, which is not a filler"
                self.notes.append(f"{self.path.name}:{line.number}: {what}")
        if condition and not only:
            only[LINE] = set()  # nothing that it lists is there: it never holds
        return Variant(text, {kind: frozenset(words) for kind, words in only.items()})
