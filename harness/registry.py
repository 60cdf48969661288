"""Finds tasks and benchmarks by entry point; the built-in ones come in by the same door."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from harness.errors import HarnessError, nearest
from harness.tasks import Benchmark, Task


@cache
def _points(group: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            raise HarnessError(
                f"two plug-ins bring a {group.removeprefix('harness.')[:-1]} named {point.name!r}: "
                f"{other.value} and {point.value}; uninstall one of them"
            )
    return found


def _load(group: str, name: str, kind: type) -> object:
    points = _points(group)
    if name not in points:
        what = group.removeprefix("harness.")[:-1]
        raise HarnessError(
            f"unknown {what} {name!r}{nearest(name, points)} (known: {', '.join(sorted(points))})"
        )
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
