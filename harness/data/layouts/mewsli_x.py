"""Mewsli-X: mentions in news, and a pool of the descriptions of a million entities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harness.bounds import shown
from harness.data.files import Report, strict
from harness.data.json_lines import rows_of
from harness.data.layouts.layout import Columns, Reports
from harness.data.layouts.pooled import Candidate, Pooled
from harness.data.mentions import description_of, query_of, sentence_of, span_of, spans_of

WHOLE = "entities without sentences, whose whole description is taken"
ACROSS = "mentions in no one sentence, with up to 512 characters around them"


class Mention(NamedTuple):
    """A mention of an entity.

    Attributes:
        id: Its example id.
        query: What it is looked up with.
        entity: The id of the entity; "" if it is not known.
        document: What it is in.
        across: Whether it is in no one sentence.
    """

    id: str
    query: str
    entity: str
    document: str
    across: bool


class MewsliX(Pooled):
    """Mewsli-X as XTREME's preparation lays it out: JSON lines of mentions, and of entities.

    Source: google-research/xtreme, third_party/utils_mewslix.py. A candidate is the description of
    an entity, without its title. A test file may have no entities; then its matches are empty.
    """

    one_right = True

    def read_file(self, path: Path, labels: Sequence[str], report: Report) -> Columns:
        """Read the mentions of a language."""
        columns: Columns = {name: [] for name in self.columns}
        seen: set[str] = set()
        for number, one in _mentions(path, report):
            if one.id in seen:
                report(number, f"the example_id {one.id:.60} comes twice; keep one")
            seen.add(one.id)
            columns["id"].append(one.id)
            columns["text"].append(one.query)
            columns["matches"].append([one.entity] if one.entity else [])
            columns["item"].append("")
            columns["context"].append(one.document)
        return columns

    def pool(
        self,
        paths: Sequence[Path],
        start: int = 0,
        stop: int | None = None,
        *,
        counts: Counter[str] | None = None,
        reports: Reports = strict,
    ) -> Iterator[Candidate]:
        """Yield the entities of the one file of the pool, an entity a line."""
        report = reports(paths[0])
        for number, row in rows_of(paths[0], report, start, stop):
            try:
                candidate, whole = _entity(row)
            except KeyError as error:
                report(number, f"no {error}; see Mewsli-X's candidate_set_entities")
                continue
            except ValueError as error:
                report(number, str(error))
                continue
            if whole and counts is not None:
                counts[WHOLE] += 1
            yield candidate

    def remarks(self, paths: Sequence[Path]) -> Mapping[str, int]:
        """Return how many mentions are in no one sentence."""
        return {ACROSS: sum(one.across for p in paths for _, one in _mentions(p, strict(p)))}


def _entity(row: Mapping[str, Any]) -> tuple[Candidate, bool]:
    """Return an entity's id and text, and whether it has no sentences.

    Raises:
        KeyError: Something is missing.
        ValueError: Something is not what it should be.
    """
    name, description = _name(row["entity_id"], "entity_id"), row["description"]
    if not isinstance(description, str) or not description.strip():
        raise ValueError(f"entity {name:.60} has no description; take it out of the pool")
    spans = spans_of(row.get("sentence_spans") or [], description)
    return (name, description_of(description, spans)), not spans


def _mentions(path: Path, report: Report) -> Iterator[tuple[int, Mention]]:
    """Yield the mentions of a file, with the numbers of their lines."""
    for number, row in rows_of(path, report):
        try:
            context, mentions = row["context"], row["mentions"]
            text = context["text"]
            if not isinstance(text, str):
                raise ValueError(f"the context's text is not text: {shown(text)}")
            spans = spans_of(context.get("sentence_spans") or [], text)
            document = _name(context["document_id"], "document_id")
            found = []
            for one in mentions:
                start, end = span_of(one["mention_span"], text)
                entity = one.get("entity_id") or ""
                found.append(
                    Mention(
                        _name(one["example_id"], "example_id"),
                        query_of(text, spans, start, end),
                        _name(entity, "entity_id") if entity else "",
                        document,
                        sentence_of(spans, start, end) is None,
                    )
                )
        except KeyError as error:
            report(number, f"no {error}; see Mewsli-X's wikinews_mentions")
        except ValueError as error:
            report(number, str(error))
        except (TypeError, AttributeError):
            report(number, "not a context with mentions; see Mewsli-X's wikinews_mentions")
        else:
            for mention in found:
                yield number, mention


def _name(value: Any, what: str) -> str:
    """Return an id, which is to stand on a line of its own."""
    if not isinstance(value, str) or not value.strip() or value.splitlines() != [value]:
        raise ValueError(f"{what} is not an id on one line: {shown(value)}")
    return value
