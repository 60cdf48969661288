"""File layouts, read into typed columns.

Five layouts of XTREME's hold all nine tasks: ``pairs`` (TSV), ``tags`` (a token a line),
``squad`` (JSON), ``sentences`` (two files of sentences) and ``bitext`` (the same with ids). Two
more are for intermediate tasks: ``choices`` (multiple choice) and ``lines`` (plain text). Source:
the layout that XTREME's preparation writes (google-research/xtreme, scripts/download_data.sh and
utils_preprocess.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """Read tagged sentences: ``token [TAB tag]`` a line, a blank line after each sentence."""
    report = report or strict(path)
    known = set(labels)
    tokens: list[list[str]] = [[]]
    tags: list[list[str]] = [[]]
    for number, line in enumerate(read_lines(path, report), 1):
        if not line.strip(" \t"):  # a no-break space or a control character is a token
            tokens.append([])
            tags.append([])
            continue
        token, tab, tag = line.partition("\t")
        if not tab and not known:  # a user's supertag file may have spaces between its columns
            token, tag = [*line.split(None, 1), ""][:2]
            tag = tag.strip()
        if "\t" in tag or (not known and " " in tag):
            report(number, "more than two columns; expected token and tag, separated by one tab")
        elif tag and known and tag not in known:
            report(number, f"tag {tag!r} is none of {', '.join(labels)}")
        elif tags[-1] and bool(tags[-1][-1]) != bool(tag):
            report(number, "some tokens of this sentence have a tag and some have none")
        tokens[-1].append(token)
        tags[-1].append(tag)
    kept = [i for i, words in enumerate(tokens) if words]
    return {
        "tokens": [tokens[i] for i in kept],
        "tags": [tags[i] if tags[i][0] else None for i in kept],
    }


def read_squad(path: Path, report: Report | None = None) -> Columns:
    """Read a SQuAD v1.1 file. Answers whose text is empty are taken as absent.

    An answer that does not stand at its ``answer_start`` is reported, not moved.
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
        answers = [(text, start) for text, start in answers if text]
        for text, start in answers:
            if start < 0 or not context.startswith(text, start):
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


def _questions(value: Any, report: Report) -> list[tuple[str, dict[str, Any]]]:
    try:
        return [
            (_text(paragraph["context"]), qa)
            for article in value["data"]
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
    """Read ``id TAB id`` lines (BUCC gold and predictions)."""
    report = report or strict(path)
    pairs = []
    for number, line in enumerate(read_lines(path, report), 1):
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
