"""Columns: fixed weights over (target, language) cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

Cell = tuple[str, str]
"""A target and a language."""
SOURCE = "en"  # the language that is learnt from; English is not zero-shot


@dataclass(frozen=True)
class Column:
    """A signed sum of scores, e.g. a target's mean over languages, or the transfer gap.

    Attributes:
        name: What a table calls it.
        weights: (target, language) to its weight.
    """

    name: str
    weights: Mapping[Cell, float]

    @classmethod
    def of_target(cls, target: str, languages: Iterable[str]) -> Column:
        """Return a target's mean over languages, or over some of them (a family, a script)."""
        names = list(languages)
        return cls(target, {(target, language): 1 / len(names) for language in names})

    @classmethod
    def of_language(cls, target: str, language: str) -> Column:
        """Return one language of a target."""
        return cls(f"{target}/{language}", {(target, language): 1.0})

    @classmethod
    def gap(cls, target: str, languages: Iterable[str]) -> Column | None:
        """Return the transfer gap: English less the mean of the others; None without either."""
        names = list(languages)
        others = [language for language in names if language != SOURCE]
        if SOURCE not in names or not others:
            return None
        weights = {(target, language): -1 / len(others) for language in others}
        return cls(f"{target}/gap", {(target, SOURCE): 1.0, **weights})

    @classmethod
    def mean(cls, name: str, columns: Sequence[Column]) -> Column:
        """Return the mean of columns, e.g. of all targets."""
        weights: dict[Cell, float] = {}
        for column in columns:
            for cell, weight in column.weights.items():
                weights[cell] = weights.get(cell, 0.0) + weight / len(columns)
        return cls(name, weights)

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """Return the targets with a weight."""
        return tuple(dict.fromkeys(target for target, _ in self.weights))

    def languages(self, target: str) -> dict[str, float]:
        """Return the weights of a target's languages."""
        return self._by_target[target]

    @cached_property
    def _by_target(self) -> dict[str, dict[str, float]]:
        weights: dict[str, dict[str, float]] = {}
        for (target, code), weight in self.weights.items():
            weights.setdefault(target, {})[code] = weight
        return weights
