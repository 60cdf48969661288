"""First names by language, for the tests' persons: first_names.tsv, a list of our own.

The official suites take theirs from the ``checklist`` package (Wikidata).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from harness.errors import unknown

FEMALE, MALE = "female", "male"


@cache
def _lists() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return the names by language and gender."""
    text = files("harness.multichecklist").joinpath("first_names.tsv").read_text("utf-8")
    lists: dict[str, dict[str, tuple[str, ...]]] = {}
    for line in text.splitlines()[1:]:
        language, gender, names = line.split("\t")
        lists.setdefault(language, {})[gender] = tuple(names.split())
    return lists


def first_names(language: str, *, male: bool) -> tuple[str, ...]:
    """Return a language's names, or the male ones alone.

    Raises:
        HarnessError: There is no list for the language.
    """
    lists = _lists()
    if language not in lists:
        raise unknown("language of first names", language, lists)
    both = lists[language]
    return both[MALE] if male else (*both[FEMALE], *both[MALE])
