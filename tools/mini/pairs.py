"""Writes the sentence pairs of XNLI and PAWS-X.

The test and the dev pairs are authored; the English training pairs are made of templates.
"""

from pathlib import Path

from tools.mini.texts import LANGUAGES, read_blocks, read_table, read_words, write_lines

LABELS = {"e": "entailment", "n": "neutral", "c": "contradiction"}
LABEL_ORDERS = ("enc", "cen", "nce", "ecn", "nec", "cne")
VASE = 21  # the template in which one number is the half or the double of the other

Pair = tuple[str, str, str]  # two sentences and their label
Group = dict[str, dict[str, str]]  # from role and language to sentence


def read_groups(name: str) -> list[Group]:
    """Return the groups of a table whose columns are group, role and one per language."""
    (_, _, *languages), *rows = read_table(name, "\t")
    groups: dict[str, Group] = {}
    for number, role, *sentences in rows:
        groups.setdefault(number, {})[role] = dict(zip(languages, sentences, strict=True))
    return list(groups.values())


def authored_nli(name: str, lang: str) -> list[Pair]:
    """Return each authored premise with its three hypotheses, the labels in changing order."""
    rows = []
    for index, group in enumerate(read_groups(name)):
        for letter in LABEL_ORDERS[index % len(LABEL_ORDERS)]:
            label = LABELS[letter]
            rows.append((group["premise"][lang], group[label][lang], label))
    return rows


def authored_paraphrases(name: str, lang: str) -> list[Pair]:
    """Return each authored sentence with its paraphrase (1) and with its look-alike (0)."""
    rows = []
    for index, group in enumerate(read_groups(name)):
        pair = [("paraphrase", "1"), ("different", "0")]
        if index % 3 != 0:
            pair.reverse()
        for role, label in pair:
            rows.append((group["sentence"][lang], group[role][lang], label))
    return rows


def composed_nli() -> list[Pair]:
    """Return 300 English inference pairs to learn from, 100 a label."""
    word = read_words("words.txt").word
    templates = read_blocks("nli-templates.txt")
    rows = []
    for filling in range(2):
        for index, (*premises, one, two, three, labels) in enumerate(templates):
            at = 7 * index + 11 * filling
            values = {
                "a": word("name", at),
                "b": word("name", at + 3),
                "c": word("name", at + 9),
                "city": word("city", at + 5 * filling),
                "day": word("day", at),
                "n": word("small", at),
                "m": word("large", 2 * filling if index == VASE else at + 2),
                "fruit": word("fruit", index + filling),
            }
            for premise, letters in zip(premises, labels.split(), strict=True):
                for hypothesis, letter in zip((one, two, three), letters, strict=True):
                    first, second = premise.format_map(values), hypothesis.format_map(values)
                    rows.append((first, second, LABELS[letter]))
    return rows


def composed_paraphrases() -> list[Pair]:
    """Return 240 English paraphrase pairs to learn from, 120 a label."""
    word = read_words("words.txt").word
    templates = read_blocks("paraphrase-templates.txt")
    rows = []
    for filling in range(8):
        for index, (kind, sentence, paraphrase) in enumerate(templates):
            x, y = word(kind, filling + index), word(kind, filling + index + 1 + index % 4)
            if kind == "year":  # the first is the earlier one, as the sentences have it
                x, y = sorted((word(kind, filling), word(kind, filling + 1 + index % 3)))
            source, other = (sentence, paraphrase) if filling % 2 else (paraphrase, sentence)
            swapped = source if (filling // 2) % 2 else other
            rows.append((source.format(x=x, y=y), other.format(x=x, y=y), "1"))
            rows.append((source.format(x=x, y=y), swapped.format(x=y, y=x), "0"))
    return rows


def write_task(data: Path, task: str, tests: dict[str, list[Pair]], **learnt: list[Pair]) -> None:
    """Write the test files of each language and the English files to learn from."""
    inputs, labels = data / "xtreme" / task, data / "labels" / task
    for lang, rows in tests.items():
        write_lines(inputs / f"test-{lang}.tsv", (f"{one}\t{two}" for one, two, _ in rows))
        write_lines(labels / f"test-{lang}.tsv", (label for _, _, label in rows))
    for split, rows in learnt.items():
        write_lines(inputs / f"{split}-en.tsv", map("\t".join, rows))


def write(data: Path) -> None:
    """Write the files of both tasks."""
    write_task(
        data,
        "xnli",
        {lang: authored_nli("nli.tsv", lang) for lang in LANGUAGES},
        dev=authored_nli("nli-dev-en.tsv", "en"),
        train=composed_nli(),
    )
    write_task(
        data,
        "pawsx",
        {lang: authored_paraphrases("paraphrase.tsv", lang) for lang in LANGUAGES},
        dev=authored_paraphrases("paraphrase-dev-en.tsv", "en"),
        train=composed_paraphrases(),
    )
