"""Runs, and the rows that are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import HarnessError
from harness.statistics.column import Column
from harness.statistics.sums import LanguageSums, Sums
from harness.statistics.sums_file import State, load, parsed, save


@dataclass(frozen=True, eq=False)
class Run:
    """One pass of the whole pipeline with one seed.

    Attributes:
        seed: Its seed.
        sums: Target to its sums by cluster.
        trained: The targets for which something was trained, before or for them.
        unit: The intermediate training that it shares with other runs; "" if it shares none.
    """

    seed: int
    sums: Mapping[str, Sums]
    trained: frozenset[str]
    unit: str = ""

    def only(self, target: str, languages: Iterable[str]) -> Run:
        """Return the run with some languages of a target."""
        if target not in self.sums:
            return self
        one, chosen = self.sums[target], set(languages)
        some = {code: part for code, part in one.languages.items() if code in chosen}
        return replace(self, sums={**self.sums, target: replace(one, languages=some)})

    def save(self, path: Path) -> None:
        """Write the run's sums as safetensors, and what else is known of it."""
        about = {"seed": self.seed, "trained": sorted(self.trained), "unit": self.unit}
        save(self.sums, path, about)

    @classmethod
    def load(cls, path: Path) -> Run:
        """Read a run that ``save`` has written.

        Raises:
            HarnessError: The file is missing or is not one.
        """
        return cls._of(*load(path), path)

    @classmethod
    def lazy(cls, raw: bytes, path: Path, state: State) -> Run:
        """Return a run whose sums are read, a language at a time, when they are asked for.

        Args:
            raw: The file's bytes.
            path: The file, read again for each language.
            state: What the file must still be then.

        Raises:
            HarnessError: The file is not a run's, now or when sums are asked for.
        """
        head = parsed(raw, path)
        return cls._of(head.lazy(state), head.about, path)

    @classmethod
    def _of(cls, sums: Mapping[str, Sums], about: Mapping[str, Any], path: Path) -> Run:
        """Return the run that a file's sums and words make.

        Raises:
            HarnessError: The words are missing.
        """
        seed, trained, unit = (about.get(name) for name in ("seed", "trained", "unit"))
        if not isinstance(seed, int) or not isinstance(trained, list):
            raise HarnessError(f"{path}: does not say which seed and what was trained")
        if not isinstance(unit, str):
            raise HarnessError(f"{path}: does not say which intermediate training it goes on from")
        return cls(seed, sums, frozenset(map(str, trained)), unit)


@dataclass(frozen=True)
class Row:
    """A setting or entry: its runs.

    Attributes:
        name: What messages call it.
        runs: Its runs; their seeds differ.
    """

    name: str
    runs: tuple[Run, ...]

    def __post_init__(self) -> None:
        """Refuse a row without runs, and one that has a seed twice in a unit.

        Raises:
            HarnessError: It is one.
        """
        if not self.runs:
            raise HarnessError(f"{self.name}: no runs; name at least one")
        seeds = [(run.unit, run.seed) for run in self.runs]
        for unit, seed in seeds:
            if seeds.count((unit, seed)) > 1:
                raise HarnessError(f"{self.name}: seed {seed} is there twice; runs differ in seed")

    def units(self, column: Column) -> list[list[Run]]:
        """Return the runs that have all of a column's cells, by unit."""
        units: dict[object, list[Run]] = {}
        for run, there in zip(self.runs, self.having(column), strict=True):
            if there:
                units.setdefault(run.unit or run.seed, []).append(run)
        return list(units.values())

    def having(self, column: Column) -> tuple[bool, ...]:
        """Return of each run whether it has all of a column's cells."""
        needed = [(target, column.languages(target).keys()) for target in column.targets]
        return tuple(
            all(name in run.sums and run.sums[name].codes >= some for name, some in needed)
            for run in self.runs
        )


def refuse_copies(row: Row) -> None:
    """Refuse a row whose runs are equal to the last answer though something was trained.

    A single target may well be answered alike, by models that all say the same of everything.

    Raises:
        HarnessError: Its runs are copies.
    """
    first, *others = row.runs
    trained = first.trained & first.sums.keys()
    if not trained or not others:
        return
    if all(
        run.trained & run.sums.keys() == trained
        and all(_equal(first.sums[n].languages, run.sums[n].languages) for n in trained)
        for run in others
    ):
        raise HarnessError(
            f"{row.name}: all {len(row.runs)} runs answer alike though they were trained; copies of"
            " one run?"
        )


def _equal(left: Mapping[str, LanguageSums], right: Mapping[str, LanguageSums]) -> bool:
    return left.keys() == right.keys() and all(
        one.predictions == right[code].predictions
        and np.array_equal(one.a, right[code].a)
        and np.array_equal(one.b, right[code].b)
        for code, one in left.items()
    )
