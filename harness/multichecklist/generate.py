"""Test cases made from the templates: the seed decides them, byte for byte.

The random numbers are SHA-256 over the seed, the test and a count, so that no version of Python or
of a library changes them. They do not depend on the language: a case has the same English fillers
in all languages whose templates allow it.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.multichecklist.filling import Example, Filling, Renderer
from harness.multichecklist.first_names import first_names
from harness.multichecklist.templates import (
    PERSON,
    PROPERTY,
    Block,
    Templates,
    kind_of,
)

TRIES = 2000  # drawings without a new case, after which a test is taken to have no more

TITLES = {
    "A is COMP than B. Who is more / less COMP?": "comparisons",
    "Intensifiers (very, super, extremely) and reducers (somewhat, kinda, etc)?": "intensifiers",
    "size, shape, age, color": "properties",
    "Profession vs nationality": "professions",
    "Animal vs Vehicle": "animals",
    "Animal vs Vehicle v2": "animals2",
}
"""Short names of the six tests, after those of the official README."""

MALE_NAMES = ("comparisons", "intensifiers", "professions")
"""Tests whose templates have the male forms alone (GENDER_MARKING_TEMPLATES)."""


@dataclass(frozen=True)
class Case:
    """A test case, which passes if all its examples do.

    Attributes:
        test: The short name of its test.
        examples: Its examples.
    """

    test: str
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Suite:
    """The test cases of one language.

    Attributes:
        language: The language.
        cases: The cases of all tests.
    """

    language: str
    cases: tuple[Case, ...]

    @property
    def examples(self) -> list[Example]:
        """Return the examples of all cases."""
        return [example for case in self.cases for example in case.examples]


@dataclass
class Draws:
    """Random numbers that depend on a name alone.

    Attributes:
        name: The name.
    """

    name: str
    _count: int = field(default=0, init=False)

    def below(self, limit: int) -> int:
        """Return a number from 0 to below a limit."""
        self._count += 1
        digest = hashlib.sha256(f"{self.name} {self._count}".encode()).digest()
        return int.from_bytes(digest[:8]) % limit


def examples_in(block: Block, language: str) -> int:
    """Return how many examples a case of a test has: its contexts times its questions."""
    contexts = sum(language in line.variants for line in block.contexts)
    return contexts * sum(
        language in question.variants and language in answer.variants
        for question, answer in block.pairs
    )


def title_of(block: Block) -> str:
    """Return the short name of a test."""
    words = re.sub(r"\W+", "-", block.name.lower()).strip("-")
    return TITLES.get(block.name, words[:40] or "test")


def generate(templates: Templates, language: str, seed: int, cases: int) -> Suite:
    """Return a language's test cases.

    Args:
        templates: The templates.
        language: A language of theirs.
        seed: Decides the cases.
        cases: Cases of a test; fewer where the templates allow fewer different ones.

    Raises:
        HarnessError: A test has no case in the language, or there are no names for it.
    """
    made = []
    for block in templates.blocks:
        some = _cases(block, language, seed, cases)
        if not some:
            templates.fail(
                block.contexts[0],
                f"the test {block.name!r:.60} has no case in {language}: a context, question or"
                " filler is absent for every filling that was tried",
            )
        made += some
    return Suite(language, tuple(made))


def _cases(block: Block, language: str, seed: int, count: int) -> list[Case]:
    """Return the different cases of a test, as many as are asked for where there are as many."""
    title = title_of(block)
    names = first_names(language, male=title in MALE_NAMES)
    renderer = Renderer(block, language)
    seen: set[tuple[tuple[str, str], ...]] = set()
    cases: list[Case] = []
    last = 0
    for attempt in itertools.count():
        if len(cases) == count or attempt - last > TRIES:
            break
        filling = _filling(block, names, Draws(f"{seed} {title} {attempt}"))
        examples = renderer.examples(filling, f"{title}-{len(cases) + 1:04}")
        texts = tuple((one.context, one.question) for one in examples or ())
        if examples and texts not in seen:
            seen.add(texts)
            cases.append(Case(title, tuple(examples)))
            last = attempt
    return cases


def _filling(block: Block, names: Sequence[str], draws: Draws) -> Filling:
    """Return a filling of a test's templates: different persons, two different properties."""
    lines = {}
    for kind in sorted({kind_of(root) for root in block.roots} - {"", PROPERTY}):
        some = block.fillers[kind]
        lines[kind] = some[draws.below(len(some))]
    if "p" in block.roots:
        properties = list(block.fillers[PROPERTY])
        for number in ("1", "2"):
            one = properties.pop(draws.below(len(properties)))
            values = block.fillers[one.english]
            lines[f"p{number}"] = one
            lines[f"v{number}"] = values[draws.below(len(values))]
    left = list(range(len(names)))
    persons = [root for root in block.roots if PERSON.fullmatch(root)]
    return Filling({root: names[left.pop(draws.below(len(left)))] for root in persons}, lines)


def as_squad(suite: Suite) -> dict[str, object]:
    """Return a suite in SQuAD's form, a paragraph for each context of a case.

    An answer that does not stand in its context (some templates inflect it) has the offset -1.
    """
    articles: list[dict[str, object]] = []
    for case in suite.cases:
        paragraphs: dict[str, list[dict[str, object]]] = {}
        for one in case.examples:
            answer = {"text": one.answer, "answer_start": one.context.find(one.answer)}
            question: dict[str, object] = {"id": one.id, "question": one.question}
            question["answers"] = [answer]
            paragraphs.setdefault(one.context, []).append(question)
        listed = [{"context": one, "qas": qas} for one, qas in paragraphs.items()]
        articles.append({"title": case.test, "paragraphs": listed})
    return {"version": f"MultiCheckList templates, {suite.language}: ours", "data": articles}
