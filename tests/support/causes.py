"""A small XCOPA and Social IQa in XTREME's layout, written for the tests."""

import json
import shutil
from pathlib import Path
from typing import Any

from support.places import MINI

THINGS = "lamp cup door window boat kite clock bell drum rope".split()
ENDS = [
    ("The {} broke.", "It fell from the table.", "It was painted green.", "cause"),
    ("It rained on the {} all night.", "The {} was sold at noon.", "The {} got wet.", "effect"),
    ("Somebody forgot the {}.", "They came back for it.", "They watered the garden.", "effect"),
]


def rows(count: int, *, labelled: bool = True) -> list[dict[str, Any]]:
    """Return questions, the right options in both places in turn; without labels all say 0."""
    made = []
    for number in range(count):
        thing = THINGS[number % len(THINGS)]
        premise, first, second, question = (text.format(thing) for text in ENDS[number % len(ENDS)])
        label = number % 2
        one, two = (second, first) if label else (first, second)
        made.append(
            {"premise": premise, "choice1": one, "choice2": two, "question": question,
             "label": label if labelled else 0, "idx": number, "changed": False}
        )  # fmt: skip
    return made


def write_rows(path: Path, values: list[dict[str, Any]]) -> None:
    """Write JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in values), "utf-8")


def write_xcopa(folder: Path, tests: int = 60, languages: tuple[str, ...] = ("et", "qu")) -> Path:
    """Write ``xtreme/xcopa``, its labels and ``intermediate/siqa``; return the folder."""
    write_rows(folder / "xtreme/xcopa/train-en.jsonl", rows(24))
    write_rows(folder / "xtreme/xcopa/val-en.jsonl", rows(12))
    for code in languages:
        write_rows(folder / f"xtreme/xcopa/val-{code}.jsonl", rows(12))
        write_rows(folder / f"xtreme/xcopa/test-{code}.jsonl", rows(tests, labelled=False))
        write_rows(folder / f"labels/xcopa/test-{code}.jsonl", rows(tests))
    shutil.copytree(MINI / "intermediate" / "siqa", folder / "intermediate" / "siqa")
    return folder
