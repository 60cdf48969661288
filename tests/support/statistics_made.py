"""Runs with sums drawn for a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.statistics import LanguageSums, Row, Run, Sums


def language(
    a: Sequence[float], b: Sequence[float] | None = None, data: str = "d", **more: Any
) -> LanguageSums:
    """The sums of a language, each entry a cluster."""
    values = np.asarray(a, float)
    bottom = np.ones(len(values)) if b is None else np.asarray(b, float)
    halves = np.arange(len(values)) % 2 == 1
    given = {"numbers": None, "clusters": len(values)} | more
    return LanguageSums(values, bottom, halves=halves, data=data, **given)


def run(
    seed: int,
    targets: Mapping[str, Mapping[str, LanguageSums]],
    *,
    joint: bool = True,
    trained: bool = True,
    unit: str = "",
) -> Run:
    """A run of targets, all trained or none."""
    sums = {name: Sums(languages, joint) for name, languages in targets.items()}
    return Run(seed, sums, frozenset(sums if trained else ()), unit)


def drawn(
    seed: int, rate: float, targets: Sequence[str] = ("xnli",), items: int = 60, **more: Any
) -> Run:
    """A run whose answers are right at a rate, in English and German."""
    generator = np.random.default_rng(seed)
    return run(
        seed,
        {
            name: {code: language(generator.random(items) < rate) for code in ("en", "de")}
            for name in targets
        },
        **more,
    )


def row(name: str, rate: float, runs: int = 3, **more: Any) -> Row:
    """A row of runs with different seeds; rows of different names draw different answers."""
    start = 1000 * sum(map(ord, name))
    return Row(name, tuple(drawn(start + i, rate, **more) for i in range(runs)))
