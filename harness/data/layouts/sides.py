"""Sentences in two languages, a file for each (Tatoeba; BUCC, whose sentences have ids)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.data.files import Report, read_lines
from harness.data.layouts.layout import STRING, STRINGS, Columns, Layout, Reports, Types

if TYPE_CHECKING:
    from harness.data.layouts.layout import Table

Pair = tuple[str, str]


class Sentences(Layout):
    """Two files of sentences that are each other's translations (Tatoeba).

    ``side`` is ``source`` or ``english``, ``matches`` has the ids of a sentence's known
    translations; ids are line numbers from 0 as text.
    """

    columns: ClassVar[Types] = {"side": STRING, "id": STRING, "text": STRING, "matches": STRINGS}
    label = "matches"
    classes = False
    gold_names_places = True
    with_ids: ClassVar[bool] = False

    def read(self, paths: Sequence[Path], labels: Sequence[str], reports: Reports) -> Columns:
        """Read the language's file, the English one and perhaps the gold pairs."""
        columns: Columns = {name: [] for name in self.columns}
        matches: dict[str, list[str]] = {}
        none: list[str] = []
        pairs: list[Pair] = []
        for path in paths[2:]:
            pairs += id_pairs(read_lines(path, reports(path)), reports(path))
        for left, right in pairs:
            matches.setdefault(left, []).append(right)
            matches.setdefault(right, []).append(left)
        for side, path in zip(("source", "english"), paths, strict=False):
            ids, texts = self._sentences(path, reports(path))
            columns["side"] += [side] * len(ids)
            columns["id"] += ids
            columns["text"] += texts
            # a list for each of a million sentences would be most of the reading
            columns["matches"] += [matches.get(name, none) for name in ids]
        foreign = foreign_pairs(ids_of(columns), pairs) if pairs else ""
        if foreign:
            reports(paths[2])(0, foreign)
        return columns

    def _sentences(self, path: Path, report: Report) -> tuple[list[str], list[str]]:
        """Read sentences, one per line: ``id TAB sentence`` with ids, else only the sentence."""
        lines = read_lines(path, report)
        if not self.with_ids:
            return [str(number) for number in range(len(lines))], [line.strip() for line in lines]
        names, texts = [], []
        for number, line in enumerate(lines, 1):
            name, tab, text = line.partition("\t")
            if not tab:
                report(number, "no tab; expected id, tab, sentence")
                continue
            names.append(name.strip())
            texts.append(text.strip())
        return names, texts

    def arranged(self, columns: Columns) -> Columns:
        """Return aligned pairs in XTREME's layout: English sorted, its line numbers as matches."""
        source, english = columns["source"], columns["english"]
        order = sorted(range(len(english)), key=lambda i: english[i].strip())
        place = {original: rank for rank, original in enumerate(order)}
        count = len(source)
        return {
            "side": ["source"] * count + ["english"] * count,
            "id": [str(i) for i in range(count)] * 2,
            "text": [text.strip() for text in source] + [english[i].strip() for i in order],
            "matches": [[str(place[i])] for i in range(count)] + [[str(i)] for i in order],
        }

    def count(self, columns: Table) -> int:
        """Return the number of sentences in the language."""
        return sum(side == "source" for side in columns["side"])

    def misfits(self, columns: Table, gold: Any, examples: object, labels: object) -> list[str]:
        """Return sides of different lengths, and gold that is not a line of the language's file."""
        names = ids_of(columns)
        source, english = len(names["source"]), len(names["english"])
        problems = []
        if source != english:
            problems.append(
                f"{examples}: {source} sentences, but {english} English ones; they should be each"
                " other's translations"
            )
        if gold is not None and len(gold) != english:
            problems.append(f"{labels}: {len(gold)} labels for {english} examples")
        lines = {str(number) for number in range(source)}
        beyond = [(i, label) for i, label in enumerate(gold or (), 1) if label not in lines]
        if beyond:
            number, label = beyond[0]
            problems.append(
                f"{labels}:{number}: label {label!r} is no line of the language's file, which has"
                f" 0 to {source - 1} ({len(beyond)} such labels)"
            )
        return problems


class Bitext(Sentences):
    """Two collections of sentences with ids, some of which translate each other (BUCC)."""

    with_ids = True

    def misfits(self, columns: Table, gold: Any, examples: object, labels: object) -> list[str]:
        """Return gold pairs that do not name sentences."""
        foreign = foreign_pairs(ids_of(columns), gold or [])
        return [f"{labels}: {foreign}"] if foreign else []


def id_pairs(lines: Sequence[str], report: Report) -> list[Pair]:
    """Return the pairs of ``id TAB id`` lines."""
    pairs = []
    for number, line in enumerate(lines, 1):
        fields = line.strip().split("\t")
        if len(fields) != 2:
            report(number, f"{len(fields)} columns, expected two ids separated by a tab")
            continue
        pairs.append((fields[0], fields[1]))
    return pairs


def ids_of(columns: Table) -> Mapping[str, list[str]]:
    """Return the ids of the sentences of each side."""
    pairs = list(zip(columns["side"], columns["id"], strict=True))
    return {one: [name for side, name in pairs if side == one] for one in ("source", "english")}


def foreign_pairs(ids: Mapping[str, Sequence[str]], gold: Sequence[Pair]) -> str:
    """Return what is wrong with pairs that do not name sentences of both sides, "" if all do.

    Args:
        ids: The ids of each side (``ids_of``).
        gold: Pairs of an id in the language and an English one.
    """
    left, right = set(ids["source"]), set(ids["english"])
    foreign = [pair for pair in gold if pair[0] not in left or pair[1] not in right]
    if not foreign:
        return ""
    swapped = all(a in right and b in left for a, b in foreign)
    why = "the columns are the other way round" if swapped else "the gold is of other files"
    return (
        f"{len(foreign)} of {len(gold)} gold pairs do not name a sentence of the language and then"
        f" an English one, as {foreign[0][0]} TAB {foreign[0][1]}; {why}"
    )
