"""Compose the mini tatoeba and bucc2018 data from the authored sentences.

Reads ``authored/parallel.tsv`` and ``authored/distractors-{lang}.txt`` beside
this script and writes, in XTREME's layout, the sentence files and the labels
below ``data/``. The output depends only on the authored files and ``SEED``.

    python tasks/mini/compose_sentences.py
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
AUTHORED = HERE / "authored"
DATA = HERE / "data"
PIVOT = "en"
LANGUAGES = ("de", "es", "zh", "ar", "hi", "sw")
SEED = 2018
PARALLEL_ROWS = 60
DEV_PAIRS = 20
DISTRACTORS = 40
DEV_DISTRACTORS = 15
PIVOT_DISTRACTORS = 60
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


def read_lines(path: Path) -> list[str]:
    """Read the lines of a UTF-8 file.

    Args:
        path: The file to read.

    Returns:
        Its lines, without their line ends.
    """
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines as UTF-8 with LF line ends and a final newline.

    Args:
        path: The file to write; missing folders above it are made.
        lines: The lines, without line ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{line}\n" for line in lines)
    path.write_text(text, encoding="utf-8", newline="\n")


def read_parallel(path: Path) -> list[dict[str, str]]:
    """Read the parallel sentences.

    Args:
        path: A tab-separated file whose header names the languages.

    Returns:
        One mapping from language to sentence for each row, in file order.

    Raises:
        ValueError: If the header, the number of rows or a row's width is wrong.
    """
    header, *lines = (line.split("\t") for line in read_lines(path))
    if header != [PIVOT, *LANGUAGES]:
        raise ValueError(f"{path.name}: unexpected header {header}")
    if len(lines) != PARALLEL_ROWS:
        raise ValueError(f"{path.name}: {len(lines)} rows, not {PARALLEL_ROWS}")
    return [dict(zip(header, cells, strict=True)) for cells in lines]


def read_distractors(lang: str) -> list[str]:
    """Read the sentences of a language that have no translation.

    Args:
        lang: The language code.

    Returns:
        The sentences, in file order.

    Raises:
        ValueError: If the file holds the wrong number of sentences.
    """
    path = AUTHORED / f"distractors-{lang}.txt"
    lines = read_lines(path)
    wanted = PIVOT_DISTRACTORS if lang == PIVOT else DISTRACTORS
    if len(lines) != wanted:
        raise ValueError(f"{path.name}: {len(lines)} lines, not {wanted}")
    return lines


def write_tatoeba(lang: str, rows: list[dict[str, str]]) -> None:
    """Write the tatoeba pair of files and the labels of one language.

    Args:
        lang: The language code.
        rows: The parallel rows, in authoring order.
    """
    pivot = sorted(row[PIVOT] for row in rows)
    position = {row[PIVOT]: index for index, row in enumerate(rows)}
    stem = DATA / "xtreme" / "tatoeba" / f"{lang}-{PIVOT}"
    write_lines(stem.with_name(f"{stem.name}.{lang}"), (row[lang] for row in rows))
    write_lines(stem.with_name(f"{stem.name}.{PIVOT}"), pivot)
    labels = DATA / "labels" / "tatoeba" / f"test-{lang}.tsv"
    write_lines(labels, (str(position[sentence]) for sentence in pivot))


def number(lang: str, sentences: list[str], first: int, rng: random.Random) -> dict[str, str]:
    """Shuffle sentences and give each an identifier.

    Args:
        lang: The language code that begins the identifiers.
        sentences: The sentences, all different.
        first: The number of the first sentence after shuffling.
        rng: The source of the shuffle.

    Returns:
        From sentence to identifier, in the shuffled order.
    """
    shuffled = rng.sample(sentences, len(sentences))
    return {text: f"{lang}-{index:09d}" for index, text in enumerate(shuffled, first)}


def write_bucc(lang: str, splits: dict[str, Split]) -> None:
    """Write the bucc2018 files of one language and their gold pairs.

    The numbers run on from one split to the next, so that no identifier
    occurs in two splits.

    Args:
        lang: The language code.
        splits: The splits by name, in the order in which they are numbered.
    """
    rng = random.Random(f"{SEED}-{lang}")
    folder = DATA / "xtreme" / "bucc2018"
    gold_paths = {
        "dev": folder / f"{lang}-{PIVOT}.dev.gold",
        "test": DATA / "labels" / "bucc2018" / f"test-{lang}.tsv",
    }
    first = {lang: 1, PIVOT: 1}
    for name, split in splits.items():
        extra = {lang: split.source, PIVOT: split.pivot}
        ids: dict[str, dict[str, str]] = {}
        for side, distractors in extra.items():
            sentences = [row[side] for row in split.rows] + distractors
            ids[side] = number(side, sentences, first[side], rng)
            first[side] += len(sentences)
            lines = (f"{key}\t{text}" for text, key in ids[side].items())
            write_lines(folder / f"{lang}-{PIVOT}.{name}.{side}", lines)
        gold = sorted(f"{ids[lang][row[lang]]}\t{ids[PIVOT][row[PIVOT]]}" for row in split.rows)
        write_lines(gold_paths[name], gold)


def main() -> None:
    """Compose every file.

    The parallel and the English sentences are divided once for all languages:
    no sentence of a dev file has its translation in any test file.
    """
    rows = read_parallel(AUTHORED / "parallel.tsv")
    rng = random.Random(SEED)
    drawn = rng.sample(rows, len(rows))
    pivot = rng.sample(read_distractors(PIVOT), PIVOT_DISTRACTORS)
    for lang in LANGUAGES:
        source = read_distractors(lang)
        dev = Split(drawn[:DEV_PAIRS], source[:DEV_DISTRACTORS], pivot[:DEV_PIVOT_DISTRACTORS])
        test = Split(drawn[DEV_PAIRS:], source[DEV_DISTRACTORS:], pivot[DEV_PIVOT_DISTRACTORS:])
        write_tatoeba(lang, rows)
        write_bucc(lang, {"dev": dev, "test": test})


if __name__ == "__main__":
    main()
