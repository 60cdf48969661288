"""The concern of disclosure: what an entry says of its training, and what the board says of that.

Zero-shot is about the training on targets. Intermediate training on other languages than English
is a question that the benchmark is there to answer, not a fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from harness import registry
from harness.submission.entry import SUBMISSION, Entry
from harness.submission.findings import Finding, finding
from harness.submission.incoming import Incoming
from harness.submission.statements import unstated

ENGLISH = "en"


@dataclass(frozen=True)
class Holding:
    """A kind of training set that is known to hold test items.

    Attributes:
        words: What its name says, all of these (small letters and digits alone).
        unless: What its name does not say, any of these.
        tasks: The tasks whose test items it holds.
        why: What it has in common with them.
    """

    words: tuple[str, ...]
    tasks: tuple[str, ...]
    why: str
    unless: tuple[str, ...] = ()

    def names(self, name: str) -> bool:
        """Return whether a training set's name is of this kind."""
        plain = "".join(letter for letter in name.lower() if letter.isalnum())
        return all(word in plain for word in self.words) and not any(
            word in plain for word in self.unless
        )


TEST = ("test",)
HOLDINGS = (
    Holding(("squad", "dev"), ("xquad", "lareqa"), "XQuAD is 240 paragraphs of SQuAD's dev"),
    Holding(("xquad",), ("xquad", "lareqa"), "XQuAD is test data alone"),
    Holding(("tydiqa", "dev"), ("tydiqa",), "TyDiQA's dev is the test set of the benchmark"),
    Holding(("xnli",), ("xnli",), "XNLI is dev and test data alone", ("train",)),
    Holding(("mlqa",), ("mlqa",), "MLQA is dev and test data alone", ("train",)),
    Holding(("xcopa",), ("xcopa",), "XCOPA is dev and test data alone"),
    *(
        Holding((name, *TEST), (name,), "by its name it is the test set")
        for name in ("pawsx", "udpos", "panx", "tydiqa", "mewslix")
    ),
    Holding(("tatoeba",), ("tatoeba",), "Tatoeba is test data alone", ("train",)),
    Holding(("bucc",), ("bucc2018",), "the test set is BUCC's training set"),
)
"""Source: XTREME's preparation scripts and the data sets' own papers."""


class DisclosureConcern:
    """Whether what is said of the training goes together, and what a reader has to know of it."""

    name: ClassVar[str] = "disclosure"
    rests_on: ClassVar[tuple[str, ...]] = ("schema",)

    def look(self, incoming: Incoming) -> Iterator[Finding]:
        """Yield the findings."""
        file, entry = incoming.shown(SUBMISSION), incoming.entry
        yield from _regime(entry, file)
        yield from _selection(entry, file)
        yield from _test_items(entry, file)
        yield from _notes(entry, file)


def _regime(entry: Entry, file: str) -> Iterator[Finding]:
    """Yield a zero-shot entry whose training on the targets saw other languages than English."""
    languages: list[str] = list(entry.training["languages"])
    for one in entry.training.get("extra", ()):  # data for the targets, too
        languages += one["languages"]
    others = [c for c in dict.fromkeys(languages) if c.partition("-")[0] != ENGLISH]
    if entry.training["regime"] == "zero-shot" and others:
        yield finding(
            "D601",
            file,
            f"regime zero-shot, but the targets were trained in {', '.join(others)}",
            "English alone, or another regime",
            remedy="say translate-train, few-shot or supervised; languages of intermediate"
            " training go to intermediate",
            pointer="/training/languages",
        )


def _selection(entry: Entry, file: str) -> Iterator[Finding]:
    """Yield an entry whose checkpoint was chosen with target languages."""
    selection: str = entry.training["selection"]
    if selection in ("target-dev", "test"):
        what = "the targets' dev scores" if selection == "target-dev" else "test scores"
        yield finding(
            "D602",
            file,
            f"the checkpoint was chosen by {what}",
            "english-dev or last",
            remedy=f"the board marks the row: chosen on {selection.replace('-', ' ')}",
            pointer="/training/selection",
        )


def _test_items(entry: Entry, file: str) -> Iterator[Finding]:
    """Yield the intermediate tasks that are known to hold test items of the benchmark."""
    targets = registry.benchmark(entry.benchmark).task_names()
    for number, stage in enumerate(entry.intermediate):
        for place, task in enumerate(stage["tasks"]):
            name: str = task["name"]
            holding = next((one for one in HOLDINGS if one.names(name)), None)
            tested = [target for target in holding.tasks if target in targets] if holding else []
            if holding and tested:
                pair = f"{name} → {', '.join(tested)}"
                yield finding(
                    "D603",
                    file,
                    f"{pair}: {holding.why}",
                    "training sets without test items",
                    remedy=f"the board marks the row: trained on test items ({pair}); if it was"
                    " another part of the data, name that part",
                    pointer=f"/intermediate/{number}/tasks/{place}/name",
                )


def _notes(entry: Entry, file: str) -> Iterator[Finding]:
    """Yield what is allowed and shown beside the row."""
    if entry.intermediate and len(entry.runs) > 1 and len(set(entry.units.values())) == 1:
        yield finding(
            "D604",
            file,
            f"all {len(entry.runs)} runs go on from one intermediate training",
            remedy="the board says: one intermediate training, its chance is in no interval",
            pointer="/runs",
        )
    if len(entry.runs) == 1:
        yield finding(
            "D605",
            file,
            "one run",
            remedy="the board says: one run, the spread over seeds is not known",
            pointer="/runs",
        )
    tried: int = entry.training["tried"]
    if tried > 1:
        yield finding(
            "D606",
            file,
            f"{tried:,} configurations were scored on test",
            remedy=f"the board says: the best of {tried:,} on test",
            pointer="/training/tried",
        )
    if not entry.licence:
        yield finding(
            "D607",
            file,
            "no licence",
            remedy="the board says: no licence, all rights reserved; name one, as CC-BY-4.0",
            pointer="/licence",
        )
    if lacking := unstated(entry):
        yield finding(
            "D608",
            file,
            f"not stated: {', '.join(lacking)}",
            f"what {registry.benchmark(entry.benchmark).title} asks of an entry",
            remedy="the board marks the row: not stated; add them, or give harness eval --about",
            pointer="/model",
        )
