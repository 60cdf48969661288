"""The schemas of submission.json, held against values by jsonschema."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any

FORMATS = (1, 2)
MOST_ERRORS = 1_000  # of one file; nobody reads more, and hostile values have very many


def format_of(value: Any) -> int:
    """Return the format that an entry's values say they are of, 0 for none that is known."""
    said = value.get("format", 2) if isinstance(value, dict) else 0
    return int(said) if type(said) in (int, float) and said in FORMATS else 0


@cache
def schema_of(version: int) -> dict[str, Any]:
    """Return the schema of a format."""
    path = files("harness.submission") / "schema" / f"submission-{version}.json"
    return json.loads(path.read_text("utf-8"))


def fits(value: Any, version: int) -> bool:
    """Return whether values fit the schema of a format."""
    return next(errors_of(value, version), None) is None


def errors_of(value: Any, version: int) -> Iterator[Any]:
    """Yield jsonschema's errors, at most ``MOST_ERRORS``; none where jsonschema-rs finds none."""
    quick = _quick(version)
    try:
        if quick is not None and quick.is_valid(value):
            return
    except (ValueError, OverflowError, TypeError):
        pass  # a value that it cannot hold: jsonschema decides
    yield from islice(_thorough(version).iter_errors(value), MOST_ERRORS)


@cache
def _quick(version: int) -> Any:
    """Return the validator of jsonschema-rs, None where it is not installed (extra ``fast``)."""
    try:
        import jsonschema_rs
    except ImportError:
        return None
    return jsonschema_rs.Draft202012Validator(schema_of(version))


@cache
def _thorough(version: int) -> Any:
    """Return jsonschema's validator, made quicker.

    A test of unique items takes linear time, and of the members whose names have a pattern only
    those are looked at that are not plainly right: nearly all of an entry.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend

    def unique(_: Any, wanted: bool, items: Any, __: Any) -> Iterator[ValidationError]:
        if wanted and isinstance(items, list) and len(items) <= MOST_ERRORS:  # else: maxItems
            texts = {json.dumps(item, sort_keys=True) for item in items}
            if len(texts) < len(items):
                yield ValidationError("items that are there twice")

    def members(
        validator: Any, patterns: Mapping[str, Any], value: Any, _: Any
    ) -> Iterator[ValidationError]:
        for pattern, schema in patterns.items() if isinstance(value, dict) else ():
            for key, one in value.items():
                if not _is_plain(one, schema) and re.search(pattern, key):
                    yield from validator.descend(one, schema, path=key, schema_path=pattern)

    keywords = {"uniqueItems": unique, "patternProperties": members}
    return extend(Draft202012Validator, keywords)(
        _without_references(schema_of(version), schema_of(version).get("$defs", {}))
    )


_OF_CLAIMS = {"type", "maxProperties", "patternProperties", "additionalProperties"}


def _is_plain(value: Any, schema: Mapping[str, Any]) -> bool:
    """Return whether values are numbers within bounds, or objects of them; False if in doubt."""
    if schema.get("type") == "number":
        low, high = schema.get("minimum", math.inf), schema.get("maximum", -math.inf)
        return type(value) in (int, float) and low <= value <= high
    if schema.keys() - {"description", "examples"} != _OF_CLAIMS or type(value) is not dict:
        return False
    patterns = list(schema["patternProperties"].items())
    pattern, inner = patterns[0]
    return (
        (schema["type"], schema["additionalProperties"], len(patterns)) == ("object", False, 1)
        and len(value) <= schema["maxProperties"]
        and all(re.search(pattern, key) and _is_plain(one, inner) for key, one in value.items())
    )


def _without_references(node: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a schema with each definition in place of what refers to it: seven times as fast."""
    if isinstance(node, list):
        return [_without_references(inner, definitions) for inner in node]
    if not isinstance(node, dict):
        return node
    inner = {key: _without_references(one, definitions) for key, one in node.items()}
    name = inner.pop("$ref", "")
    return inner | definitions[name.rpartition("/")[2]] if name else inner
