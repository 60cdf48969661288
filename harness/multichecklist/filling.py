"""One filling of a test's templates, and its examples in one language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.multichecklist.templates import (
    FILLER,
    LINE,
    PERSON,
    PROPERTY,
    Block,
    Line,
    Variant,
    kind_of,
    parts_of,
)

_SENTENCE = re.compile(r"(?:^|[.?!] )\{obj\[1\]\}")  # the first letter of one becomes a capital


@dataclass(frozen=True)
class Example:
    """A question of a test case.

    Attributes:
        id: Its id: test, case, context and question.
        context: What is read.
        question: What is asked.
        answer: What is right.
    """

    id: str
    context: str
    question: str
    answer: str


@dataclass(frozen=True)
class Filling:
    """What one test case's templates are filled with.

    Attributes:
        people: Name of a filler of persons (``first_name1``) to a name.
        lines: Kind of filler to the line that fills it; of properties the two, ``p1`` and ``p2``,
            and their values, ``v1`` and ``v2``.
    """

    people: Mapping[str, str]
    lines: Mapping[str, Line]

    def holds(self, variant: Variant, english: str, asked: str) -> bool:
        """Return whether a variant holds for the filling; what it does not fill holds anyway.

        Args:
            variant: A translation of a template or of a filler.
            english: The English context that it is for.
            asked: Number of the property that is asked for, "1" or "2".
        """
        for kind, words in variant.only.items():
            if kind == LINE:
                if english not in words:
                    return False
            elif kind == PROPERTY:
                chosen = self.lines.get(f"p{asked or 1}")
                if chosen and chosen.english not in words:
                    return False
            elif kind in self.lines and not self.lines[kind].words & words:
                return False
        return f"{{p.p{'1' if asked == '2' else '2'}}}" not in variant.text or asked == ""


@dataclass(frozen=True)
class Renderer:
    """Fills the templates of one test in one language.

    Attributes:
        block: The test.
        language: The language.
    """

    block: Block
    language: str

    def examples(self, filling: Filling, case: str) -> list[Example] | None:
        """Return a test case: all contexts with all questions; None where a line has no variant.

        Args:
            filling: What the templates are filled with.
            case: Beginning of the examples' ids.
        """
        examples = []
        for i, context in enumerate(self._present(self.block.contexts), 1):
            text = self._filled(context, filling, context.english, "")
            for j, (question, answer) in enumerate(self.block.pairs, 1):
                if self.language not in question.variants or self.language not in answer.variants:
                    continue
                asked = asked_property(answer)
                query = self._filled(question, filling, context.english, asked)
                right = self._filled(answer, filling, context.english, asked)
                if text is None or query is None or right is None:
                    return None
                right = self._in_context(answer, filling, context.english, (text, right))
                examples.append(Example(f"{case}-{i}-{j}", text, query, right))
        return examples or None

    def _present(self, lines: tuple[Line, ...]) -> Iterator[Line]:
        yield from (line for line in lines if self.language in line.variants)

    def variant(self, line: Line, filling: Filling, english: str, asked: str) -> Variant | None:
        """Return the variant that holds: the first with a condition, else one without."""
        held = [
            one
            for one in line.variants.get(self.language, ())
            if filling.holds(one, english, asked)
        ]
        return next((one for one in held if one.only), held[0] if held else None)

    def _filled(self, line: Line, filling: Filling, english: str, asked: str) -> str | None:
        """Return a template filled, None where no variant of it or of a filler holds."""
        variant = self.variant(line, filling, english, asked)
        if variant is None:
            return None
        return self._text(variant.text, filling, english, capitals=asked == "")

    def _text(self, template: str, filling: Filling, english: str, *, capitals: bool) -> str | None:
        """Return a text with its fillers replaced, None where one is absent."""
        begins = [m.end() for m in _SENTENCE.finditer(template)] if capitals else []
        text, end = "", 0
        for found in FILLER.finditer(template):
            value = self.value(found, filling, english)
            if value is None:
                return None
            if found.end() in begins:
                value = capital(value)
            text += template[end : found.start()] + value
            end = found.end()
        return text + template[end:]

    def value(self, found: re.Match[str], filling: Filling, english: str) -> str | None:
        """Return what a filler of a template is replaced by."""
        root, part, of_property = found.groups()
        if PERSON.fullmatch(root):
            return filling.people[root]
        line = filling.lines[of_property or kind_of(root)]
        variant = self.variant(line, filling, english, "")
        if variant is None:
            return None
        if part is None:
            return variant.text
        forms = parts_of(variant.text, len(parts_of(line.english)))
        return forms[int(part)] if int(part) < len(forms) else None

    def _in_context(
        self, answer: Line, filling: Filling, english: str, texts: tuple[str, str]
    ) -> str:
        """Return an answer in the form that its context has, where it has another one (Quechua)."""
        context, right = texts
        instead = answer.variants[self.language][0].instead
        other = self._text(instead, filling, english, capitals=False) if instead else None
        return other if other and right not in context and other in context else right


def capital(text: str) -> str:
    """Return a text with its first letter a capital."""
    return text[:1].upper() + text[1:]


def asked_property(answer: Line) -> str:
    """Return the number of the property whose value an answer is: ``{p.v2}`` is the second's."""
    return "2" if "{p.v2}" in answer.english else "1"
