"""Finds tasks and benchmarks by entry point; the built-in ones come in by the same door."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from harness.declarations import Benchmark, Task, TrainingSet
from harness.errors import HarnessError, unknown

_KINDS = {"tasks": "task", "training": "training set", "benchmarks": "benchmark"}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")


@cache
def _installed() -> Any:  # of several classes by Python's version, all with select
    return entry_points()  # read once for all groups: it is a tenth of the time `tasks` takes


@cache
def _points(group: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in _installed().select(group=group):
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            raise HarnessError(
                f"two plug-ins bring a {_KINDS[group.removeprefix('harness.')]} named"
                f" {point.name!r}: "
                f"{other.value} and {point.value}; uninstall one of them"
            )
    return found


def _load(group: str, name: str, kind: type) -> object:
    points = _points(group)
    if name not in points:
        what = _KINDS[group.removeprefix("harness.")]
        raise unknown(what, name, sorted(points))
    try:
        value = points[name].load()
    except Exception as error:  # a plug-in is outside code: name it, whatever it raised
        raise HarnessError(f"plug-in {points[name].value} cannot be loaded: {error}") from error
    if not isinstance(value, kind):
        raise HarnessError(f"plug-in {points[name].value} is no {kind.__name__}")
    if name != getattr(value, "name", name):
        raise HarnessError(
            f"plug-in {points[name].value} is named {value.name!r} but its entry point {name!r}"  # type: ignore[attr-defined]
        )
    return value


def task_names() -> tuple[str, ...]:
    """Return the names of all installed tasks, sorted."""
    return tuple(sorted(_points("harness.tasks")))


def training_names() -> tuple[str, ...]:
    """Return the names of all installed intermediate tasks, sorted."""
    return tuple(sorted(_points("harness.training")))


def benchmark_names() -> tuple[str, ...]:
    """Return the names of all installed benchmarks, sorted."""
    return tuple(sorted(_points("harness.benchmarks")))


@cache
def task(name: str) -> Task:
    """Return a task by name.

    Raises:
        HarnessError: No plug-in brings it (with the nearest names), or it cannot be loaded.
    """
    value = _load("harness.tasks", name, Task)
    assert isinstance(value, Task)
    return value


@cache
def benchmark(name: str) -> Benchmark:
    """Return a benchmark by name.

    Raises:
        HarnessError: No plug-in brings it (with the nearest names), or it cannot be loaded.
    """
    value = _load("harness.benchmarks", name, Benchmark)
    assert isinstance(value, Benchmark)
    return value


@cache
def training(spec: str) -> TrainingSet:
    """Return an intermediate task by name, perhaps with a variant in brackets.

    ``mnli[de]`` and ``mnli[translated:sw]`` stand for the user's own German or machine-translated
    files of the set; ``mlm[de,sw]`` for some languages of one in many.

    Raises:
        HarnessError: No plug-in brings it (with the nearest names), or the variant is none.
    """
    name, bracket, inner = spec.partition("[")
    value = _load("harness.training", name, TrainingSet)
    assert isinstance(value, TrainingSet)
    if not bracket:
        return value
    inner = inner.removesuffix("]")
    codes = inner.removeprefix("translated:").split(",")
    if not spec.endswith("]") or not all(_LANGUAGE.fullmatch(code) for code in codes):
        raise HarnessError(
            f"{spec!r}: expected a language in the brackets, as in {name}[de] or"
            f" {name}[translated:sw]"
        )
    if len(codes) > 1 and not value.languages:
        raise HarnessError(f"{spec!r}: one language at a time; name the set once for each")
    if value.languages:
        lost = next((code for code in inner.split(",") if code not in value.languages), None)
        if lost is not None:
            raise HarnessError(f"{spec!r}: {unknown('language', lost, value.languages)}")
        return replace(value, name=spec, languages=tuple(sorted(set(codes))), chosen=True)
    parts = tuple(replace(part, variant=inner, language=codes[0]) for part in value.parts)
    return replace(value, name=spec, variant=inner, language=codes[0], parts=parts)
