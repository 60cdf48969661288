"""Scoring against its peers: the same predictions, one process, CPU time.

    python benchmarks/scoring.py [--scale 0.1]

Tagging: 40 languages of 10,000 sentences of 15 words with PAN-X's tags and seeded noise, scored
by `harness.scoring.chunk_scores` and by seqeval, as XTREME's ``evaluate.py`` calls it (three
passes: F1, precision, recall) and, for a fair view, in one pass (F1 alone). Answers: 10,000
questions, scored by `harness.scoring.squad_scores` and by the plain script of
``tests/support/reference_scorer.py``. Every side gets the same lists; making them is not timed,
and the numbers must agree. Exits with 1 when a target is missed or numbers differ.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT))

from support import reference_scorer

from harness.scoring import chunk_scores, squad_scores

T = TypeVar("T")
Tags = list[list[str]]

LANGUAGES, SENTENCES, WORDS, QUESTIONS = 40, 10_000, 15, 10_000
TAGGING_TARGET, ANSWERS_TARGET = 1 / 20, 1 / 3
TOLERANCE = 1e-9  # percentage points


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        work: What is scored.
        peer: Who is compared with us.
        ours: Our CPU time in seconds.
        theirs: The peer's.
        difference: Largest difference of a score, in points.
        target: Largest share of the peer's time we may take; None where there is no target.
    """

    work: str
    peer: str
    ours: float
    theirs: float
    difference: float
    target: float | None

    @property
    def share(self) -> float:
        """Our time as a share of the peer's."""
        return self.ours / self.theirs

    @property
    def good(self) -> bool:
        """Whether the numbers agree and the target, if any, is met."""
        return self.difference <= TOLERANCE and (self.target is None or self.share <= self.target)


def timed(call: Callable[..., T], *arguments: object) -> tuple[float, T]:
    """CPU seconds of a call, over all threads, and what it returns."""
    start = time.process_time()
    result = call(*arguments)
    return time.process_time() - start, result


def fresh(sentences: Tags) -> Tags:
    """The same tags as separate string objects, as reading a file gives them."""
    return [" ".join(sentence).split(" ") for sentence in sentences]


def tagged(count: int, seed: int) -> tuple[Tags, Tags]:
    """Gold and predicted tags of one language.

    Args:
        count: Number of sentences.
        seed: Seed of this language.
    """
    luck = random.Random(seed)
    pool = [f"{prefix}-{kind}" for prefix in "BI" for kind in ("PER", "ORG", "LOC")] + ["O"]
    gold: Tags = []
    for _ in range(count):
        sentence: list[str] = []
        while len(sentence) < WORDS:
            kind = luck.choice(("PER", "ORG", "LOC"))
            sentence += ["O"] * luck.randint(0, 5)
            sentence += [f"B-{kind}"] + [f"I-{kind}"] * luck.randint(0, 3)
        gold.append(sentence[:WORDS])
    noisy = [[luck.choice(pool) if luck.random() < 0.1 else t for t in s] for s in gold]
    return fresh(gold), fresh(noisy)


def tagging(scale: float) -> list[Row]:
    """Times chunk F1; a language at a time, so that memory stays small."""
    from seqeval.metrics import f1_score, precision_score, recall_score

    ours = three = one = difference = 0.0
    for language in range(LANGUAGES):
        gold, guess = tagged(max(1, round(SENTENCES * scale)), language)
        seconds, scores = timed(chunk_scores, gold, guess)
        ours += seconds
        for metric, score in (
            ("f1", f1_score),
            ("precision", precision_score),
            ("recall", recall_score),
        ):
            seconds, value = timed(score, gold, guess)
            three += seconds
            one += seconds if metric == "f1" else 0.0
            difference = max(difference, abs(scores[metric] - 100 * float(value)))
    work = f"chunk F1, {LANGUAGES} × {max(1, round(SENTENCES * scale)):,} sentences"
    return [
        Row(work, "seqeval, three passes", ours, three, difference, TAGGING_TARGET),
        Row(work, "seqeval, one pass (F1)", ours, one, difference, None),
    ]


def questions(count: int, seed: int) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Gold answers (one to three) and predictions of synthetic questions.

    Half of the predictions are right, the others cut, extended or another's; one in fifty
    misses.

    Args:
        count: Number of questions.
        seed: Seed.
    """
    luck = random.Random(seed)
    letters = "etaoinshrdlucmfwypvbgkqjxz"
    words = ["".join(luck.choices(letters, k=luck.randint(2, 10))) for _ in range(20_000)]
    words += ["the", "a", "of", "U.S.", "1,000", "São", "ﬁn-de-siècle", "Київ"] * 400

    def phrase() -> list[str]:
        chosen = luck.choices(words, k=min(12, 1 + int(luck.expovariate(0.4))))
        return [chosen[0].capitalize(), *chosen[1:]]

    gold: dict[str, list[str]] = {}
    guesses: dict[str, str] = {}
    for place in range(count):
        right = phrase()
        variants = [right, ["the", *right], right[: max(1, len(right) - 1)]]
        gold[str(place)] = [" ".join(words) for words in variants[: luck.randint(1, 3)]]
        others = [right[1:] or right, [*right, *phrase()], phrase()]
        guess = right if luck.random() < 0.5 else luck.choice(others)
        if luck.random() >= 0.02:
            guesses[str(place)] = " ".join(guess)
    return gold, guesses


def answers(scale: float) -> list[Row]:
    """Times SQuAD's exact match and F1; the best of five runs for each side."""
    count = max(1, round(QUESTIONS * scale))
    gold, guesses = questions(count, 0)
    ours = [timed(squad_scores, gold, guesses) for _ in range(5)]
    theirs = [timed(reference_scorer.squad_scores, gold, guesses) for _ in range(5)]
    difference = max(abs(ours[0][1][key] - theirs[0][1][key]) for key in ours[0][1])
    best = min(seconds for seconds, _ in ours), min(seconds for seconds, _ in theirs)
    work = f"SQuAD EM and F1, {count:,} questions"
    return [Row(work, "plain script, as published", *best, difference, ANSWERS_TARGET)]


def machine() -> str:
    """Threads, CPU flags and versions, in one line each."""
    try:
        info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        info = ""
    words = set(info.split())
    flags = [flag for flag in ("avx2", "avx512f", "avx512_bf16") if flag in words]
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "seqeval")]
    return "\n".join(
        [
            f"- threads used: 1 (numpy's element-wise code and Python); CPUs: {os.cpu_count()}",
            f"- CPU flags: {', '.join(flags) or 'none of avx2, avx512f, avx512_bf16'}",
            f"- Python {platform.python_version()}, {', '.join(versions)}",
        ]
    )


def table(rows: list[Row]) -> str:
    """A markdown table of rows."""
    lines = [
        "| work | peer | ours (CPU s) | peer (CPU s) | ratio | target | largest difference | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        target = f"1/{1 / row.target:.0f}" if row.target else "–"
        lines.append(
            f"| {row.work} | {row.peer} | {row.ours:.3f} | {row.theirs:.3f} | "
            f"1/{1 / row.share:.1f} | {target} | {row.difference:.1e} | "
            f"{'ok' if row.good else 'MISSED'} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Runs everything and prints the table; 1 if something is missed."""
    parser = argparse.ArgumentParser(description="Time the scores against their peers.")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size")
    scale = parser.parse_args().scale
    chunk_scores([["B-PER"]], [["B-PER"]])  # imports numpy and builds the tables, untimed
    rows = tagging(scale) + answers(scale)
    print(machine(), table(rows), sep="\n\n")
    return 0 if all(row.good for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
