"""Labels: what predictions are scored against, and the examples that say what belongs together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness import places, registry
from harness.data.folder import FolderSource
from harness.data.memory import Memory
from harness.declarations import Benchmark, Task
from harness.errors import HarnessError


class NoLabels(HarnessError):
    """There are no labels to score against; no entry of the benchmark can be verified."""


@dataclass(frozen=True)
class Labels:
    """Test labels of a benchmark.

    Attributes:
        source: Where they are; its data folder holds the test examples.
        examples: Whether the test examples are there, so that there are intervals.
    """

    source: FolderSource
    examples: bool


def open_labels(benchmark: str, labels: Path | None, data: Path | None) -> Labels:
    """Return the labels of a benchmark: its own where it brings data, else those of the folders.

    Args:
        benchmark: The benchmark's name.
        labels: Folder of labels in XTREME's layout, or one with labels/ and xtreme/ in it.
        data: Folder of the test examples; None for the one beside the labels, if there is one.

    Raises:
        NoLabels: A folder is missing or empty, or none is named and the benchmark has none.
    """
    chosen, memory = registry.benchmark(benchmark), Memory(places.memory())
    if chosen.data is not None:
        own = FolderSource(*chosen.data(), memory=memory, every=chosen.languages)
        return Labels(own, examples=True)
    if labels is None:
        raise NoLabels(f"{benchmark} brings no labels; name their folder (--labels)")
    for folder in (labels, data):
        if folder is not None and not folder.is_dir():
            raise NoLabels(f"{folder}: no such folder")
    inner = _inner(labels, "labels")
    if not any(inner.iterdir()):
        raise NoLabels(f"{inner}: the folder of labels is empty")
    # absolute, since other processes may run in another folder
    examples = (_inner(data, "xtreme") if data else inner.absolute().parent / "xtreme").absolute()
    source = FolderSource(examples, inner.absolute(), memory, chosen.languages)
    tasks = _tasks(chosen)
    if not any(source.label_file(task, c) for task in tasks for c in chosen.languages_of(task)):
        expected = next((one.folder.labels for one in tasks if one.folder.labels), "")
        raise NoLabels(
            f"{inner}: no labels of {benchmark}; expected files as"
            f" {expected.format(lang=tasks[0].languages[0]) if tasks else 'TASK/test-en.tsv'}"
        )
    return Labels(source, examples.is_dir())


def _inner(folder: Path, name: str) -> Path:
    """Return the folder of that name inside a folder, else the folder."""
    return folder / name if (folder / name).is_dir() else folder


def _tasks(benchmark: Benchmark) -> list[Task]:
    """Return the installed tasks of a benchmark."""
    known = registry.task_names()
    return [registry.task(name) for name in benchmark.task_names() if name in known]
