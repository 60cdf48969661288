"""Writes the tagged sentences of udpos and panx.

The test and the dev sentences are authored; the English training sentences are drawn from
templates and word lists with a fixed seed.
"""

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tools.mini.texts import LANGUAGES, read_blocks, read_lines, read_table, write_lines

TRAIN_SIZE = 240
FRAGMENT_SIZE = 60
SEEDS = {"udpos": 20200324, "panx": 20200325}
COLUMNS = {"udpos": 1, "panx": 2}  # where a token has the tag of the task
MAX_TRIES = 2000


class Token(NamedTuple):
    """One token with both of its tags."""

    form: str
    upos: str
    ner: str


class Words(NamedTuple):
    """A word list: UPOS tag, name type (empty: no name) and entries."""

    upos: str
    ner: str
    entries: list[str]


Sentence = tuple[Token, ...]
Forms = tuple[str, ...]
Lexicon = dict[str, Words]


def read_lexicon() -> Lexicon:
    """Return the word lists by name."""
    rows = read_table("words-tagged.txt")
    return {name: Words(upos, ner, entries.split()) for name, upos, ner, entries in rows}


def read_tagged(name: str) -> list[Sentence]:
    """Return the sentences of a file with a token, its UPOS tag and its name tag a line."""
    return [tuple(Token(*line.split("\t")) for line in block) for block in read_blocks(name)]


def parse_item(item: str, upos: str, ner: str) -> Sentence:
    """Return the tokens of one entry of a word list or one fixed token of a template.

    Args:
        item: Tokens joined by ``_``, each with an optional ``/TAG``.
        upos: The tag of the tokens without one.
        ner: The name type, or the empty string for no name.
    """
    tokens = []
    for position, part in enumerate(item.split("_")):
        form, _, tag = part.partition("/")
        name = f"{'I' if position else 'B'}-{ner}" if ner else "O"
        tokens.append(Token(form, tag or upos, name))
    return tuple(tokens)


def pick(rng: random.Random, options: Sequence[str]) -> str:
    """Choose one option, using only the generator's reproducible ``random()``."""
    return options[int(rng.random() * len(options))]


def compose_person(rng: random.Random, lexicon: Lexicon) -> str:
    """Compose a personal name of one to five tokens, joined by ``_``."""
    given = lexicon["given"].entries
    draw = rng.random()
    if draw < 0.35:
        return pick(rng, given)
    names = [pick(rng, given)]
    if draw > 0.88:
        names.append(pick(rng, [name for name in given if name != names[0]]))
    return "_".join([*names, pick(rng, lexicon["family"].entries)])


def fill(rng: random.Random, lexicon: Lexicon, template: str) -> Sentence:
    """Fill a template with words, using no entry twice in a sentence."""
    used: set[str] = set()
    tokens: list[Token] = []
    for item in template.split():
        if not item.startswith("{"):
            tokens.extend(parse_item(item, "X", ""))
            continue
        slot = item[1:-1]
        words = lexicon["given" if slot == "per" else slot]
        entry = ""
        while not entry or entry in used:
            entry = compose_person(rng, lexicon) if slot == "per" else pick(rng, words.entries)
        used.add(entry)
        tokens.extend(parse_item(entry, words.upos, words.ner))
    return polish(tokens)


def polish(tokens: Sequence[Token]) -> Sentence:
    """Put ``an`` before a vowel and a capital letter at the beginning."""
    polished = list(tokens)
    for index in range(len(polished) - 1):
        if polished[index].form == "a" and polished[index + 1].form[0].lower() in "aeiou":
            polished[index] = polished[index]._replace(form="an")
    first = next(i for i, token in enumerate(polished) if token.form[0].isalnum())
    form = polished[first].form
    if polished[first].upos != "X":
        polished[first] = polished[first]._replace(form=form[0].upper() + form[1:])
    return tuple(polished)


def forms(sentence: Sentence) -> Forms:
    """Return the lower-case forms of a sentence, by which sentences are told apart."""
    return tuple(token.form.lower() for token in sentence)


def compose(rng: random.Random, name: str, count: int, seen: set[Forms]) -> list[Sentence]:
    """Compose sentences from each template in turn.

    Args:
        rng: The random generator.
        name: The file of the templates.
        count: How many sentences to compose.
        seen: Sentences that must not occur; the new ones are added.
    """
    lexicon, templates = read_lexicon(), read_lines(name)
    sentences: list[Sentence] = []
    while len(sentences) < count:
        template = templates[len(sentences) % len(templates)]
        for _ in range(MAX_TRIES):
            sentence = fill(rng, lexicon, template)
            if forms(sentence) not in seen:
                break
        else:
            raise ValueError(f"no new sentence from the template: {template}")
        seen.add(forms(sentence))
        sentences.append(sentence)
    return sentences


def compose_train(task: str, authored: Iterable[Sentence]) -> list[Sentence]:
    """Compose the English training sentences, none of them authored, in a mixed order."""
    rng = random.Random(SEEDS[task])
    seen = {forms(sentence) for sentence in authored}
    fragments = FRAGMENT_SIZE if task == "panx" else 0
    sentences = compose(rng, "tagged-templates.txt", TRAIN_SIZE - fragments, seen)
    sentences += compose(rng, "tagged-fragments.txt", fragments, seen)
    keyed = [(rng.random(), index) for index in range(len(sentences))]
    return [sentences[index] for _, index in sorted(keyed)]


def write_columns(path: Path, sentences: list[Sentence], *columns: int) -> None:
    """Write these columns of the tokens, a token a line, with an empty line after a sentence."""
    lines: list[str] = []
    for sentence in sentences:
        lines += ["\t".join(token[column] for column in columns) for token in sentence]
        lines.append("")
    write_lines(path, lines)


def write(data: Path) -> None:
    """Write the files of both tasks."""
    tests = {lang: read_tagged(f"tagged-{lang}.tsv") for lang in LANGUAGES}
    dev = read_tagged("tagged-dev-en.tsv")
    for task, column in COLUMNS.items():
        inputs, labels = data / "xtreme" / task, data / "labels" / task
        for lang, sentences in tests.items():
            write_columns(inputs / f"test-{lang}.tsv", sentences, 0)
            write_columns(labels / f"test-{lang}.tsv", sentences, column)
        write_columns(inputs / "dev-en.tsv", dev, 0, column)
        train = compose_train(task, [*tests["en"], *dev])
        write_columns(inputs / "train-en.tsv", train, 0, column)
