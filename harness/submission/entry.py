"""Entry: what submission.json says, in format 2 (``schema/submission-2.json``)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

SUBMISSION = "submission.json"
VERIFIED = "verified.json"
PREDICTIONS = "predictions"
STATISTICS = "statistics"
MEAN = "mean"  # in place of a language: the mean over all of a task's languages
NOT_TASKS = ("overall", "groups")  # keys of claims that are no task's

Claims = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Task, language (or ``MEAN``), metric, points."""


@dataclass(frozen=True)
class EntryRun:
    """One run of an entry.

    Attributes:
        id: Name of its folder in predictions/.
        seed: Its seed.
        intermediate_run: Name of the intermediate training that it goes on from; None without
            one. Equal names mean one and the same training.
        files: Path of each prediction file below the run's folder (``xnli/test-de.tsv``), to the
            SHA-256 of its bytes.
    """

    id: str
    seed: int
    intermediate_run: str | None
    files: Mapping[str, str]


@dataclass(frozen=True)
class Entry:
    """A row of the leaderboard, as its submitter describes it.

    Attributes:
        slug: Its name and its folder's.
        title: What the board calls it.
        kind: ``runs``, or ``published`` for the numbers of a paper.
        benchmark: Name of the benchmark.
        partial: Why it is not whole, "" if it is.
        date: Day of the last run, YYYY-MM-DD.
        licence: SPDX identifier, "" if none is given.
        base: The checkpoint that the model began as.
        intermediate: Stages of intermediate training, as the schema has them; () for a baseline.
        baseline: Slug of the entry that it is compared with; None for a baseline.
        training: How the targets were trained, as the schema has it.
        runs: Its runs; () for published numbers.
        claims: What the submitter says the scores are, by task; {} if nothing.
        overall: The overall score that is claimed.
        groups: The group scores that are claimed.
        withdrawn: Why it is withdrawn, "" if it is not.
        value: All of it, as JSON values.
    """

    slug: str
    title: str
    kind: Literal["runs", "published"]
    benchmark: str
    partial: str
    date: str
    licence: str
    base: str
    intermediate: tuple[Mapping[str, Any], ...]
    baseline: str | None
    training: Mapping[str, Any]
    runs: tuple[EntryRun, ...]
    claims: Claims
    overall: float | None
    groups: Mapping[str, float]
    withdrawn: str
    value: Mapping[str, Any]

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Entry:
        """Return the entry that JSON values of format 2 hold, which must fit the schema."""
        claims = value.get("claims", {})
        return cls(
            **{name: value[name] for name in _PLAIN},
            base=value["model"]["base"],
            intermediate=tuple(value["intermediate"]),
            runs=tuple(EntryRun(**run) for run in value.get("runs", ())),
            claims={name: one for name, one in claims.items() if name not in NOT_TASKS},
            overall=claims.get("overall"),
            groups=claims.get("groups", {}),
            withdrawn=value.get("withdrawn", ""),
            value=value,
        )

    @property
    def units(self) -> dict[str, str]:
        """Return of each run the name of the intermediate training it goes on from, or ""."""
        return {run.id: run.intermediate_run or "" for run in self.runs}


_PLAIN = "slug title kind benchmark partial date licence baseline training".split()


def canonical(value: Any) -> str:
    """Return JSON values as the one text that is hashed: keys sorted, no white space."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def entry_hash(value: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """Return the SHA-256 that ties verified.json to an entry, in hex.

    Args:
        value: submission.json's JSON values, as they are on disk.
        files: ``run/task/file`` of each prediction file to the SHA-256 of its bytes.
    """
    lines = [canonical(value), *(f"{path} {files[path]}" for path in sorted(files))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
