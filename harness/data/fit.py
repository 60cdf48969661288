"""Whether gold can belong to the examples it is given for.

``harness data check`` says what does not fit, ``harness eval`` refuses it before a run: scored, it
would only make the score lower, and nobody would know why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LAYOUTS = ("sentences", "bitext")
"""Layouts whose gold names places in the examples."""


def misfits(
    layout: str, columns: Mapping[str, Any], gold: Any | None, examples: object, labels: object
) -> list[str]:
    """Return what does not fit, a line each, with the file where it is.

    Args:
        layout: The examples' layout.
        columns: The test examples' ``side`` and ``id``.
        gold: As ``Format.read_gold`` gives it, None where it is not known.
        examples: Where the examples are.
        labels: Where the gold is.
    """
    if layout not in LAYOUTS:
        return []
    names: dict[str, list[str]] = {"source": [], "english": []}
    for side, name in zip(columns["side"], columns["id"], strict=True):
        names[side].append(name)
    if layout == "bitext":
        strange = foreign_pairs(names["source"], names["english"], gold or [])
        return [f"{labels}: {strange}"] if strange else []
    found = []
    source, english = len(names["source"]), len(names["english"])
    if source != english:
        found.append(
            f"{examples}: {source} sentences, but {english} English ones; they should be each"
            " other's translations"
        )
    if gold is not None and len(gold) != english:
        found.append(f"{labels}: {len(gold)} labels for {english} examples")
    lines = {str(number) for number in range(source)}
    beyond = [(i, label) for i, label in enumerate(gold or (), 1) if label not in lines]
    if beyond:
        number, label = beyond[0]
        found.append(
            f"{labels}:{number}: label {label!r} is no line of the language's file, which has 0 to"
            f" {source - 1} ({len(beyond)} such labels)"
        )
    return found


def foreign_pairs(
    source: Sequence[str], english: Sequence[str], gold: Sequence[tuple[str, str]]
) -> str:
    """Return what is wrong with pairs that name no sentences of the two sides, "" if none does.

    Args:
        source: Ids of the language's sentences.
        english: Ids of the English ones.
        gold: Pairs of an id of the language and an English one.
    """
    left, right = set(source), set(english)
    foreign = [pair for pair in gold if pair[0] not in left or pair[1] not in right]
    if not foreign:
        return ""
    turned = all(a in right and b in left for a, b in foreign)
    why = "the columns are the other way round" if turned else "the gold is of other files"
    return (
        f"{len(foreign)} of {len(gold)} gold pairs do not name a sentence of the language and then"
        f" an English one, as {foreign[0][0]} TAB {foreign[0][1]}; {why}"
    )
