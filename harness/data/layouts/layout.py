"""The base class of layouts, with what most of them have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from harness.data.files import Report, strict
from harness.errors import HarnessError

if TYPE_CHECKING:
    from datasets import Dataset

    Table: TypeAlias = dict[str, list[Any]] | Dataset

Columns = dict[str, list[Any]]
Types = Mapping[str, str]
Row = Mapping[str, Any]
Reports = Callable[[Path], Report]
"""Returns the report for the malformed places of a file; ``strict`` raises at the first one."""

STRING = "string"
STRINGS = "list<string>"
NUMBERS = "list<int64>"


class Layout:
    """How the files of one kind of task are laid out: their columns, and how they are read.

    A layout has no state. Every Source returns exactly its columns. A missing label or list of
    tags is None; missing answers are an empty list.

    Attributes:
        columns: Name to type of each column, in order.
        offsets: Whether answers say where in their context they are (``misplaced``).
        label: The column to learn, "" for none.
        classes: Whether a label is one of a set, or a list of these.
        unusable: What is said of rows that cannot be trained on (``teaches``).
        context: The column whose texts must not be in both train and dev, "" for none.
        defaults: Columns that a declaration may leave out, and their default values.
        gold_names_places: Whether gold refers to places in the examples, so that it must fit them
            before anything runs.
    """

    columns: ClassVar[Types] = {}
    offsets: ClassVar[bool] = False
    label: ClassVar[str] = "label"
    classes: ClassVar[bool] = True
    unusable: ClassVar[str] = "without a label"
    context: ClassVar[str] = ""
    defaults: ClassVar[Mapping[str, Any]] = {}
    gold_names_places: ClassVar[bool] = False

    def read_file(self, path: Path, labels: Sequence[str], report: Report) -> Columns:
        """Read one file.

        Args:
            path: The file.
            labels: The label set; () stands for any.
            report: Receives malformed places.
        """
        raise HarnessError(f"{path}: XTREME has no such files; declare columns in the Folder")

    def read(self, paths: Sequence[Path], labels: Sequence[str], reports: Reports) -> Columns:
        """Read the files of one split, each by ``read_file``."""
        return joined([self.read_file(path, labels, reports(path)) for path in paths])

    def arranged(self, columns: Columns) -> Columns:
        """Return columns from a table in this layout."""
        count = len(next(iter(columns.values())))
        return {n: columns.get(n) or [self.defaults.get(n)] * count for n in self.columns}

    def problem(self, row: Row, labels: Sequence[str]) -> str:
        """Return what is wrong with a row from a table, "" if nothing is."""
        for name, value in row.items():
            kind = self.columns.get(name)
            if kind == STRING and name != self.label and not isinstance(value, str):
                return f"{name} is not text but {value!r:.60}; write it as text"
        return ""

    def count(self, columns: Table) -> int:
        """Return the number of examples."""
        return len(columns[next(iter(self.columns))])

    def labelled(self, columns: Table) -> bool:
        """Return whether any example has a label."""
        return not self.label or any(map(is_labelled, columns[self.label]))

    def teaches(self, label: Any) -> bool:
        """Return whether an example with this label can be trained on."""
        return is_labelled(label)

    def label_set(self, rows: Dataset) -> tuple[str, ...]:
        """Return the labels of rows, for a format that takes its label set from them."""
        return ()

    def remarks(self, paths: Sequence[Path], reports: Reports = strict) -> Mapping[str, int]:
        """Return what is remarkable about the rows of a split, and of how many it is so.

        Args:
            paths: The files of the split.
            reports: Returns the report for a file's malformed places; by default the first raises.
        """
        return {}

    def misplaced(self, columns: Table) -> list[tuple[int, str]]:
        """Return each answer that is not at its offset: its row's number, and what is wrong.

        They matter only for training, which counts them (``harness.data.source.training_rows``).
        """
        return []

    def misfits(self, columns: Table, gold: Any, examples: object, labels: object) -> list[str]:
        """Return how gold and examples do not fit each other, a line for each problem.

        ``harness data check`` reports them. ``harness eval`` notes them in its plan; if gold names
        places it refuses them, since they would lower the score without notice.

        Args:
            columns: The examples.
            gold: As from ``Format.read_gold``, None if it is not known.
            examples: The place of the examples, for messages.
            labels: The place of the gold, for messages.
        """
        if gold is None or len(gold) == self.count(columns):
            return []
        return [
            f"{labels}: {len(gold)} labels for the {self.count(columns)} examples of {examples}"
        ]

    def to_dataset(self, columns: Columns) -> Dataset:
        """Return columns as a ``datasets.Dataset`` with this layout's types, in its order."""
        import pyarrow as pa
        from datasets import Dataset, Features, List, Value

        types = {
            STRING: Value("string"),
            STRINGS: List(Value("string")),
            NUMBERS: List(Value("int64")),
        }
        features = Features({name: types[kind] for name, kind in self.columns.items()})
        # Dataset.from_dict looks at each value in Python: ten times the time, the same table
        ordered = {name: columns[name] for name in self.columns}
        return Dataset(pa.table(ordered, schema=features.arrow_schema))


def joined(parts: Sequence[Columns]) -> Columns:
    """Return the joined rows of several files."""
    return {name: [value for part in parts for value in part[name]] for name in parts[0]}


def is_labelled(label: Any) -> bool:
    """Return whether a label, or a list of tags, answers or matches, is not empty.

    Answers of only white space, as in XTREME's stripped test files, count as empty.
    """
    return any(text.strip() for text in label) if isinstance(label, list) else bool(label)
