"""Small data sets in the layouts of LAReQA and Mewsli-X, written by rule."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import registry

THINGS = "mill river boat garden tower clock bridge lamp baker letter".split()


def paragraph(code: str, number: int) -> dict[str, Any]:
    """Return a paragraph of three sentences with a question about the first and the last."""
    thing = THINGS[number % len(THINGS)]
    sentences = [
        f"{code} has an old {thing} of {number + 3} stones.",
        f"Nobody in {code} painted it.",
        f"Its keeper {code.upper()}{number} sells {thing} cards.",
    ]
    text = "\n".join(sentences)
    breaks, start = [], 0
    for one in sentences:
        breaks.append([start, start + len(one)])
        start += len(one) + 1
    asked = [
        ("How many stones?", f"{number + 3} stones"),
        ("Who sells?", f"{code.upper()}{number}"),
    ]
    return {
        "context": text,
        "sentence_breaks": breaks,
        "qas": [
            {
                "id": f"q{number}-{i}",
                "question": f"{code} {thing}: {question}",
                "answers": [{"text": answer, "answer_start": text.index(answer)}],
            }
            for i, (question, answer) in enumerate(asked)
        ],
    }


def write_lareqa(data: Path, paragraphs: int = 2, spoilt: Mapping[str, Any] | None = None) -> None:
    """Write XQuAD-R in all of its languages.

    Args:
        data: The folder that XTREME's preparation fills.
        paragraphs: How many there are in a language.
        spoilt: Language to a function that changes its file's values.
    """
    for code in registry.task("lareqa").languages:
        value = {
            "data": [{"title": "T", "paragraphs": [paragraph(code, n) for n in range(paragraphs)]}]
        }
        (spoilt or {}).get(code, lambda _: None)(value["data"][0]["paragraphs"])
        write_json(data / f"lareqa/xquad-r/{code}.json", value)


def write_mewslix(data: Path, entities: int = 30, *, known: bool = True) -> None:
    """Write Mewsli-X: entities, and two documents a language with two mentions each.

    Args:
        data: The folder that XTREME's preparation fills.
        entities: How many there are.
        known: Whether the test files say which entity a mention is of.
    """
    write_lines(data / "mewslix/candidate_set_entities.jsonl", [entity(n) for n in range(entities)])
    for code in registry.task("mewslix").languages:
        rows = [document(code, n, known=known) for n in range(2)]
        write_lines(data / f"mewslix/wikinews_mentions/test-{code}.jsonl", rows)


def entity(number: int) -> dict[str, Any]:
    """Return an entity with a description of two sentences."""
    first = f"The {THINGS[number % len(THINGS)]} number {number} stands here."
    text = f"{first} It is known."
    return {
        "entity_id": f"Q{number}",
        "title": f"Title {number}",
        "description": text,
        "description_language": "en",
        "description_url": "https://example.org",
        "sentence_spans": [
            {"start": 0, "end": len(first)},
            {"start": len(first) + 1, "end": len(text)},
        ],
    }


def document(code: str, number: int, *, known: bool = True) -> dict[str, Any]:
    """Return a document of two sentences, each with a mention."""
    things = [THINGS[2 * number], THINGS[2 * number + 1]]
    sentences = [f"{code}: they saw the {thing} {number}." for thing in things]
    text = " ".join(sentences)
    mentions = [
        {
            "example_id": f"{code}-{number}-{i}",
            "mention_span": {
                "start": text.index(thing),
                "end": text.index(thing) + len(thing),
                "text": thing,
            },
            "entity_id": f"Q{2 * number + i}" if known else "",
        }
        for i, thing in enumerate(things)
    ]
    return {
        "context": {
            "document_title": "T",
            "document_url": "https://example.org",
            "document_id": f"{code}-{number}",
            "language": code,
            "text": text,
            "sentence_spans": [
                {"start": 0, "end": len(sentences[0])},
                {"start": len(sentences[0]) + 1, "end": len(text)},
            ],
        },
        "mentions": mentions,
    }


def write_lines(path: Path, rows: Sequence[Any]) -> None:
    """Write JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")
