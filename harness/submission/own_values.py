"""What the harness itself writes, held against the schema before it is written."""

from __future__ import annotations

from typing import Any

from harness.errors import HarnessError
from harness.submission.json_schema import errors_of, format_of, schema_of


def validate(submission: Any) -> None:
    """Check a submission's values against the schema of its format.

    Raises:
        HarnessError: They do not fit; names the field.
    """
    error = next(errors_of(submission, format_of(submission) or 2), None)
    if error is not None:
        place = ".".join(str(part) for part in error.absolute_path)
        raise HarnessError(
            f"the submission's {place or 'fields'} would not fit its schema: {error.message:.200}"
        )


def part_fits(key: str, value: Any) -> bool:
    """Return whether a value fits what format 2 says of a key."""
    from jsonschema import Draft202012Validator

    whole = schema_of(2)
    part = {"$defs": whole["$defs"], **whole["properties"][key]}
    return bool(Draft202012Validator(part).is_valid(value))
