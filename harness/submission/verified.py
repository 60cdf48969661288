"""verified.json: what a maintainer has recomputed of an entry, and how far it is to be trusted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from harness.data.files import Snapshot, write_text
from harness.errors import HarnessError
from harness.scoring import VERSION
from harness.submission import strict_json
from harness.submission.entry import VERIFIED
from harness.submission.incoming import Incoming
from harness.submission.listing import read_file
from harness.submission.summary import NUMBER, EntrySummary
from harness.version import STATISTICS

FORMAT = 1
DIGITS = 9  # of floats; more would differ from machine to machine


class Provenance(Enum):
    """How an entry's numbers are known; derived, never declared."""

    RECOMPUTED = "recomputed"
    STALE = "stale"
    CLAIMED = "claimed"
    PUBLISHED = "published"


@dataclass(frozen=True)
class Claim:
    """A claimed score beside the recomputed one.

    Attributes:
        claimed: Points, as the submitter says.
        found: Points, recomputed; None where there is nothing to recompute it from.
        difference: ``claimed`` less ``found``.
    """

    claimed: float
    found: float | None
    difference: float | None


@dataclass(frozen=True)
class Verified:
    """What verified.json says.

    Attributes:
        entry: Hash of submission.json and the prediction files (``entry_hash``).
        scorer: Version of the scorer (``harness.scoring.VERSION``).
        statistics: Version of sums and intervals (``harness.statistics.VERSION``).
        labels: Task to a hash of the labels of its languages.
        examples: Task to a hash of their test examples; without these there are no intervals.
        sums: Run to the hash of its file of sums by cluster.
        runs: Run to its scores: task, language, metric.
        summary: The scores over the runs, with intervals.
        claims: ``task/language/metric``, ``groups/NAME`` or ``overall`` to what was claimed.
        findings: Code to how many there are, of those that no other entry plays a part in.
    """

    entry: str
    scorer: int
    statistics: int
    labels: Mapping[str, str]
    examples: Mapping[str, str]
    sums: Mapping[str, str]
    runs: Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]]
    summary: EntrySummary
    claims: Mapping[str, Claim]
    findings: Mapping[str, int]

    @property
    def current(self) -> bool:
        """Return whether it was made by this scorer and these statistics."""
        return (self.scorer, self.statistics) == (VERSION, STATISTICS)

    def as_dict(self) -> dict[str, Any]:
        """Return what is written, as JSON values."""
        value: dict[str, Any] = _rounded({"format": FORMAT, **asdict(self)})
        return value

    def write(self, folder: Path) -> None:
        """Write verified.json into an entry's folder: the same bytes for the same input."""
        text = json.dumps(self.as_dict(), indent=1, ensure_ascii=False)
        write_text(f"{text}\n", folder / VERIFIED)

    @classmethod
    def read(cls, folder: Path, name: str = VERIFIED) -> Verified:
        """Read an entry's verified.json.

        Args:
            folder: The entry's folder.
            name: What messages call the file.

        Raises:
            HarnessError: It is missing, or not what ``write`` has written.
        """
        file = read_file(folder, VERIFIED, name)
        value = _values(file)
        try:
            if value["format"] != FORMAT:
                raise HarnessError(f"{file}: format {value['format']!r:.20}; verify again")
            others = {key: value[key] for key in cls.__dataclass_fields__ if key != "summary"}
            for key, (leaf, depth) in _SHAPES.items():
                _refuse_other(others[key], leaf, depth, key)
            others["claims"] = {key: Claim(**one) for key, one in value["claims"].items()}
            for one in others["claims"].values():
                _refuse_other(vars(one), (*NUMBER, type(None)), 1, "claims")
            return cls(**others, summary=EntrySummary.of(value["summary"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise HarnessError(
                f"{file}: not what verify writes ({error!r:.80}); verify again"
            ) from error

    def compare(self, folder: Path, name: str) -> list[str]:
        """Return the fields of an entry's verified.json that are not what they should be.

        Args:
            folder: The entry's folder.
            name: What messages call the file.
        """
        try:
            value = _values(read_file(folder, VERIFIED, name))
        except HarnessError as error:
            return [str(error)]
        there, right = (dict(_fields(one, "")) for one in (value, self.as_dict()))
        return [
            f"{key}: {_shown(there, key)}, should be {_shown(right, key)}"
            for key in dict.fromkeys([*right, *there])
            if _shown(there, key) != _shown(right, key)
        ]


_SHAPES: Mapping[str, tuple[tuple[type, ...], int]] = {
    **dict.fromkeys(("labels", "examples", "sums"), ((str,), 1)),
    "entry": ((str,), 0),
    "scorer": ((int,), 0),
    "statistics": ((int,), 0),
    "findings": ((int,), 1),
    "runs": (NUMBER, 4),
}
"""Field to the types of its values, and how many objects deep these lie."""


def _refuse_other(value: Any, leaf: tuple[type, ...], depth: int, name: str) -> None:
    """Refuse values that are not of some types, so many objects deep.

    Raises:
        TypeError: They are not.
    """
    if depth and type(value) is dict:
        for one in value.values():
            _refuse_other(one, leaf, depth - 1, name)
    elif depth or type(value) not in leaf:
        raise TypeError(f"{name}: {value!r:.40}")


def _values(file: Snapshot) -> Any:
    """Return the JSON values of verified.json.

    Raises:
        HarnessError: It is not strict JSON.
    """
    try:
        return strict_json.loads(file.raw)
    except strict_json.Refused as error:
        raise HarnessError(f"{file}: {error}; verify again") from error


def _fields(value: Any, above: str) -> Iterator[tuple[str, Any]]:
    """Yield the path of each value that is no object, and of each empty object."""
    if not isinstance(value, dict) or not value:
        yield above, value
        return
    for key, one in value.items():
        yield from _fields(one, f"{above}.{key}" if above else key)


def _shown(fields: Mapping[str, Any], key: str) -> str:
    return f"{json.dumps(fields[key]):.80}" if key in fields else "missing"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, Mapping):
        return {key: _rounded(one) for key, one in value.items()}
    return value


def provenance(incoming: Incoming) -> Provenance:
    """Return how an entry's numbers are known; no prediction is read for it.

    Args:
        incoming: The entry, which must fit the schema.
    """
    if incoming.entry.kind == "published":
        return Provenance.PUBLISHED
    if VERIFIED not in incoming.listing.files:
        return Provenance.CLAIMED
    try:
        verified = Verified.read(incoming.folder, incoming.shown(VERIFIED))
    except HarnessError:
        return Provenance.STALE
    same = verified.entry == incoming.hash and verified.current
    return Provenance.RECOMPUTED if same else Provenance.STALE
