"""Pure declarations: Format, Task, TrainingSet, Benchmark, and where data lies.

Nothing here reads a file or imports a framework; a plug-in builds these values and names them
under the entry-point groups ``harness.tasks``, ``harness.training`` and ``harness.benchmarks``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.data.layouts import Layout
    from harness.formats.faults import Fault
    from harness.models.heads import Head
    from harness.statistics.clusters import Keys
    from harness.statistics.sums import Tally

Scores = dict[str, float]
Column = str | tuple[str, ...]
"""A column of a data set; a dotted name reaches into a struct or a list of structs. The values of
several columns become one list (``answer0`` … ``answer3``)."""

OTHER = "other"  # the group of what is not known of a language
NO_RESULT = {"result": False}
"""Metadata of a format's field that changes neither training nor predictions nor scores, so that
it is not part of the keys of steps."""
NEWER = {"newer": True}
"""Metadata of a format's field that came after keys were made: it is part of the keys of steps only
where it differs from its default, so that what was done before it keeps its key."""


def headline(metric: str, scores: Mapping[str, float]) -> float:
    """Return a language's headline score: the mean of the metrics that ``metric`` joins by +."""
    names = metric.split("+")
    return sum(scores[name] for name in names) / len(names)


class Format(Protocol):
    """How one kind of task works; ``Learnt`` and ``Evaluated`` add to it.

    Attributes:
        name: The kind's name, e.g. ``sentence-pair classification``.
        version: Increased when its code changes results; it is part of the keys of steps.
        layout: How its files are read.
        metric: Name of the headline metric; several joined by ``+`` are averaged.
        head: The model's head; None for the bare encoder.
        labels: The label set, () for none.
        reads: The settings (``harness.recipes.Settings``) that its inputs and answers depend on.
        special: Special tokens that the tokenizer must have besides padding.
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

    def gold(self, rows: Dataset) -> Any:
        """Return the gold that labelled rows carry, as ``score`` takes it."""

    def score(self, gold: Any, predictions: Any, language: str) -> Scores:
        """Score predictions as the official scorer does, in percent."""


class Learnt(Format, Protocol):
    """A format to train on.

    One whose head depends on settings has besides (``DualEncoder``): ``settled``, which returns it
    with a recipe's values for a checkpoint; ``batches``, which returns the settings of its batches;
    and ``notes``, what the user should know of training it from a checkpoint.

    Attributes:
        auxiliary: Whether its dev score chooses the weights only if no other set is trained on.
    """

    @property
    def head(self) -> Head: ...
    @property
    def auxiliary(self) -> bool: ...

    def encode(
        self, rows: Dataset, tokenizer: Any, settings: Any, *, training: bool
    ) -> list[dict[str, Any]]:
        """Turn examples into model inputs, with labels where ``training``."""


class Evaluated(Format, Protocol):
    """A format whose predictions are written, read again and scored.

    Attributes:
        suffix: Ending of its prediction and label files: ``tsv``, ``json`` or ``jsonl``.
        splits: The splits a prediction needs.
        names_examples: Whether predictions name test examples that the gold need not name, so that
            only the examples tell which names there are (BUCC).
        has_pool: Whether its queries are looked for in one pool for all languages, so that its
            layout is ``harness.data.layouts.Pooled``.
    """

    @property
    def suffix(self) -> str: ...
    @property
    def splits(self) -> tuple[str, ...]: ...
    @property
    def names_examples(self) -> bool: ...
    @property
    def has_pool(self) -> bool: ...

    def first(self, rows: Dataset, limit: int) -> Dataset:
        """Return the rows under ``--limit``: as many queries, and all candidates."""

    def write(self, predictions: Any, path: Path) -> None:
        """Write predictions in XTREME's layout."""

    def read(self, path: Any, report: Any = None) -> Any:
        """Read predictions in XTREME's layout.

        Args:
            path: The file (``harness.data.files.File``).
            report: Receives each ``harness.formats.faults.Fault``; None raises at the first, a
                HarnessError with file and line.
        """

    def read_gold(self, path: Any) -> Any:
        """Read a label file; raises Unlabelled where it holds placeholders only."""

    def names(self, rows: Any) -> Any:
        """Return what predictions may call the examples, as ``unknown`` takes it."""

    def unknown(self, names: Any, predictions: Any) -> Iterator[Fault]:
        """Yield the predictions that name no example."""

    def misfits(self, gold: Any, predictions: Any) -> Iterator[Fault]:
        """Yield how predictions do not fit the gold, also where the official scorer is lenient."""

    def limited(self, gold: Any, rows: Dataset) -> Any:
        """Return the gold of the given rows only (for ``--limit``)."""

    def keys(self, rows: Dataset) -> Keys:
        """Return what ties test examples to others: the same item, the same passage.

        Args:
            rows: The test examples, or a plain mapping of the layout's columns to lists.
        """

    def scored(
        self, gold: Any, predictions: Any, language: str
    ) -> tuple[Scores, Callable[[], Tally | None]]:
        """Return what ``score`` gives, and a function that gives what ``tally`` does."""

    def tally(self, gold: Any, predictions: Any, language: str) -> Tally | None:
        """Return what each example adds to the headline score; None if that is no ratio of sums.

        The score is 100 · Σa / Σb; without a tally its differences have no interval.
        """


@dataclass(frozen=True)
class Folder:
    """Where examples are in a data folder.

    Attributes:
        files: Split to path pattern, or to several whose rows are joined; ``{lang}`` stands for
            the language, ``{every}`` for all of the benchmark's, whichever are asked for. A path is
            in XTREME's own folder or in ``intermediate/``. Split ``pool`` has all candidates.
        elsewhere: The same for other collections, which place the files elsewhere: read if one
            of ``files`` is missing and all of these exist.
        labels: Pattern of the test labels in the labels folder; "" for none.
        columns: Our column to theirs, for data sets in formats of their own (``.jsonl``, and
            ``.csv`` and ``.tsv`` with a header); {} for files in XTREME's layout.
        values: Their label value to our label, where they differ.
    """

    files: Mapping[str, str | tuple[str, ...]]
    labels: str = ""
    columns: Mapping[str, Column] = field(default_factory=dict)
    values: Mapping[int | str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Hub:
    """Where a task's examples are on the hub: parquet files of a data set at one revision.

    Attributes:
        repo: Data set id, e.g. ``facebook/xnli``.
        revision: The full commit hash that is read, never a branch.
        files: Split to parquet path pattern inside the repository; ``{lang}`` as in Folder,
            ``*`` matches shards.
        columns: Our column to theirs.
        values: Their label value (an int of a ClassLabel, or a string) to our label.
        codes: Our language code to theirs, where they differ.
        languages: The languages on the hub; () means all of the task's.
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
    """Labelled data to train on, for a target or as an intermediate task; by default English.

    Attributes:
        name: Short name; recipes may give it settings of its own.
        format: How its examples become model inputs.
        folder: Its ``train`` and ``dev`` files; without ``dev`` a tenth of train is held out.
        hub: The same on the hub, if it is there.
        language: The language of train; dev is always English.
        languages: All languages of a multilingual set (plain text); () otherwise.
        chosen: Whether the user has named these languages, so that each must have text.
        keep: Regular expression an example's id must match whole, "" for any.
        held_out: Name of a task whose test contexts must not be in dev (XQuAD in SQuAD dev).
        parts: Sets of the same format whose rows are joined, each with files and label values of
            its own (ANLI+); the set's own folder is then empty.
        variant: Which of the user's files replace train: a language (``de``), or
            ``translated:`` and a language; "" for the set's own files.
        after: The set that a target's training learns first; its training on this one then goes
            on from that encoder, and from its head if that fits (COPA after Social IQa).
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
    after: TrainingSet | None = None
    licence: str = ""
    citation: str = ""

    def stages(self) -> tuple[TrainingSet, ...]:
        """Return the sets that a target learns, the first first, itself last."""
        return (*(self.after.stages() if self.after else ()), self)

    def language_of(self, split: str) -> str:
        """Return the language of a split."""
        return self.language if split == "train" else "en"


@dataclass(frozen=True)
class Design:
    """What the planning of a study assumes of a test set before there is data.

    Attributes:
        clusters: Clusters of test examples (``Evaluated.keys``), about.
        item_sd: Standard deviation over clusters of the lasting difference of two rows, points.
        mixture_sd: Standard deviation over clusters of what one run changes, points.
    """

    clusters: int = 1000
    item_sd: float = 4.0
    mixture_sd: float = 6.0


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
        training: The set that a model is trained on; None if the encoder is used untrained.
        hub: The same on the hub, if it is there.
        design: What ``harness study power`` assumes of it before there is data.
        citation: A BibTeX key or an arXiv id with authors and year.
    """

    name: str
    title: str
    format: Evaluated
    languages: tuple[str, ...]
    folder: Folder
    training: TrainingSet | None = None
    hub: Hub | None = None
    design: Design = Design()
    licence: str = ""
    citation: str = ""
    homepage: str = ""

    def file(self, language: str) -> str:
        """Return the name of a prediction file in the task's folder, as XTREME has it."""
        return f"test-{language}.{self.format.suffix}"


LOW_RESOURCE = 2  # classes of Joshi et al. 2020 up to this one


@dataclass(frozen=True)
class Language:
    """What is known of a language, for grouping scores.

    Attributes:
        code: Its code in the benchmarks, e.g. ``sw``.
        name: Its English name.
        glottocode: Its code in Glottolog.
        family: Its family, at Glottolog's top level.
        script: The script of the benchmarks' texts, ISO 15924.
        resources: Class of Joshi et al. 2020 (arXiv 2004.09095), 0 to 5; None if unknown.
        rtl: Whether it is written from right to left.
    """

    code: str
    name: str
    glottocode: str = ""
    family: str = OTHER
    script: str = OTHER
    resources: int | None = None
    rtl: bool = False

    @property
    def low_resource(self) -> bool:
        """Return whether it is in a class with few resources."""
        return self.resources is not None and self.resources <= LOW_RESOURCE


@dataclass(frozen=True)
class Benchmark:
    """Which tasks and languages make one overall score, and how they are grouped.

    Attributes:
        groups: Group name to its tasks' names; the overall score is the mean of all tasks.
        languages: Task name to languages, where they are not the task's own.
        training: Task name to the training set to use instead of the task's own; None for none.
        data: Returns the packaged data and labels folders, for a benchmark with its own data.
        encoder: Makes the benchmark's own encoder in a cache folder and returns its checkpoint
            folder, for a benchmark that has one (``harness demo``).
        official: The groups that the official script prints, where they are not ``groups``; it
            then prints no overall score.
        statements: What an entry has to say of its model besides its scores: keys of
            ``harness.submission.statements.STATEMENTS``.
        facts: What is known of its languages, for grouping scores.
    """

    name: str
    title: str
    groups: Mapping[str, tuple[str, ...]]
    languages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    training: Mapping[str, TrainingSet | None] = field(default_factory=dict)
    data: Callable[[], tuple[Path, Path]] | None = None
    encoder: Callable[[Path], Path] | None = None
    official: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    statements: tuple[str, ...] = ()
    facts: tuple[Language, ...] = ()
    citation: str = ""

    def language(self, code: str) -> Language:
        """Return what is known of a language; of an unknown one its code alone."""
        return next((one for one in self.facts if one.code == code), Language(code, code))

    def task_names(self) -> tuple[str, ...]:
        """Return the names of all tasks, group by group."""
        return tuple(name for names in self.groups.values() for name in names)

    def languages_of(self, task: Task) -> tuple[str, ...]:
        """Return the languages of a task: the benchmark's choice, else the task's own."""
        return self.languages.get(task.name, task.languages)

    def group_of(self, task: Task) -> str:
        """Return the name of the group that a task is in; "" if it is not in the benchmark."""
        return next((group for group, names in self.groups.items() if task.name in names), "")

    def training_of(self, task: Task) -> TrainingSet | None:
        """Return the training set of a task in this benchmark."""
        return self.training.get(task.name, task.training)
