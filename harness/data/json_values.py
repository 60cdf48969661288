"""Values of JSON from outside, which are to be what their place needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.bounds import shown


def text_of(value: Any, what: str) -> str:
    """Return a text.

    Args:
        value: The value.
        what: What messages call it.

    Raises:
        ValueError: It is not one.
    """
    if not isinstance(value, str):
        raise ValueError(f"{what} is not text: {shown(value)}")
    return value


def id_of(value: Any, what: str) -> str:
    """Return an id, which is to stand on a line of its own; arguments as of ``text_of``."""
    if not isinstance(value, str) or not value.strip() or value.splitlines() != [value]:
        raise ValueError(f"{what} is not an id on one line: {shown(value)}")
    return value


def object_of(value: Any, what: str) -> Mapping[str, Any]:
    """Return an object; arguments as of ``text_of``."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{what} is not an object: {shown(value)}")
    return value


def list_of(value: Any, what: str) -> list[Any]:
    """Return a list; arguments as of ``text_of``."""
    if not isinstance(value, list):
        raise ValueError(f"{what} is not a list: {shown(value)}")
    return value
