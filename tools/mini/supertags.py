"""Writes the supertagged sentences of CCG."""

from pathlib import Path

from tools.mini.texts import read_lines, read_table, write_lines

SENTENCES = 110
TRAIN_SIZE = 90


def choose(words: list[str], start: int, used: list[str]) -> str:
    """Return the first word from a place on that is not used yet, or the one at that place."""
    ring = [words[(start + step) % len(words)] for step in range(len(words))]
    return next((word for word in ring if word not in used), ring[0])


def write(folder: Path) -> None:
    """Write the training and the dev file, an empty line between two sentences."""
    rows = read_table("ccg-categories.txt")
    categories = {letter: (category, words.split()) for letter, category, words in rows}
    patterns = read_lines("ccg-patterns.txt")
    sentences: list[str] = []
    for number in range(SENTENCES):
        pattern = patterns[number % len(patterns)]
        used: list[str] = []
        for index, letter in enumerate(pattern):
            start = number // len(patterns) + 7 * number + index * (1 + number % 4)
            used.append(choose(categories[letter][1], start, used))
        tokens = [used[0][0].upper() + used[0][1:], *used[1:]]
        tags = [categories[letter][0] for letter in pattern]
        pairs = zip(tokens, tags, strict=True)
        sentences.append("\n".join(f"{token}\t{tag}" for token, tag in pairs))
    for split, part in (("train", sentences[:TRAIN_SIZE]), ("dev", sentences[TRAIN_SIZE:])):
        write_lines(folder / "ccg" / f"{split}.tsv", ["\n\n".join(part)])
