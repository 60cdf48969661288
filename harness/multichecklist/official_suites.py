"""The official suites, ``XX_squad_suite.json``: questions without answers, case after case.

They hold neither answers nor where a case ends (TestSuite.to_raw_file of the ``checklist`` package
writes contexts and questions alone; the answers are in pickles, which are not read). Both follow
from the templates: a context and a question that fit a template say what its fillers are, the
answer is the template's with these, and a case goes on while the fillers stay the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.data.files import strict
from harness.data.layouts import Squad
from harness.errors import HarnessError
from harness.multichecklist.filling import Example, asked_property, capital
from harness.multichecklist.generate import Case, Suite, examples_in, title_of
from harness.multichecklist.templates import (
    FILLER,
    LINE,
    PERSON,
    PROPERTY,
    Block,
    Line,
    Templates,
    Variant,
    kind_of,
    parts_of,
)

FILE = "{lang}_squad_suite.json"
LARGEST = 64 << 20  # bytes of a file; the official ones have about two million
LONGEST = 2000  # characters of a context or question; the templates make some hundred

Facts = Mapping[str, frozenset[str]]
"""Filler to what it may be: a person's name, English fillers, a value of a property."""


@dataclass(frozen=True)
class Fit:
    """A text that fits a template.

    Attributes:
        facts: What that says of the fillers.
        texts: What stands for each filler of the template.
    """

    facts: Facts
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Reading:
    """One way to read an example.

    Attributes:
        facts: What its context and question say of the fillers.
        answer: The answer that follows.
    """

    facts: Facts
    answer: str


def joined(one: Facts, other: Facts) -> Facts | None:
    """Return what two texts say together, None if they contradict each other."""
    both = {key: one.get(key, other.get(key, frozenset())) for key in {**one, **other}}
    for key in one.keys() & other.keys():
        both[key] = one[key] & other[key]
    return both if all(both.values()) else None


@dataclass(frozen=True)
class Pattern:
    """What fits a template of a test in one language.

    Attributes:
        block: The test.
        language: The language.
        variant: The template.
        asked: Number of the property that a question asks for; "" of a context.
    """

    block: Block
    language: str
    variant: Variant
    asked: str
    _regex: list[re.Pattern[str]] = field(default_factory=list, compare=False)

    def fit(self, text: str) -> Fit | None:
        """Return how a text fits, None if it does not."""
        if not self._regex:
            self._regex.append(self._compiled())
        found = self._regex[0].fullmatch(text)
        if found is None:
            return None
        facts: Facts | None = self._conditions()
        texts = {}
        for i, match in enumerate(self._fillers()):
            texts[match[0]] = found[f"f{i}"]
            facts = joined(facts, self._facts(match, found[f"f{i}"])) if facts is not None else None
        return None if facts is None else Fit(facts, texts)

    def _fillers(self) -> list[re.Match[str]]:
        """Return the different fillers of the template."""
        return list({m[0]: m for m in FILLER.finditer(self.variant.text)}.values())

    def _compiled(self) -> re.Pattern[str]:
        """Return the template as a regular expression with a group for each filler."""
        groups = {match[0]: i for i, match in enumerate(self._fillers())}
        pattern, end, seen = "", 0, set()
        for match in FILLER.finditer(self.variant.text):
            pattern += re.escape(self.variant.text[end : match.start()])
            number, end = groups[match[0]], match.end()
            if match[0] in seen:
                pattern += f"(?P=f{number})"
                continue
            seen.add(match[0])
            forms = {form for _, form in self._values(match)}
            values = sorted(forms | set(map(capital, forms)), key=len, reverse=True)
            pattern += f"(?P<f{number}>{'|'.join(map(re.escape, values)) or '.{1,60}?'})"
        return re.compile(pattern + re.escape(self.variant.text[end:]), re.DOTALL)

    def _values(self, match: re.Match[str]) -> Iterator[tuple[str, str]]:
        """Yield the forms that a filler may have, each with its English; none of a person."""
        root, part, of_property = match.groups()
        if PERSON.fullmatch(root):
            return
        kind = kind_of(root)
        if of_property and of_property[0] == "v":
            for one in self.block.fillers[PROPERTY]:
                for line in self.block.fillers[one.english]:
                    yield from ((one.english, form) for form in self._forms(line, None))
            return
        for line in self.block.fillers[kind]:
            yield from ((line.english, form) for form in self._forms(line, part))

    def _forms(self, line: Line, part: str | None) -> Iterator[str]:
        """Yield the forms of a line's translations, or of one part of each."""
        for variant in line.variants.get(self.language, ()):
            forms = parts_of(variant.text, len(parts_of(line.english)))
            if part is None:
                yield variant.text
            elif int(part) < len(forms):
                yield forms[int(part)]

    def _facts(self, match: re.Match[str], text: str) -> Facts:
        """Return what a filler's text says."""
        root, _, of_property = match.groups()
        if PERSON.fullmatch(root):
            return {root: frozenset([text])}
        found = frozenset(
            english for english, form in self._values(match) if text in (form, capital(form))
        )
        if of_property is None:
            return {kind_of(root): found}
        facts = {f"p{of_property[1]}": found}
        return facts | ({of_property: frozenset([text])} if of_property[0] == "v" else {})

    def _conditions(self) -> Facts:
        """Return what the template's own condition says."""
        facts = {}
        for kind, words in self.variant.only.items():
            if kind == PROPERTY:
                facts[f"p{self.asked or 1}"] = words
            elif kind != LINE:
                lines = self.block.fillers[kind]
                facts[kind] = frozenset(line.english for line in lines if line.words & words)
        return facts


@dataclass(frozen=True)
class Reader:
    """Reads the examples of one test in one language.

    Attributes:
        block: The test.
        language: The language.
        contexts: What its contexts fit.
        questions: What each question fits, with its answer.
    """

    block: Block
    language: str
    contexts: tuple[Pattern, ...]
    questions: tuple[tuple[Pattern, Line], ...]
    _fits: dict[str, list[Fit]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, block: Block, language: str) -> Reader:
        """Return the reader of a test."""
        contexts = [
            Pattern(block, language, variant, "")
            for line in block.contexts
            for variant in line.variants.get(language, ())
        ]
        questions = []
        for question, answer in block.pairs:
            asked = asked_property(answer)
            other = f"{{p.p{'1' if asked == '2' else '2'}}}"
            for variant in question.variants.get(language, ()):
                if other not in variant.text and language in answer.variants:
                    questions.append((Pattern(block, language, variant, asked), answer))
        return cls(block, language, tuple(contexts), tuple(questions))

    def readings(self, context: str, question: str) -> list[Reading]:
        """Return the ways to read an example that differ in the answer, in the templates' order.

        Of several templates that a context fits that counts in which the persons' names are the
        shortest: else "Ana very" would be a name.
        """
        if context not in self._fits:
            fits = (pattern.fit(context) for pattern in self.contexts)
            self._fits[context] = sorted((fit for fit in fits if fit is not None), key=_length)
        if not self._fits[context]:
            return []
        asked = [(pattern.fit(question), answer) for pattern, answer in self.questions]
        for fit in self._fits[context]:
            found: dict[str, Reading] = {}
            for other, answer in asked:
                facts = joined(fit.facts, other.facts) if other else None
                right = self._answer(answer, fit, context)
                if facts is not None and right is not None:
                    found.setdefault(right, Reading(facts, right))
            if found:
                return list(found.values())
        return []

    def _answer(self, answer: Line, fit: Fit, context: str) -> str | None:
        """Return the answer with the context's fillers, None if it has others."""
        variant = answer.variants[self.language][0]
        texts = []
        for template in (variant.text, variant.instead):
            if any(match[0] not in fit.texts for match in FILLER.finditer(template)):
                return None
            texts.append(FILLER.sub(lambda match: fit.texts[match[0]], template))
        right, other = texts
        return other if other and right not in context and other in context else right


def _length(fit: Fit) -> int:
    """Return how long the persons' names are together."""
    return sum(len(text) for filler, text in fit.texts.items() if PERSON.match(filler[1:]))


def read_suite(folder: Path, language: str, templates: Templates) -> Suite:
    """Read an official suite, and what its templates say that is right.

    Raises:
        HarnessError: The file is missing or malformed, or a question fits no template.
    """
    path = folder / FILE.format(lang=language)
    if path.is_file() and path.stat().st_size > LARGEST:
        raise HarnessError(f"{path}: larger than {LARGEST >> 20} MiB; expected an official suite")
    rows = Squad().read_file(path, (), strict(path))
    if not rows["id"]:
        raise HarnessError(f"{path}: holds no questions")
    if repeated := [name for name, count in Counter(rows["id"]).items() if count > 1]:
        raise HarnessError(f"{path}: the id {repeated[0]:.60} stands twice; ids must differ")
    for name, *texts in zip(rows["id"], rows["context"], rows["question"], strict=True):
        if max(map(len, texts)) > LONGEST:
            what = f"question {name:.60}: over {LONGEST:,} characters; not of a suite"
            raise HarnessError(f"{path}: {what}")
    readers = [Reader.of(block, language) for block in templates.blocks]
    cases: list[_Open] = []
    for name, context, question in zip(rows["id"], rows["context"], rows["question"], strict=True):
        found = ((one.block, one.readings(context, question)) for one in readers)
        fitting = [(block, some) for block, some in found if some]
        if not fitting:
            raise HarnessError(
                f"{path}: question {name:.60} ({question!r:.60}) fits no template of {language} in"
                f" {templates.path}; take the templates that the suites were made from"
            )
        if not cases or not cases[-1].add(name, (context, question), fitting):
            block, readings = fitting[0]
            cases.append(_Open(title_of(block)))
            cases[-1].add(name, (context, question), [(block, readings)])
    sizes = {title_of(block): examples_in(block, language) for block in templates.blocks}
    for case in cases:
        if len(case.examples) != sizes[case.test]:
            raise HarnessError(
                f"{path}: the case of {case.test} that begins with question"
                f" {case.examples[0].id:.60} has {len(case.examples)} of {sizes[case.test]}"
                " questions; the suite is cut off, or its questions are not in their order"
            )
    return Suite(language, tuple(Case(one.test, tuple(one.examples)) for one in cases))


@dataclass
class _Open:
    """A case that goes on while its examples fit together.

    Attributes:
        test: The short name of its test.
        facts: What the examples so far say of the fillers.
        examples: The examples so far.
    """

    test: str
    facts: Facts = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)
    _asked: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(
        self, name: str, texts: tuple[str, str], fitting: Iterable[tuple[Block, Sequence[Reading]]]
    ) -> bool:
        """Add an example, unless it is of another case; return whether it was added.

        A question that two templates ask of one context with different answers (Turkish) stands
        twice in a case: the first time it is the first template's.
        """
        for block, readings in fitting:
            fit = [(one, joined(self.facts, one.facts)) for one in readings]
            left = [(one, facts) for one, facts in fit if facts is not None][self._asked[texts] :]
            if title_of(block) == self.test and left:
                one, facts = left[0]
                self.facts = facts or {}
                self._asked[texts] += 1
                self.examples.append(Example(name, *texts, one.answer))
                return True
        return False
