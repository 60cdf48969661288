"""Questions on contexts, in SQuAD's JSON (XQuAD, MLQA, TyDiQA)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.bounds import shown
from harness.data.files import Report, read_json
from harness.data.layouts.layout import NUMBERS, STRING, STRINGS, Columns, Layout, Types

if TYPE_CHECKING:
    from harness.data.layouts.layout import Table


class Squad(Layout):
    """A SQuAD v1.1 file, complete or only its ``data``.

    ``starts`` are code points from 0. Empty answers are kept: the official scorer counts them.
    Offsets are never corrected.
    """

    columns: ClassVar[Types] = {
        "id": STRING,
        "context": STRING,
        "question": STRING,
        "answers": STRINGS,
        "starts": NUMBERS,
    }
    offsets = True
    label = "answers"
    classes = False
    context = "context"

    def read_file(self, path: Path, labels: Sequence[str], report: Report) -> Columns:
        """Read questions with their contexts and answers."""
        rows: Columns = {name: [] for name in self.columns}
        for context, qa in _questions(read_json(path), report):
            try:
                answers = [
                    (_text(a["text"]), int(a["answer_start"])) for a in qa.get("answers", ())
                ]
                identity, question = str(_text(qa["id"], int)), _text(qa["question"])
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
                what = f"a question has no usable id, question or answers ({error!r})"
                report(0, f"{what}; see SQuAD v1.1")
                continue
            rows["id"].append(identity)
            rows["context"].append(context)
            rows["question"].append(question)
            rows["answers"].append([text for text, _ in answers])
            rows["starts"].append([start for _, start in answers])
        return rows

    def misplaced(self, columns: Table) -> list[tuple[int, str]]:
        """Return the answers that are not at their offsets; an empty one always is.

        Translated sets have them, and sets whose offsets count UTF-16 units.
        """
        rows = zip(
            *(columns[name][:] for name in ("id", "context", "answers", "starts")), strict=True
        )
        return [
            (i, f"question {name}: answer {text[:40]!r} is not at character {start} of its context")
            for i, (name, context, answers, starts) in enumerate(rows)
            for text, start in zip(answers, starts, strict=True)
            if text and (start < 0 or not context.startswith(text, start))
        ]

    def misfits(self, columns: Table, gold: Any, examples: object, labels: object) -> list[str]:
        """Return a line on the questions without an answer, one on those that gold alone has."""
        if gold is None:
            return []
        answered, names = {name for name, _ in gold}, dict.fromkeys(columns["id"])
        missing = [name for name in names if name not in answered]
        strange = [name for name, _ in gold if name not in names]
        lines = []
        if missing:
            lines.append(f"{labels}: no answer to {len(missing)} questions, as {missing[0]:.60}")
        if strange:
            what = f"answers {len(strange)} questions that are not in {examples}"
            lines.append(f"{labels}: {what}, as {strange[0]:.60}; remove them")
        return lines


class SquadWithout(Squad):
    """A SQuAD v2.0 file, where a question may have no answer in its context."""

    def teaches(self, label: Any) -> bool:
        """Return True: questions without an answer are trained on, too."""
        return True


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
    """Return a text unchanged; refuse other values, which ``str`` would turn into texts."""
    if not isinstance(value, (str, *others)) or isinstance(value, bool):
        raise TypeError(f"no text but {shown(value)}")
    return value
