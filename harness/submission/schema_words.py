"""What a schema finds wrong with submission.json, in plain words: S201, S202, S203, C503."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.errors import closest
from harness.submission.findings import AT_MOST, Finding, finding
from harness.submission.json_schema import schema_of
from harness.submission.strict_json import escaped

ONLY_RUNS = ("runs", "manifest")  # keys that published numbers have not

_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}
_LIMITS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} keys",
    "maxProperties": "at most {} keys",
}


def told(errors: Iterable[Any], version: int, value: Any, file: str) -> Iterator[Finding]:
    """Yield findings for jsonschema's errors, each place and code once.

    Args:
        errors: The errors.
        version: Format of the schema.
        value: The values that have them.
        file: What findings call the file.
    """
    seen: set[tuple[str, str]] = set()
    for error in errors:
        for one in _worded(error, version, value, file):
            if (one.code, one.pointer) not in seen:
                seen.add((one.code, one.pointer))
                yield one


def pointer_of(path: Iterable[str | int]) -> str:
    """Return a JSON pointer (RFC 6901)."""
    return "".join(f"/{escaped(str(part))}" for part in path)


def shown(value: Any) -> str:
    """Return JSON values in a few words."""
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, (list, dict)) else ""
    return text if 0 < len(text) <= 80 else f"{text[:77]}…" if text else _kind(value)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return names.get(type(value), "null" if value is None else "a number")


def _worded(error: Any, version: int, value: Any, file: str) -> Iterator[Finding]:
    """Yield the findings that an error stands for."""
    path, keyword, instance = list(error.absolute_path), error.validator, error.instance
    rule = [str(part) for part in error.absolute_schema_path][:3]
    where = pointer_of(path)
    if version == 2 and rule[0] == "allOf":
        yield from _by_rule(error, rule, value, file)
    elif keyword == "required":
        for key in (key for key in error.validator_value if key not in instance):
            yield _missing(file, where, key, _field(version, [*path, key]))
    elif keyword == "additionalProperties":
        yield from _unknown(error, where, file)
    elif keyword == "anyOf":
        deeper = [one for one in error.context if one.validator != "type"]
        expected = _expected(deeper[0], version, path) if deeper else _field_words(version, path)
        yield _wrong(file, where, shown(instance), f"{expected}, or null", version, path)
    elif keyword in ("maximum", "minimum") and path[:1] == ["claims"]:
        code = "C503" if keyword == "maximum" else "S203"
        side = "above 100" if keyword == "maximum" else "below 0"
        remedy = "scores are in points, 0 to 100"
        yield finding(
            code, file, f"{shown(instance)}, {side}", "0 to 100", pointer=where, remedy=remedy
        )
    else:
        expected = _expected(error, version, path)
        found = shown(instance)
        if keyword in _LIMITS:
            found = f"{len(instance):,} {expected.rpartition(' ')[2]}"
        yield _wrong(file, where, found, expected, version, path, _near(error))


def _by_rule(
    error: Any, rule: Sequence[str], value: Mapping[str, Any], file: str
) -> Iterator[Finding]:
    """Yield the findings of the rules that tie fields together."""
    if rule[1] == "1":
        stages, baseline = value.get("intermediate"), value.get("baseline")
        if not isinstance(stages, list) or not isinstance(baseline, (str, type(None))):
            return  # that is told already
        expected, remedy = "null, as `intermediate` is []", "an entry without stages is a baseline"
        if stages:
            expected = "the slug of the baseline, as `intermediate` is not []"
            remedy = "name the entry of the same base without intermediate training"
        yield finding("S203", file, shown(baseline), expected, pointer="/baseline", remedy=remedy)
    elif value.get("kind") not in ("runs", "published"):
        return
    elif error.validator == "required":
        kind = value["kind"]
        for key in (key for key in error.validator_value if key not in value):
            yield _missing(file, "", key, _field(2, [key]), f", as `kind` is {kind!r}")
    else:  # jsonschema does not say which of the forbidden keys it was
        remedy = "remove it, or write `kind`: runs"
        for key in (key for key in ONLY_RUNS if key in value):
            found = f"`{key}` in an entry of published numbers"
            yield finding("S202", file, found, "none", pointer=f"/{key}", remedy=remedy)


def _missing(file: str, above: str, key: str, field: Mapping[str, Any], why: str = "") -> Finding:
    remedy = "add it" + _for_example(field, key)
    expected = field.get("description", "it is required").rstrip(".")
    found = f"no key `{key}`{why}"
    return finding("S201", file, found, expected, pointer=f"{above}/{escaped(key)}", remedy=remedy)


def _unknown(error: Any, where: str, file: str) -> Iterator[Finding]:
    """Yield a finding for each key that an object must not have."""
    known = list(error.schema.get("properties", ()))
    patterns = list(error.schema.get("patternProperties", ()))
    count = 0
    for key in error.instance:
        if key in known or any(re.search(pattern, key) for pattern in patterns):
            continue
        count += 1  # more are not told one by one, and likeness takes its time
        near = next(iter(closest(key, known)), "") if count <= AT_MOST else ""
        expected = f"one of {', '.join(known)}" if known else f"a key like {patterns[0]}"
        remedy = f"write `{near}`" if near else "remove it, or say it in `notes`"
        place = f"{where}/{escaped(key)}"
        found = f"the key {key[:80]!r}"
        yield finding("S202", file, found, expected, pointer=place, near=near, remedy=remedy)


def _wrong(
    file: str,
    where: str,
    found: str,
    expected: str,
    version: int,
    path: list[str | int],
    near: str = "",
) -> Finding:
    field = _field(version, path)
    remedy = (f"write {near!r}" if near else "correct it") + _for_example(field)
    return finding("S203", file, found, expected, pointer=where, near=near, remedy=remedy)


def _expected(error: Any, version: int, path: list[str | int]) -> str:
    """Return what an error's keyword asks for."""
    keyword, wanted = error.validator, error.validator_value
    if keyword in _LIMITS:
        return _LIMITS[keyword].format(f"{wanted:,}")
    if keyword in ("minimum", "maximum"):
        return f"at {'least' if keyword == 'minimum' else 'most'} {wanted:,}"
    field = _field_words(version, path)
    names = [wanted] if isinstance(wanted, str) else wanted
    words: dict[str, Callable[[], str]] = {
        "type": lambda: " or ".join(_TYPES[name] for name in names),
        "enum": lambda: f"one of {', '.join(map(str, wanted))}",
        "const": lambda: shown(wanted),
        "uniqueItems": lambda: "each item once",
        "pattern": lambda: f"{field} ({wanted})",
    }
    return words.get(keyword, lambda: field)()


def _near(error: Any) -> str:
    """Return the nearest value of an enumeration, "" for other errors."""
    if error.validator != "enum" or not isinstance(error.instance, str):
        return ""
    return next(iter(closest(error.instance, error.validator_value)), "")


def _field(version: int, path: Iterable[str | int]) -> Mapping[str, Any]:
    """Return what the schema says of a field, {} for nothing."""
    node: Mapping[str, Any] = schema_of(version)
    for part in path:
        if isinstance(part, int):
            node = node.get("items", {})
        elif part in node.get("properties", {}):
            node = node["properties"][part]
        else:
            patterns = node.get("patternProperties", {}).items()
            node = next((inner for pattern, inner in patterns if re.search(pattern, part)), {})
    return node


def _field_words(version: int, path: Iterable[str | int]) -> str:
    words = str(_field(version, path).get("description", "a value that the schema allows"))
    return words.partition(";")[0].rstrip(".")


def _for_example(field: Mapping[str, Any], key: str = "") -> str:
    """Return an example of a field, where it is short."""
    examples = [json.dumps(one, ensure_ascii=False) for one in field.get("examples", ())[-1:]]
    named = f'"{key}": ' if key else ""
    return "".join(f", for example {named}{one}" for one in examples if len(one) <= 120)
