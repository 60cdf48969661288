"""Writes the questions with choices: HellaSwag, Cosmos QA, CommonsenseQA and Social IQa.

The examples of a task go through their tables one filling after the other, so the dev examples,
the last ones, have fillings that training does not have; CommonsenseQA has but one filling.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.mini.intermediate_pairs import slot_values
from tools.mini.texts import (
    read_blocks,
    read_lines,
    read_table,
    read_words,
    write_json,
    write_lines,
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Fact:
    """What everybody knows: a question, its concept and which of the answers is right."""

    question: str
    concept: str
    right: int
    answers: list[str]


def place(right: str, wrong: list[str], at: int) -> list[str]:
    """Put the right answer at one of the places between the wrong ones."""
    at %= len(wrong) + 1
    return [*wrong[:at], right, *wrong[at:]]


def write_hellaswag(folder: Path) -> None:
    """Write HellaSwag; the wrong endings go with other activities."""
    rows: list[Row] = []
    acts = read_table("hellaswag-activities.txt")
    for filling, (subject, short) in enumerate(read_table("hellaswag-actors.txt")):
        for index, (label, first, second, right) in enumerate(acts):
            steps = (index + 5 + filling, index + 12 + 2 * filling, index + 25 + filling)
            wrong = [acts[step % len(acts)][3] + "." for step in steps]
            context = f"{subject} {first}. {short.capitalize()} {second}. {short}"
            row: Row = {"activity_label": label, "ctx": context, "label": len(rows) % 4}
            rows.append({**row, "endings": place(f"{right}.", wrong, len(rows))})
    write_json(folder / "hellaswag_train.jsonl", rows[:140])
    write_json(folder / "hellaswag_val.jsonl", rows[140:])


def write_cosmosqa(folder: Path) -> None:
    """Write Cosmos QA; two of the wrong answers are right for other stories."""
    rows: list[list[str | int]] = []
    stories = read_blocks("cosmosqa-stories.txt")
    for filling in range(4):
        for index, story in enumerate(stories):
            for kind in (1, 2):
                question, right, wrong = story[kind].split("|")
                others = [
                    stories[(index + step + filling) % len(stories)][kind].split("|")[1]
                    for step in (2, 7)
                ]
                label = (len(rows) + filling) % 4
                texts = [story[0], question, *place(right, [wrong, *others], label)]
                values = slot_values(3 * index + 5 * filling)
                filled = [text.format_map(values) for text in texts]
                rows.append([f"mini-cosmos-{len(rows)}", *filled, label])
    header = ["id", "context", "question", *(f"answer{i}" for i in range(4)), "label"]
    for name, part in (("train", rows[:80]), ("valid", rows[80:])):
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows([header, *part])
        write_lines(folder / f"{name}.csv", stream.getvalue().splitlines())


def facts() -> Iterator[Fact]:
    """Yield what is asked about each thing in the tables of CommonsenseQA."""
    for kind, stem in read_table("commonsenseqa-questions.txt"):
        table = read_words(f"commonsenseqa-{kind}.txt")
        for index, (answer, things) in enumerate(table.items()):
            for thing in things:
                article = "an" if thing[0] in "aeiou" else "a"
                concept = answer if kind == "jobs" else thing
                yield Fact(stem.format(a=article, x=thing), concept, index, list(table))


def write_commonsenseqa(folder: Path) -> None:
    """Write CommonsenseQA; the wrong choices are answers to like questions.

    The neighbours of the right answer in its table are no wrong choices.
    """
    parts: dict[str, list[Row]] = {"train": [], "dev": []}
    for number, fact in enumerate(facts()):
        rows = parts["dev" if number % 5 == 2 else "train"]
        answers = fact.answers
        steps = (fact.right + step + number % 3 for step in (2, 5, 8, 11))
        wrong = [answers[step % len(answers)] for step in steps]
        texts = place(answers[fact.right], wrong, len(rows))
        pairs = zip("ABCDE", texts, strict=True)
        choices = [{"label": letter, "text": text} for letter, text in pairs]
        question = {"question_concept": fact.concept, "choices": choices, "stem": fact.question}
        key = "ABCDE"[len(rows) % 5]
        rows.append({"answerKey": key, "id": f"mini-csqa-{number}", "question": question})
    for name, rows in parts.items():
        write_json(folder / f"{name}_rand_split.jsonl", rows)


def write_siqa(folder: Path) -> None:
    """Write Social IQa; the wrong answers belong to events of the other mood."""
    rows: list[Row] = []
    events, questions = read_table("siqa-events.txt"), read_lines("siqa-questions.txt")
    word = read_words("words.txt").word
    for filling in range(2):
        for index, event in enumerate(events):
            at = 3 * index + 11 * filling
            values = {"x": word("name", at), "y": word("name", at + 6)}
            for kind, question in enumerate(questions, 1):
                others = (index + 5 + 2 * filling, index + 11 + 2 * filling)
                wrong = [events[other % len(events)][kind] for other in others]
                label = (len(rows) + index) % 3
                texts = [event[0], question, *place(event[kind], wrong, label)]
                keys = ("context", "question", "answerA", "answerB", "answerC")
                filled = [text.format_map(values) for text in texts]
                rows.append({**dict(zip(keys, filled, strict=True)), "correct": "ABC"[label]})
    write_json(folder / "socialIQa_v1.4_trn.jsonl", rows[:90])
    write_json(folder / "socialIQa_v1.4_dev.jsonl", rows[90:114])


def write(folder: Path) -> None:
    """Write the files of the four tasks, each in its folder."""
    write_hellaswag(folder / "hellaswag")
    write_cosmosqa(folder / "cosmosqa")
    write_commonsenseqa(folder / "commonsenseqa")
    write_siqa(folder / "siqa")
