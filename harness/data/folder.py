"""A Source over a folder in XTREME's own layout, with or without a folder of labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.files import strict
from harness.data.layouts import Columns, Pooled
from harness.data.layouts.layout import Reports, joined
from harness.data.layouts.pooled import POOL, Asked, Candidate
from harness.data.memory import Memory
from harness.data.records import read_records
from harness.declarations import Task, TrainingSet
from harness.errors import HarnessError

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True)
class FolderSource:
    """Examples below a folder in XTREME's layout.

    Attributes:
        data: The folder that XTREME's preparation calls ``download``; data sets in formats of
            their own are looked for here too, and in ``intermediate/`` next to it.
        labels: The folder of test labels as XTREME's scorer reads it; None without one.
        memory: Remembers the hashes of files.
        every: Task name to the languages that ``{every}`` stands for, where a benchmark has others
            than the task; never those that are asked for.
    """

    data: Path
    labels: Path | None = None
    memory: Memory = field(default_factory=Memory, compare=False, repr=False)
    every: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def files(self, of: Task | TrainingSet, split: str, language: str) -> list[Path]:
        """Return the files that hold one split of one language, [] if it has no such split.

        For a multilingual set, these are the files that exist or that the user named.
        """
        paths = self._files(of, of.folder.files.get(split, ()), split, language)
        others = self._files(of, of.folder.elsewhere.get(split, ()), split, language)
        incomplete = others and not all(path.is_file() for path in paths)
        return others if incomplete and all(path.is_file() for path in others) else paths

    def _files(
        self, of: Task | TrainingSet, where: str | tuple[str, ...], split: str, language: str
    ) -> list[Path]:
        """Return the files of path patterns."""
        patterns = (where,) if isinstance(where, str) else where
        if isinstance(of, Task):
            codes = self.every.get(of.name, of.languages)
            patterns = tuple(path for one in patterns for path in _for_every(one, codes))
        if isinstance(of, TrainingSet):
            if of.variant and split == "train":
                patterns = tuple(_variant_pattern(pattern, of.variant) for pattern in patterns)
            if of.languages:
                paths = [self._place(p.format(lang=c)) for p in patterns for c in of.languages]
                existing = [path for path in paths if path.is_file()]
                return paths if of.chosen else existing or paths[:1]
        if not any("{side}" in pattern for pattern in patterns):
            return [self._place(pattern.format(lang=language)) for pattern in patterns]
        sides = (language, "en", "gold") if split == "dev" else (language, "en")
        return [self.data / p.format(lang=language, side=side) for p in patterns for side in sides]

    def _place(self, name: str) -> Path:
        """Return the path of a file, in XTREME's folder or in that of the intermediate tasks."""
        path, others = self.data / name, self.data.parent / "intermediate"
        likely = (others / name).is_file() or (others.is_dir() and not path.parent.is_dir())
        return others / name if likely and not path.is_file() else path

    def label_file(self, task: Task, language: str) -> Path | None:
        """Return the path of a task's test labels, None if there is no such file."""
        pattern = task.folder.labels
        path = self.labels / pattern.format(lang=language) if self.labels and pattern else None
        return path if path and path.is_file() else None

    def has(self, of: Task | TrainingSet, split: str, language: str) -> bool:
        """Return whether every file of the split exists."""
        paths = self.files(of, split, language)
        return bool(paths) and all(path.is_file() for path in paths)

    def digest(self, of: Task | TrainingSet, split: str, language: str) -> str:
        """Return a hash of the bytes of a split's files."""
        paths = self.files(of, split, language)
        hashes = [self.memory.digest(path) for path in paths]
        if isinstance(of, TrainingSet) and of.languages:  # files are named by language
            hashes += [path.stem for path in paths]
        return hashlib.sha256("".join(hashes).encode()).hexdigest()

    def examples(self, of: Task | TrainingSet, split: str, language: str) -> Dataset:
        """Return a split's examples as typed columns.

        Raises:
            HarnessError: A file is missing, malformed or empty; names file and line.
        """
        return of.format.layout.to_dataset(self.columns(of, split, language))

    def columns(self, of: Task | TrainingSet, split: str, language: str) -> Columns:
        """Return a split's examples as plain lists, which are there sooner than a Dataset.

        Raises:
            HarnessError: As ``examples``.
        """
        paths = self.files(of, split, language)
        if not paths:
            raise HarnessError(f"{of.name} has no {split} split in {language}")
        columns = read_columns(of, paths)
        if not any(columns.values()):
            raise HarnessError(f"{paths[0]}: holds no examples")
        return columns

    def pool(self, task: Task, start: int = 0, stop: int | None = None) -> Iterator[Candidate]:
        """Yield some candidates of a retrieval task, which are the same for all languages.

        Args:
            task: The task, whose layout is ``Pooled``.
            start: Number of the first one.
            stop: The number after the last one; None for all.

        Raises:
            HarnessError: A file is missing or malformed; names the file, and the line if it has
                some.
        """
        yield from pooled(task).pool(self.files(task, POOL, ""), Asked(start, stop))

    def gold(self, task: Task, language: str) -> Any | None:
        """Return the gold of the test split, None if the labels are not known.

        Raises:
            Unlabelled: The label file holds placeholders only.
        """
        path = self.label_file(task, language)
        if path:
            return task.format.read_gold(path)
        if not self.has(task, "test", language):
            return None
        return task.format.gold(self.examples(task, "test", language))

    def gold_digest(self, task: Task, language: str) -> str:
        """Return a hash of the bytes that the gold is made from."""
        path = self.label_file(task, language)
        return self.memory.digest(path) if path else self.digest(task, "test", language)


def open_folder(folder: Path, labels: Path | None) -> FolderSource:
    """Return the source for a folder in XTREME's layout, or one with xtreme/ and labels/ in it.

    Raises:
        HarnessError: A folder is missing or empty.
    """
    if not folder.is_dir():
        raise HarnessError(f"{folder}: no such folder; pass the one that XTREME's script filled")
    inner = folder / "xtreme" if (folder / "xtreme").is_dir() else folder
    neighbour = next((p for p in (folder / "labels", inner.parent / "labels") if p.is_dir()), None)
    if labels is not None and not labels.is_dir():
        raise HarnessError(f"{labels}: no such folder of labels")
    if not any(inner.iterdir()):
        raise HarnessError(f"{inner}: the folder is empty")
    labels = labels or neighbour
    # absolute, since engines' workers may run in another folder
    return FolderSource(inner.absolute(), labels and labels.absolute())


def pooled(task: Task) -> Pooled:
    """Return the layout of a task whose format has a pool."""
    layout = task.format.layout
    assert isinstance(layout, Pooled), f"{task.name} has no pool"
    return layout


def _for_every(pattern: str, languages: Sequence[str]) -> list[str]:
    """Return a path pattern for each of the languages, if ``{every}`` stands for them."""
    if "{every}" not in pattern:
        return [pattern]
    return [pattern.replace("{every}", code) for code in languages]


def _variant_pattern(pattern: str, variant: str) -> str:
    """Return the path pattern of a variant: ``mnli[de]`` is in ``mnli.de/``.

    ``mnli[translated:sw]`` is in ``mnli.translated-sw/``.
    """
    first, slash, rest = pattern.partition("/")
    return f"{first}.{variant.replace(':', '-')}{slash}{rest}"


def read_columns(of: Task | TrainingSet, paths: list[Path], reports: Reports = strict) -> Columns:
    """Read one split's files into columns.

    Args:
        of: The task or set of the files, which declares their layout.
        paths: The files; for sentences the language's, the English one and perhaps the gold.
        reports: Returns the report for a file's malformed places; by default the first raises.
    """
    form, folder = of.format, of.folder
    if not folder.columns:
        return form.layout.read(paths, form.labels, reports)
    return joined([read_records(p, form.layout, folder, form.labels, reports(p)) for p in paths])


def remarks_of(
    of: Task | TrainingSet,
    split: str,
    language: str,
    paths: Sequence[Path],
    reports: Reports = strict,
) -> tuple[str, ...]:
    """Return a line on each thing that is remarkable about the rows of a split."""
    if of.folder.columns:  # files in formats of their own
        return ()
    where = language if isinstance(of, Task) else split
    counts = of.format.layout.remarks(paths, reports)
    return tuple(f"{of.name} {where}: {count:,} {what}" for what, count in counts.items() if count)
