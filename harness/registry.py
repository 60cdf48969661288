"""Tasks, training sets and benchmarks, found by entry point; the built-in ones too.

A plug-in is loaded when it is asked for, so that a broken one fails only where it is named. Callers
that need all of them get those that load, with a warning for each of the others.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from harness.declarations import Benchmark, Task, TrainingSet
from harness.errors import HarnessError, unknown

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_KINDS = {"tasks": "task", "training": "training set", "benchmarks": "benchmark"}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
_Kind = TypeVar("_Kind", Task, TrainingSet, Benchmark)


@cache
def _installed() -> Any:  # its class depends on Python's version; all have select
    from importlib.metadata import entry_points

    return entry_points()  # read once for all groups: it is a tenth of the time `tasks` takes


@cache
def _points(group: str) -> dict[str, tuple[EntryPoint, ...]]:
    """Return a group's plug-ins by name: one for each, unless several have the name."""
    points: dict[str, dict[str, EntryPoint]] = {}
    for point in _installed().select(group=f"harness.{group}"):
        points.setdefault(point.name, {}).setdefault(point.value, point)
    return {name: tuple(points[name].values()) for name in sorted(points)}


def _load(group: str, name: str, kind: type[_Kind]) -> _Kind:
    """Return what the plug-in of a name provides.

    Raises:
        HarnessError: No plug-in or more than one has the name, or it is broken.
    """
    points, noun = _points(group), _KINDS[group]
    if name not in points:
        raise unknown(noun, name, points)
    point, *others = points[name]
    if others:
        raise HarnessError(
            f"two plug-ins bring a {noun} named {name!r}: {point.value} and {others[0].value};"
            " uninstall one of them"
        )
    remedy = f"mend or uninstall {point.dist.name if point.dist else 'it'}"
    try:
        value = point.load()
    except (Exception, SystemExit) as error:  # a plug-in is outside code and may raise anything
        why = str(error) or type(error).__name__
        raise HarnessError(f"plug-in {point.value} cannot be loaded: {why}; {remedy}") from error
    if not isinstance(value, kind):
        raise HarnessError(f"plug-in {point.value} is not a {kind.__name__}; {remedy}")
    if name != value.name:
        raise HarnessError(
            f"plug-in {point.value} is named {value.name!r} but its entry point {name!r}; {remedy}"
        )
    return value


def _loadable(group: str, kind: type[_Kind]) -> tuple[_Kind, ...]:
    """Return what a group's plug-ins provide; warn of each that cannot be loaded."""
    values = []
    for name in _points(group):
        try:
            values.append(_load(group, name, kind))
        except HarnessError as error:
            print(f"warning: {' '.join(str(error).split())}", file=sys.stderr)
    return tuple(values)


def task_names() -> tuple[str, ...]:
    """Return the names of all installed tasks, sorted, broken ones included."""
    return tuple(_points("tasks"))


def training_names() -> tuple[str, ...]:
    """Return the names of all installed intermediate tasks, sorted, broken ones included."""
    return tuple(_points("training"))


def benchmark_names() -> tuple[str, ...]:
    """Return the names of all installed benchmarks, sorted, broken ones included."""
    return tuple(_points("benchmarks"))


@cache  # so that each warning is printed once
def tasks() -> tuple[Task, ...]:
    """Return all installed tasks by name, without those that cannot be loaded (a warning each)."""
    return _loadable("tasks", Task)


@cache
def trainings() -> tuple[TrainingSet, ...]:
    """Return all installed intermediate tasks by name, as ``tasks`` does."""
    return _loadable("training", TrainingSet)


@cache
def benchmarks() -> tuple[Benchmark, ...]:
    """Return all installed benchmarks by name, as ``tasks`` does."""
    return _loadable("benchmarks", Benchmark)


@cache
def task(name: str) -> Task:
    """Return a task by name.

    Raises:
        HarnessError: No plug-in provides it (names the nearest), two do, or it is broken.
    """
    return _load("tasks", name, Task)


def transfers(name: str) -> bool:
    """Return whether a task has a transfer gap: retrieval has none, unknown tasks may have one."""
    try:
        return task(name).format.head is not None
    except HarnessError:  # not there, or broken: scores of it are read all the same
        return True


@cache
def benchmark(name: str) -> Benchmark:
    """Return a benchmark by name.

    Raises:
        HarnessError: No plug-in provides it (names the nearest), two do, or it is broken.
    """
    return _load("benchmarks", name, Benchmark)


@cache
def training(spec: str) -> TrainingSet:
    """Return an intermediate task by name, perhaps with a variant in brackets.

    ``mnli[de]`` and ``mnli[translated:sw]`` stand for the user's own German or machine-translated
    files of the set; ``mlm[de,sw]`` for some languages of a multilingual set.

    Raises:
        HarnessError: No plug-in provides it (names the nearest), two do, it is broken, or the
            variant is malformed.
    """
    name, bracket, inner = spec.partition("[")
    value = _load("training", name, TrainingSet)
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
        missing = next((code for code in inner.split(",") if code not in value.languages), None)
        if missing is not None:
            raise HarnessError(f"{spec!r}: {unknown('language', missing, value.languages)}")
        return replace(value, name=spec, languages=tuple(sorted(set(codes))), chosen=True)
    parts = tuple(replace(part, variant=inner, language=codes[0]) for part in value.parts)
    return replace(value, name=spec, variant=inner, language=codes[0], parts=parts)
