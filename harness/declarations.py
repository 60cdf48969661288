"""The nouns of the harness, as pure declarations: Task, TrainingSet, Benchmark, where data lies.

Nothing here reads a file or imports a framework; a plug-in builds these values and names them
under the entry-point groups ``harness.tasks``, ``harness.training`` and ``harness.benchmarks``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.data.layouts import Layout
    from harness.models.heads import Head

Scores = dict[str, float]
Column = str | tuple[str, ...]
"""One of their columns, a dotted name reaching into a struct or a list of structs; or several
whose values become one list (``answer0`` … ``answer3``)."""


def headline(metric: str, scores: Mapping[str, float]) -> float:
    """Return the one number of a language: the mean of the metrics that ``metric`` joins by +."""
    names = metric.split("+")
    return sum(scores[name] for name in names) / len(names)


class Format(Protocol):
    """How one kind of task works; what is learnt and what is evaluated have more to it.

    Attributes:
        name: The kind's name, e.g. ``sentence-pair classification``.
        version: Raised when its code changes results: it is in the keys of steps.
        layout: How its files are read.
        metric: Name of the headline metric; several joined by ``+`` are averaged.
        head: The head that answers; None for the bare encoder.
        labels: The label set, () where there is none.
        reads: The settings (``harness.recipes.Settings``) that its inputs and answers depend on.
        special: The tokenizer's special tokens that it cannot do without, beside padding.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def layout(self) -> Layout: ...
    @property
    def metric(self) -> str: ...
    @property
    def head(self) -> Head | None: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def reads(self) -> tuple[str, ...]: ...
    @property
    def special(self) -> tuple[str, ...]: ...

    def predict(self, model: Any, rows: Mapping[str, Dataset], settings: Any) -> Any:
        """Predict the test split of one language with a loaded model."""
        ...

    def gold(self, rows: Dataset) -> Any:
        """Return the gold that labelled rows carry, as ``score`` takes it."""
        ...

    def score(self, gold: Any, predictions: Any, language: str) -> Scores:
        """Score predictions as the official scorer does, in percent."""
        ...


class Learnt(Format, Protocol):
    """A format that something is learnt in.

    Attributes:
        auxiliary: Whether its dev score chooses the weights only where nothing else is learnt.
    """

    @property
    def head(self) -> Head: ...
    @property
    def auxiliary(self) -> bool: ...

    def encode(
        self, rows: Dataset, tokenizer: Any, settings: Any, *, training: bool
    ) -> list[dict[str, Any]]:
        """Turn examples into model inputs, with labels where ``training``."""
        ...


class Evaluated(Format, Protocol):
    """A format whose predictions are written, read again and scored.

    Attributes:
        suffix: Ending of its prediction and label files, ``tsv`` or ``json``.
        splits: The splits a prediction needs.
    """

    @property
    def suffix(self) -> str: ...
    @property
    def splits(self) -> tuple[str, ...]: ...

    def first(self, rows: Dataset, limit: int) -> Dataset:
        """Return the rows that ``--limit`` leaves: so many that are asked about, all candidates."""
        ...

    def write(self, predictions: Any, path: Path) -> None:
        """Write predictions in XTREME's layout."""
        ...

    def read(self, path: Path) -> Any:
        """Read predictions in XTREME's layout; raises HarnessError with file and line."""
        ...

    def read_gold(self, path: Path) -> Any:
        """Read a label file; raises Unlabelled where it holds placeholders only."""
        ...

    def limited(self, gold: Any, rows: Dataset) -> Any:
        """Return the gold of the given rows alone (a run cut short by ``--limit``)."""
        ...


@dataclass(frozen=True)
class Folder:
    """Where examples lie below a data folder.

    Attributes:
        files: Split to path pattern, or to several whose rows are joined; ``{lang}`` stands for
            the language. A path is looked for in XTREME's own folder and in ``intermediate/``
            beside it.
        elsewhere: The same for files that other collections lay elsewhere: read where one of
            ``files`` is not there and all of these are.
        labels: Pattern of the test labels below the labels folder; "" where there are none.
        columns: Our column to theirs, for data sets in files of their own (``.jsonl``, ``.csv``
            and ``.tsv`` with a header); {} where the files have XTREME's layout.
        values: Their label value to our label, where they differ.
    """

    files: Mapping[str, str | tuple[str, ...]]
    labels: str = ""
    columns: Mapping[str, Column] = field(default_factory=dict)
    values: Mapping[int | str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Hub:
    """Where a task's examples lie on the hub: parquet files of a data set at one revision.

    Attributes:
        repo: Data set id, e.g. ``facebook/xnli``.
        revision: The full commit hash that is read, never a branch.
        files: Split to parquet path pattern inside the repository; ``{lang}`` as in Folder,
            ``*`` matches shards.
        columns: Our column to theirs.
        values: Their label value (an int of a ClassLabel, or a string) to our label.
        codes: Our language code to theirs, where they differ.
        languages: The languages that are there; () means all of the task's.
        keep: Regular expression an example's id must match whole, "" for any; ``{lang}`` stands
            for their language code.
    """

    repo: str
    revision: str
    files: Mapping[str, str]
    columns: Mapping[str, Column]
    values: Mapping[int | str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    keep: str = ""


@dataclass(frozen=True)
class TrainingSet:
    """Data to learn from, English unless ``language`` says otherwise: a target's or intermediate.

    Attributes:
        name: Short name; recipes may give it settings of its own.
        format: How its examples become model inputs.
        folder: Its ``train`` and ``dev`` files; without ``dev`` a tenth of train is held out.
        hub: The same on the hub, if it is there.
        language: The language of train; dev is English always.
        languages: Every language of a set in many (plain text to model); () otherwise.
        chosen: The user has named these languages, so that text of each must be there.
        keep: Regular expression an example's id must match whole, "" for any.
        held_out: Name of a task whose test contexts must not be in dev (XQuAD in SQuAD dev).
        parts: Sets of the same format whose rows are joined, each with files and label values of
            its own (ANLI+); the set's own folder is then empty.
        variant: Which files of the user take the place of train: a language (``de``) or
            ``translated:`` and a language; "" for the set's own.
    """

    name: str
    format: Learnt
    folder: Folder = field(default_factory=lambda: Folder(files={}))
    hub: Hub | None = None
    language: str = "en"
    languages: tuple[str, ...] = ()
    chosen: bool = False
    keep: str = ""
    held_out: str = ""
    parts: tuple[TrainingSet, ...] = ()
    variant: str = ""
    licence: str = ""
    citation: str = ""


@dataclass(frozen=True)
class Task:
    """What a model is measured on.

    Attributes:
        name: Folder name in a submission, e.g. ``xnli``.
        title: What a reader calls it.
        format: How it works.
        languages: The languages of its test sets, in the order in which scores are averaged; a
            benchmark may choose others (``Benchmark.languages``).
        folder: Its test (and dev) files.
        training: What a model learns it from; None where the encoder is used as it is.
        hub: The same on the hub, if it is there.
        citation: A BibTeX key or an arXiv id with authors and year.
    """

    name: str
    title: str
    format: Evaluated
    languages: tuple[str, ...]
    folder: Folder
    training: TrainingSet | None = None
    hub: Hub | None = None
    licence: str = ""
    citation: str = ""
    homepage: str = ""

    def file(self, language: str) -> str:
        """Return the name of a prediction file in the task's folder, as XTREME has it."""
        return f"test-{language}.{self.format.suffix}"


@dataclass(frozen=True)
class Benchmark:
    """Which tasks and languages make one overall score, and how they are grouped.

    Attributes:
        groups: Group name to its tasks' names; the overall score is the mean of all tasks.
        languages: Task name to languages, where they are not the task's own.
        training: Task name to the training set used here instead of the task's own.
        data: Gives the packaged data and labels folders, for a benchmark that brings its own.
        encoder: Makes the benchmark's own encoder below a cache folder and gives its checkpoint
            folder, for a benchmark that brings one (``harness demo``).
    """

    name: str
    title: str
    groups: Mapping[str, tuple[str, ...]]
    languages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    training: Mapping[str, TrainingSet] = field(default_factory=dict)
    data: Callable[[], tuple[Path, Path]] | None = None
    encoder: Callable[[Path], Path] | None = None
    citation: str = ""

    def task_names(self) -> tuple[str, ...]:
        """Return the names of all tasks, group by group."""
        return tuple(name for names in self.groups.values() for name in names)

    def languages_of(self, task: Task) -> tuple[str, ...]:
        """Return the languages of a task here: the benchmark's choice, else the task's own."""
        return self.languages.get(task.name, task.languages)

    def group_of(self, task: Task) -> str:
        """Return the name of the group that a task is in; "" if it is not part of this one."""
        return next((group for group, names in self.groups.items() if task.name in names), "")

    def training_of(self, task: Task) -> TrainingSet | None:
        """Return what a model learns the task from in this benchmark."""
        return self.training.get(task.name, task.training)
