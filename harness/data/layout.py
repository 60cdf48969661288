"""File layouts, read into typed columns.

Five layouts of XTREME's hold all nine tasks: ``pairs`` (TSV), ``tags`` (a token a line),
``squad`` (JSON), ``sentences`` (two files of sentences) and ``bitext`` (the same with ids). Two
more are for intermediate tasks: ``choices`` (multiple choice) and ``lines`` (plain text). Source:
the layout that XTREME's preparation writes (google-research/xtreme, scripts/download_data.sh and
utils_preprocess.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.bounds import shown
from harness.data.files import Report, read_json, read_lines, strict

if TYPE_CHECKING:
    from datasets import Dataset

Columns = dict[str, list[Any]]

STRING = "string"
STRINGS = "list<string>"
NUMBERS = "list<int64>"
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "pairs": {"sentence1": STRING, "sentence2": STRING, "label": STRING},
    "tags": {"tokens": STRINGS, "tags": STRINGS},
    "squad": {
        "id": STRING,
        "context": STRING,
        "question": STRING,
        "answers": STRINGS,
        "starts": NUMBERS,
    },
    "sentences": {"side": STRING, "id": STRING, "text": STRING, "matches": STRINGS},
    "bitext": {"side": STRING, "id": STRING, "text": STRING, "matches": STRINGS},
    "choices": {"context": STRING, "question": STRING, "choices": STRINGS, "label": STRING},
    "lines": {"text": STRING, "language": STRING},
}
"""Column types of each layout; every Source gives exactly these. A missing label is None, a
missing list of tags None, missing answers an empty list. A choice's label is its place from "0".
``starts`` are code points from 0,
``side`` is ``source`` or ``english``, ``matches`` the ids of a sentence's known translations."""


def to_dataset(layout: str, columns: Columns) -> Dataset:
    """Return columns as a ``datasets.Dataset`` with the layout's types, in its column order."""
    from datasets import Dataset, Features, List, Value

    kinds = {STRING: Value("string"), STRINGS: List(Value("string")), NUMBERS: List(Value("int64"))}
    types = COLUMNS[layout]
    features = Features({name: kinds[kind] for name, kind in types.items()})
    return Dataset.from_dict({name: columns[name] for name in types}, features=features)


def read_pairs(path: Path, labels: Sequence[str], report: Report | None = None) -> Columns:
    """Read sentence pairs: ``sentence1 TAB sentence2 [TAB label]`` a line.

    XTREME writes them with Python's csv writer, which quotes a field that holds a double quote;
    such quoting is undone.
    """
    report = report or strict(path)
    rows: Columns = {"sentence1": [], "sentence2": [], "label": []}
    width = 0
    for number, line in enumerate(read_lines(path, report), 1):
        fields = [_unquote(text) for text in line.split("\t")]
        if len(fields) not in ((width,) if width else (2, 3)):
            report(
                number,
                f"{len(fields)} columns, expected {width or '2 or 3'}"
                " (sentence1, sentence2, label), separated by tabs",
            )
            continue
        width = len(fields)
        label = fields[2] if width == 3 else None
        if label is not None and label not in labels:
            report(number, f"label {label!r} is none of {', '.join(labels)}")
            continue
        rows["sentence1"].append(fields[0])
        rows["sentence2"].append(fields[1])
        rows["label"].append(label)
    return rows


def _unquote(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        inner = text[1:-1]
        if '"' not in inner.replace('""', ""):
            return inner.replace('""', '"')
    return text


def read_tags(path: Path, labels: Sequence[str], report: Report | None = None) -> Columns:
    """Read tagged sentences: ``token [TAB tag]`` a line, a blank line after each sentence.

    A ``-DOCSTART-`` line ends a sentence and is none itself (utils_tag.py). Token and tag may
    also be parted by spaces, as XTREME's preparation has it (utils_preprocess.py); a tag never
    stays in a token unseen.

    Args:
        path: The file, named after its language (``test-de.tsv``).
        labels: The tags; () stands for any.
        report: What to do with a malformed line; by default raises.
    """
    report = report or strict(path)
    known = set(labels)
    prefix = f"{path.stem.rpartition('-')[2]}:"
    tokens: list[list[str]] = [[]]
    tags: list[list[str]] = [[]]
    spaced: list[int] = []  # lines whose columns are parted by spaces
    marked: list[int] = []  # lines with the prefix of WikiANN's own files
    for number, line in enumerate(read_lines(path, report), 1):
        # of white space, a no-break space or a control character may be a token
        if not line.strip(" \t") or line.startswith("-DOCSTART-"):
            tokens.append([])
            tags.append([])
            continue
        token, *others = _columns_of(line, known)
        tag = others[0] if others else ""
        if len(others) > 1 or (not known and " " in tag):
            report(number, "more than two columns; expected token and tag, separated by one tab")
        elif tag and known and tag not in known:
            report(number, f"tag {tag!r} is none of {', '.join(labels)}")
        elif tags[-1] and bool(tags[-1][-1]) != bool(tag):
            report(number, f"some tokens of this sentence have a tag and some have none; {_TAB}")
        tokens[-1].append(token)
        tags[-1].append(tag)
        spaced += [number] if tag and known and "\t" not in line else []
        marked += [number] if token.startswith(prefix) else []
    kept = [i for i, words in enumerate(tokens) if words]
    if spaced and not all(tags[i][0] for i in kept):
        what = "ends in a tag after a space, but other sentences of the file have no tags"
        report(spaced[0], f"{what}; {_TAB}")
    count = sum(map(len, tokens))
    if 2 * len(marked) > count:
        what = f"{len(marked)} of {count} tokens begin with {prefix!r}, as in WikiANN's own files"
        report(marked[0], f"{what}; take the prefix off, as XTREME's preparation does")
    return {
        "tokens": [tokens[i] for i in kept],
        "tags": [tags[i] if tags[i][0] else None for i in kept],
    }


_TAB = "put a tab between token and tag, or at the end of a line that is all token"


def _columns_of(line: str, known: Collection[str]) -> list[str]:
    """Return the columns of a line of tags: token, perhaps tag, perhaps more than there may be.

    They are parted by tabs; in a line without a tab by white space, if the last one is a tag.
    """
    if "\t" in line:
        return [column.strip(" ") or column for column in line.split("\t")]
    columns = line.split()
    if len(columns) > 1 and (not known or columns[-1] in known):
        return columns
    return [line.strip(" ")]


def read_squad(path: Path, report: Report | None = None, *, offsets: bool = True) -> Columns:
    """Read a SQuAD v1.1 file, whole or its ``data`` alone.

    Empty answers are kept: the official scorer counts them. An answer is never moved.

    Args:
        path: The file.
        report: What to do with a malformed place; by default raises.
        offsets: Report answers that do not stand at their ``answer_start``, too.
    """
    report = report or strict(path)
    rows: Columns = {name: [] for name in COLUMNS["squad"]}
    for context, qa in _questions(read_json(path), report):
        try:
            answers = [(_text(a["text"]), int(a["answer_start"])) for a in qa.get("answers", ())]
            identity, question = str(_text(qa["id"], int)), _text(qa["question"])
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            report(
                0, f"a question has no usable id, question or answers ({error!r}); see SQuAD v1.1"
            )
            continue
        for text, start in answers if offsets else ():
            if not stands_at(context, text, start):
                report(
                    0,
                    f"question {identity}: answer {text[:40]!r} is not at character {start}"
                    " of its context",
                )
        rows["id"].append(identity)
        rows["context"].append(context)
        rows["question"].append(question)
        rows["answers"].append([text for text, _ in answers])
        rows["starts"].append([start for _, start in answers])
    return rows


def stands_at(context: str, answer: str, start: int) -> bool:
    """Say whether an answer is where it says in its context; an empty one is nowhere else."""
    return not answer or (start >= 0 and context.startswith(answer, start))


def is_labelled(label: Any) -> bool:
    """Say whether a label, or a list of tags, answers or matches, says anything.

    Answers of nothing but white space do not: XTREME's stripped test files have such.
    """
    return any(text.strip() for text in label) if isinstance(label, list) else bool(label)


def _questions(value: Any, report: Report) -> list[tuple[str, dict[str, Any]]]:
    try:
        articles = value if value and isinstance(value, list) else value["data"]
        return [
            (_text(paragraph["context"]), qa)
            for article in articles
            for paragraph in article["paragraphs"]
            for qa in paragraph["qas"]
        ]
    except (KeyError, TypeError, IndexError) as error:
        report(0, f"not in SQuAD's layout (data > paragraphs > context and qas): {error!r}")
        return []


def _text(value: Any, *others: type) -> Any:
    """Return a text as it is: ``str`` would make one of a list, and a score of it."""
    if not isinstance(value, (str, *others)) or isinstance(value, bool):
        raise TypeError(f"no text but {shown(value)}")
    return value


def read_sentences(
    path: Path, *, ids: bool, report: Report | None = None
) -> tuple[list[str], list[str]]:
    """Read sentences, one a line: ``id TAB sentence`` with ids, or the sentence alone.

    Returns:
        The ids (line numbers from 0 as text, where the file has none) and the sentences.
    """
    report = report or strict(path)
    names, texts = [], []
    for number, line in enumerate(read_lines(path, report), 1):
        name, tab, text = line.partition("\t") if ids else (str(number - 1), "\t", line)
        if not tab:
            report(number, "no tab; expected id, tab, sentence")
            continue
        names.append(name.strip())
        texts.append(text.strip())
    return names, texts


def read_id_pairs(path: Path, report: Report | None = None) -> list[tuple[str, str]]:
    """Read ``id TAB id`` lines (BUCC's gold)."""
    report = report or strict(path)
    return id_pairs(read_lines(path, report), report)


def id_pairs(lines: Sequence[str], report: Report) -> list[tuple[str, str]]:
    """Return the pairs of ``id TAB id`` lines."""
    pairs = []
    for number, line in enumerate(lines, 1):
        fields = line.strip().split("\t")
        if len(fields) != 2:
            report(number, f"{len(fields)} columns, expected two ids separated by a tab")
            continue
        pairs.append((fields[0], fields[1]))
    return pairs


def read_text(path: Path, report: Report | None = None) -> Columns:
    """Read plain text, a passage a line; the file is named after its language (``de.txt``).

    Blank lines are left out.
    """
    lines = [text for line in read_lines(path, report or strict(path)) if (text := line.strip())]
    return {"text": lines, "language": [path.stem] * len(lines)}
