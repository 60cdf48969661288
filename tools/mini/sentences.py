"""Writes tatoeba, bucc2018 and the plain text of masked language modelling."""

import random
from dataclasses import dataclass
from pathlib import Path

from tools.mini.texts import LANGUAGES, read_lines, read_table, write_lines

PIVOT = "en"
SEED = 2018
DEV_PAIRS = 20
DEV_DISTRACTORS = 15
DEV_PIVOT_DISTRACTORS = 20


@dataclass(frozen=True)
class Split:
    """The sentences of one bucc2018 split, before they are shuffled and numbered.

    Attributes:
        rows: The parallel rows of the split, each from language to sentence.
        source: Sentences of the language that no English sentence translates.
        pivot: English sentences that no sentence of the language translates.
    """

    rows: list[dict[str, str]]
    source: list[str]
    pivot: list[str]


def read_parallel() -> list[dict[str, str]]:
    """Return the parallel sentences, each row from language to sentence."""
    header, *rows = read_table("parallel.tsv", "\t")
    return [dict(zip(header, row, strict=True)) for row in rows]


def write_tatoeba(data: Path, lang: str, rows: list[dict[str, str]]) -> None:
    """Write the tatoeba pair of files and the labels of one language."""
    pivot = sorted(row[PIVOT] for row in rows)
    position = {row[PIVOT]: index for index, row in enumerate(rows)}
    folder = data / "xtreme" / "tatoeba"
    write_lines(folder / f"{lang}-{PIVOT}.{lang}", (row[lang] for row in rows))
    write_lines(folder / f"{lang}-{PIVOT}.{PIVOT}", pivot)
    labels = data / "labels" / "tatoeba" / f"test-{lang}.tsv"
    write_lines(labels, (str(position[sentence]) for sentence in pivot))


def number(lang: str, sentences: list[str], first: int, rng: random.Random) -> dict[str, str]:
    """Shuffle sentences, number them from ``first`` on and return the identifier of each."""
    shuffled = rng.sample(sentences, len(sentences))
    return {text: f"{lang}-{index:09d}" for index, text in enumerate(shuffled, first)}


def write_bucc(data: Path, lang: str, splits: dict[str, Split]) -> None:
    """Write the bucc2018 files of one language and their gold pairs.

    The numbers run on from one split to the next, so that no identifier occurs in two splits.
    """
    rng = random.Random(f"{SEED}-{lang}")
    folder = data / "xtreme" / "bucc2018"
    gold_paths = {
        "dev": folder / f"{lang}-{PIVOT}.dev.gold",
        "test": data / "labels" / "bucc2018" / f"test-{lang}.tsv",
    }
    first = {lang: 1, PIVOT: 1}
    for name, split in splits.items():
        ids: dict[str, dict[str, str]] = {}
        for side, distractors in ((lang, split.source), (PIVOT, split.pivot)):
            sentences = [row[side] for row in split.rows] + distractors
            ids[side] = number(side, sentences, first[side], rng)
            first[side] += len(sentences)
            lines = (f"{key}\t{text}" for text, key in ids[side].items())
            write_lines(folder / f"{lang}-{PIVOT}.{name}.{side}", lines)
        gold = sorted(f"{ids[lang][row[lang]]}\t{ids[PIVOT][row[PIVOT]]}" for row in split.rows)
        write_lines(gold_paths[name], gold)


def write(data: Path) -> None:
    """Write every file of parallel sentences.

    The parallel and the English sentences are divided once for all languages: no sentence of a
    dev file has its translation in any test file.
    """
    rows = read_parallel()
    rng = random.Random(SEED)
    drawn = rng.sample(rows, len(rows))
    pivot = read_lines(f"distractors-{PIVOT}.txt")
    pivot = rng.sample(pivot, len(pivot))
    for lang in LANGUAGES:
        text = data / "intermediate" / "mlm" / f"{lang}.txt"
        write_lines(text, (row[lang] for row in rows))
        if lang == PIVOT:
            continue
        source = read_lines(f"distractors-{lang}.txt")
        dev = Split(drawn[:DEV_PAIRS], source[:DEV_DISTRACTORS], pivot[:DEV_PIVOT_DISTRACTORS])
        test = Split(drawn[DEV_PAIRS:], source[DEV_DISTRACTORS:], pivot[DEV_PIVOT_DISTRACTORS:])
        write_tatoeba(data, lang, rows)
        write_bucc(data, lang, {"dev": dev, "test": test})
