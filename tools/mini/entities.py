"""Writes Mewsli-X: mentions in news, a pool of entities, and English pairs to learn from."""

import re
from pathlib import Path
from typing import Any

from tools.mini.texts import read_blocks, read_table, sentence_spans, write_json

MENTION = re.compile(r"\[([^]]+)](?:\((\d+)\))?")  # [mention](number of its entity)
TEST = 12  # blocks of news for test; the others are for dev
TRAIN = 20  # blocks of pairs to learn from; the others are for dev
BARE = "Anchor"  # the entity whose description has no sentences

Row = dict[str, Any]


def spans_of(text: str) -> list[Row]:
    """Return the sentences of a text as Mewsli-X has them."""
    return [{"start": start, "end": end} for start, end in sentence_spans(text)]


def unmarked(marked: str) -> tuple[str, list[tuple[Row, str]]]:
    """Return a text without its marks, and the span and the entity of each mention."""
    text, last = "", 0
    mentions: list[tuple[Row, str]] = []
    for match in MENTION.finditer(marked):
        text += marked[last : match.start()]
        start, name = len(text), match[1]
        text, last = text + name, match.end()
        mentions.append(({"start": start, "end": len(text), "text": name}, f"M{match[2]}"))
    return text + marked[last:], mentions


def context_of(title: str, text: str, key: str, lang: str) -> Row:
    """Return a text that mentions something."""
    row: Row = {"document_title": title, "document_id": key, "language": lang, "text": text}
    return {**row, "sentence_spans": spans_of(text)}


def entity_of(key: str, title: str, description: str, lang: str) -> Row:
    """Return an entity."""
    return {
        "entity_id": key,
        "title": title,
        "description": description,
        "description_language": lang,
        "sentence_spans": [] if title == BARE else spans_of(description),
    }


def news() -> dict[str, list[Row]]:
    """Return the documents of each language with their mentions."""
    documents: dict[str, list[Row]] = {}
    for number, block in enumerate(read_blocks("mewslix-news.txt"), 1):
        for lang, title, body in (line.split("|") for line in block):
            text, found = unmarked(f"{title}\n\n{body}")
            key = f"{lang}-{number}"
            mentions = [
                {"example_id": f"mini-{key}-{place}", "mention_span": span, "entity_id": entity}
                for place, (span, entity) in enumerate(found, 1)
            ]
            document = {"context": context_of(title, text, key, lang), "mentions": mentions}
            documents.setdefault(lang, []).append(document)
    return documents


def pairs() -> list[list[Row]]:
    """Return the pairs of each entity to learn from."""
    blocks = []
    for number, (head, *lines) in enumerate(read_blocks("mewslix-pairs.txt"), 1):
        title, description = head.split("|")
        entity = entity_of(f"P{number}", title, description, "en")
        rows = []
        for place, line in enumerate(lines, 1):
            text, [(span, _)] = unmarked(line)
            key = f"P{number}-{place}"
            mention = {"example_id": f"mini-{key}", "mention_span": span, "entity_id": f"P{number}"}
            mentioned = {"context": context_of(title, text, key, "en"), "mention": mention}
            rows.append({"contextual_mention": mentioned, "entity": entity})
        blocks.append(rows)
    return blocks


def write(data: Path) -> None:
    """Write all files; the mentions of a test file lose their entities, as XTREME's do."""
    folder, labels = data / "xtreme" / "mewslix", data / "labels" / "mewslix"
    entities = enumerate(read_table("mewslix-entities.txt"), 1)
    pool = (entity_of(f"M{n}", title, text, lang) for n, (lang, title, text) in entities)
    write_json(folder / "candidate_set_entities.jsonl", pool)
    blocks = pairs()
    for split, chosen in (("train", blocks[:TRAIN]), ("dev", blocks[TRAIN:])):
        rows = [row for block in chosen for row in block]
        write_json(folder / f"wikipedia_pairs-{split}.jsonl", rows)
    for lang, documents in news().items():
        test = documents[:TEST]
        asked = [mention for document in test for mention in document["mentions"]]
        gold = {mention["example_id"]: [mention["entity_id"]] for mention in asked}
        write_json(labels / f"test-{lang}.json", [gold])
        for mention in asked:
            mention["entity_id"] = ""
        for split, chosen in (("test", test), ("dev", documents[TEST:])):
            write_json(folder / "wikinews_mentions" / f"{split}-{lang}.jsonl", chosen)
