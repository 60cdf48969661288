"""Error rates of MultiCheckList: of each test and language the share of cases that fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tabulate import tabulate

from harness.data.files import write_json, write_text
from harness.multichecklist.cleaning import clean, is_right
from harness.multichecklist.generate import Case, Suite

FILE = "checklist.json"
OURS = "ours"
OFFICIAL = "official"

CAUTION = {
    OURS: "cases made here from the templates, with names of our own: never beside published rates",
    OFFICIAL: "the official suites; answers and cases as the templates imply them",
}


@dataclass(frozen=True)
class Rate:
    """A test in a language.

    Attributes:
        cases: Test cases.
        failed: Those with at least one wrong answer.
        impossible: Those that no span can pass: an answer is not in its context, or one question is
            asked of one context with two answers.
    """

    cases: int
    failed: int
    impossible: int = 0

    @property
    def error(self) -> float:
        """Return the error rate in percent: 100 less the share that passes."""
        return 100.0 * self.failed / self.cases


@dataclass(frozen=True)
class ErrorRates:
    """The error rates of one model; prints them, saves them.

    ``print(rates)`` is the table that the command prints; ``rates["comparisons"]["de"]`` is one.

    Attributes:
        rates: Test to language to its rate.
        origin: ``ours`` for cases made here, ``official`` for the official suites.
        name: The model.
        partial: Why they are not comparable with a complete run's, "" if they are.
        notes: What the user should know of the templates and the training data.
        failed: Name of each step that failed, and why.
        folder: The folder they were written to; None without one.
        about: What was run, as JSON values.
    """

    rates: Mapping[str, Mapping[str, Rate]]
    origin: str = OURS
    name: str = ""
    partial: str = ""
    notes: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, test: str) -> dict[str, float]:
        """Return the error rates of a test by language, in percent."""
        return {language: rate.error for language, rate in self.rates[test].items()}

    @property
    def languages(self) -> list[str]:
        """Return the languages, in the order of the suites."""
        return list(dict.fromkeys(code for some in self.rates.values() for code in some))

    def of_language(self, language: str) -> float:
        """Return the mean of a language's tests."""
        return _mean([some[language].error for some in self.rates.values() if language in some])

    def of_test(self, test: str) -> float:
        """Return the mean of a test over its languages."""
        return _mean([rate.error for rate in self.rates[test].values()])

    @property
    def mean(self) -> float:
        """Return the mean over languages of the mean over tests."""
        return _mean([self.of_language(code) for code in self.languages])

    def __str__(self) -> str:
        """Return the table: a row a language, a column a test."""
        if not self.rates:
            return ""
        tests = list(self.rates)
        rows = [
            [code, *(self._cell(test, code) for test in tests), f"{self.of_language(code):.1f}"]
            for code in self.languages
        ]
        means = [f"{self.of_test(test):.1f}" for test in tests]
        rows.append(["mean", *means, f"{self.mean:.1f}"])
        align = ("left", *["right"] * (len(tests) + 1))
        table = tabulate(
            rows, ("language", *tests, "mean"), "simple", disable_numparse=True, colalign=align
        )
        title = f"MultiCheckList, error rates in percent: {self.name}"
        title += f" – PARTIAL: {self.partial}" if self.partial else ""
        return "\n".join([title, table, f"{self.origin}: {CAUTION[self.origin]}", *self.hints()])

    def _cell(self, test: str, language: str) -> str:
        rate = self.rates[test].get(language)
        return "–" if rate is None else f"{rate.error:.1f}"

    def hints(self) -> list[str]:
        """Return a line for each test and language with cases that no span can pass."""
        return [
            f"{test} {language}: {rate.impossible} of {rate.cases} cases cannot be passed (an"
            " answer is not in its context, or a question has two answers)"
            for test, some in self.rates.items()
            for language, rate in some.items()
            if rate.impossible
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return them as JSON values."""
        return {
            "suites": self.origin,
            "caution": CAUTION[self.origin],
            "model": self.name,
            "partial": self.partial,
            "mean": self.mean if self.rates else None,
            "tests": {test: self.of_test(test) for test in self.rates},
            "languages": {code: self.of_language(code) for code in self.languages},
            "errors": {
                test: {code: vars(rate) | {"error": rate.error} for code, rate in some.items()}
                for test, some in self.rates.items()
            },
            "notes": list(self.notes),
            "failed": sorted(self.failed),
            **self.about,
        }

    def save(self, folder: Path) -> None:
        """Write checklist.json and table.txt."""
        write_json(self.as_dict(), folder / FILE)
        write_text(f"{self}\n", folder / "table.txt")


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def rates_of(
    suites: Mapping[str, Suite], predictions: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, Rate]]:
    """Return the rates of all tests by language; an example without a prediction is wrong.

    Args:
        suites: The suites by language.
        predictions: Of each language that was predicted, the answers by id.
    """
    rates: dict[str, dict[str, Rate]] = {}
    for language, answers in predictions.items():
        suite = suites[language]
        counts, failed, impossible = Counter[str](), Counter[str](), Counter[str]()
        for case in suite.cases:
            counts[case.test] += 1
            failed[case.test] += not passes(case, answers, language)
            impossible[case.test] += not _can_pass(case, language)
        for test, count in counts.items():
            rates.setdefault(test, {})[language] = Rate(count, failed[test], impossible[test])
    return rates


def passes(case: Case, answers: Mapping[str, str], language: str) -> bool:
    """Return whether all examples of a case are answered."""
    return all(
        one.id in answers and is_right(answers[one.id], one.answer, language)
        for one in case.examples
    )


def _can_pass(case: Case, language: str) -> bool:
    """Return whether there are spans that answer all examples of a case."""
    asked: dict[tuple[str, str], str] = {}
    for one in case.examples:
        right = clean(one.answer, language)
        if right not in clean(one.context, language):
            return False
        if asked.setdefault((one.context, one.question), right) != right:
            return False
    return True
