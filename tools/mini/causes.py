"""Writes COPA and XCOPA: which of two choices is the cause, or the effect, of a premise?

A wrong choice is what is right for another premise that is asked the same question.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.mini.texts import read_blocks, read_table, write_json

LANGUAGES = ("it", "sw", "zh")  # XCOPA has no English
DEV = 16  # blocks for dev; the others are for test
STEPS = {"cause": 3, "effect": 5}  # so that no wrong choice happens to be right

Row = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """A premise, what is asked about it, and what is right."""

    question: str
    premise: str
    right: str


def parallel() -> dict[str, list[Item]]:
    """Return the items that are there in several languages, English among them."""
    items: dict[str, list[Item]] = {}
    for question, *lines in read_blocks("copa-parallel.txt"):
        for line in lines:
            code, premise, right = line.split("|")
            items.setdefault(code, []).append(Item(question, premise, right))
    return items


def rows_of(items: list[Item]) -> list[Row]:
    """Return the rows of a file, the place of the right choice in changing order."""
    rows = []
    for index, item in enumerate(items):
        others = [other for other in items if other.question == item.question]
        place = others.index(item) + STEPS[item.question]
        choices = [item.right, others[place % len(others)].right]
        label = (index // 2 + index // 8) % 2
        if label:
            choices.reverse()
        row: Row = {"premise": item.premise, "choice1": choices[0], "choice2": choices[1]}
        rows.append({**row, "question": item.question, "label": label, "idx": index})
    return rows


def write(data: Path) -> None:
    """Write the files of both; those of XCOPA's test lose their labels, as XTREME's do."""
    folder, labels = data / "xtreme" / "xcopa", data / "labels" / "xcopa"
    items = parallel()
    train = [Item(*fields) for fields in read_table("copa-en.txt")]
    write_json(folder / "train-en.jsonl", rows_of(train))
    write_json(folder / "val-en.jsonl", rows_of(items["en"][:DEV]))
    for code in LANGUAGES:
        dev, test = rows_of(items[code][:DEV]), rows_of(items[code][DEV:])
        write_json(folder / f"val-{code}.jsonl", [{**row, "changed": False} for row in dev])
        write_json(labels / f"test-{code}.jsonl", [{"label": row["label"]} for row in test])
        bare = [{**row, "label": 0, "changed": False} for row in test]
        write_json(folder / f"test-{code}.jsonl", bare)
