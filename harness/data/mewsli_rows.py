"""Rows of Mewsli-X's files: entities, documents with mentions, and pairs of both.

A row that is not what it should be is a KeyError (something is missing) or a ValueError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from harness.data.files import Report
from harness.data.json_lines import rows_of
from harness.data.json_values import id_of, list_of, object_of, text_of
from harness.data.mentions import Span, description_of, query_of, sentence_of, span_of, spans_of

WHOLE = "entities without sentences, whose whole description is taken"
ACROSS = "mentions in no one sentence, with up to 512 characters around them"

Row = Mapping[str, Any]
Parsed = TypeVar("Parsed")


class Entity(NamedTuple):
    """An entity.

    Attributes:
        id: Its id.
        text: Its description.
        whole: Whether the description has no sentences, so that all of it was taken.
    """

    id: str
    text: str
    whole: bool


class Mention(NamedTuple):
    """A mention of an entity.

    Attributes:
        id: Its example id.
        query: What it is looked up with.
        entity: The id of the entity; "" if it is not known.
        across: Whether it is in no one sentence.
    """

    id: str
    query: str
    entity: str
    across: bool


class Document(NamedTuple):
    """A text with mentions.

    Attributes:
        id: Its id.
        mentions: The mentions in it.
    """

    id: str
    mentions: list[Mention]


class Pair(NamedTuple):
    """A mention and its entity.

    Attributes:
        mention: The mention.
        context: The text that it is in.
        entity: The entity.
    """

    mention: Mention
    context: str
    entity: Entity


def parsed_rows(
    path: Path,
    report: Report,
    parse: Callable[[Row], Parsed],
    start: int = 0,
    stop: int | None = None,
) -> Iterator[tuple[int, Parsed]]:
    """Yield what a parser makes of the rows of a file, with the numbers of their lines.

    Args:
        path: The file.
        report: Receives what is wrong with a line, which is left out.
        parse: One of the parsers below.
        start: The first row wanted, as ``rows_of`` counts them.
        stop: The row after the last one wanted; None for all.
    """
    for number, row in rows_of(path, report, start, stop):
        try:
            parsed = parse(row)
        except KeyError as error:
            report(number, f"no {error}; see Mewsli-X's {_FILES[parse]}")
        except ValueError as error:
            report(number, str(error))
        else:
            yield number, parsed


def entity_of(row: Row) -> Entity:
    """Return the entity of a row."""
    name, description = id_of(row["entity_id"], "entity_id"), row["description"]
    if not isinstance(description, str) or not description.strip():
        raise ValueError(f"entity {name:.60} has no description; take it out")
    spans = spans_of(row.get("sentence_spans") or [], description)
    return Entity(name, description_of(description, spans), not spans)


def document_of(row: Row) -> Document:
    """Return the document of a row."""
    text, spans = _context(row)
    mentions = [_mention(one, text, spans) for one in list_of(row["mentions"], "mentions")]
    return Document(id_of(row["context"]["document_id"], "document_id"), mentions)


def pair_of(row: Row) -> Pair:
    """Return the pair of a row."""
    mentioned = object_of(row["contextual_mention"], "contextual_mention")
    text, spans = _context(mentioned)
    mention = _mention(mentioned["mention"], text, spans)
    return Pair(mention, text, entity_of(object_of(row["entity"], "entity")))


def _context(row: Row) -> tuple[str, list[Span]]:
    """Return the text of a row's context, and where its sentences are."""
    context = object_of(row["context"], "context")
    text = text_of(context["text"], "the context's text")
    return text, spans_of(context.get("sentence_spans") or [], text)


def _mention(value: Any, text: str, spans: list[Span]) -> Mention:
    """Return a mention in a text."""
    row = object_of(value, "a mention")
    name, entity = id_of(row["example_id"], "example_id"), row.get("entity_id") or ""
    start, end = span_of(row["mention_span"], text)
    return Mention(
        name,
        query_of(text, spans, start, end),
        entity and id_of(entity, "entity_id"),
        sentence_of(spans, start, end) is None,
    )


_FILES: Mapping[Callable[[Row], Any], str] = {
    entity_of: "candidate_set_entities",
    document_of: "wikinews_mentions",
    pair_of: "wikipedia_pairs",
}
