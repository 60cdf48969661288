"""Facts about the data, remembered between runs so that planning reads no rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from harness import registry
from harness.data.files import digest_of
from harness.data.folder import FolderSource, remarks_of
from harness.data.layouts.pooled import POOL
from harness.data.memory import Memory
from harness.data.pool_facts import PoolFacts, read_pool
from harness.data.source import Source, training_digest, training_rows
from harness.declarations import Task, TrainingSet
from harness.errors import HarnessError
from harness.formats.common import Unlabelled
from harness.pipeline.steps.step import format_identity
from harness.recipes import Settings

if TYPE_CHECKING:
    from datasets import Dataset

BYTES_A_TOKEN = 5  # in UTF-8, roughly, over XTREME's languages; only the time estimate uses it
VERSION = 5  # increased when the meaning of the facts below changes
POOL_VERSION = 2  # the same of a pool's facts


@dataclass(frozen=True)
class Facts:
    """Facts about a split.

    Attributes:
        rows: Number of examples.
        tokens: A rough guess of the number of tokens.
        labels: The label set, if the format takes it from the training file.
        notes: What the user should know of it.
        misplaced: As in ``harness.data.source.Rows``.
    """

    rows: int
    tokens: int
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    misplaced: float = 0.0


@dataclass(frozen=True)
class DatasetFacts:
    """A source and the facts about its data.

    Attributes:
        source: Where examples are.
        memory: Where facts are kept.
    """

    source: Source
    memory: Memory

    def training(self, training: TrainingSet) -> tuple[Facts, Any]:
        """Return a training set's facts, and what decides its rows, as JSON values."""
        held_out = held_out_of(training)

        def count() -> Facts:
            rows = training_rows(self.source, training, held_out)
            form = training.format
            labels = () if form.labels else form.layout.label_set(rows.train)
            notes = rows.notes
            for part in training.parts or (training,):
                for split in part.folder.files:
                    notes += self._remarks(part, split, part.language_of(split))
            return Facts(len(rows.train), guess(rows.train), labels, notes, rows.misplaced)

        def find() -> tuple[Facts, Any]:
            data = training_digest(self.source, training)
            if held_out is not None and self.source.has(held_out, "test", "en"):
                data["held out"] = self.source.digest(held_out, "test", "en")
            key = {"data": data, "name": training.name, "format": format_identity(training.format)}
            return self._facts(key, count), data

        # the set is kept alive with its facts, so that no other object gets its id
        return self.memory.once(("training", id(training)), lambda: (training, find()))[1]

    def test(self, task: Task, language: str) -> tuple[Facts, dict[str, str]]:
        """Return the facts of a language's test split, and the digests of all splits needed.

        Raises:
            HarnessError: A split is malformed, or its gold names places that it does not have.
        """

        def find() -> tuple[Facts, dict[str, str]]:
            splits = task.format.splits
            digests = {split: self.source.digest(task, split, language) for split in splits}
            gold = self.source.gold_digest(task, language)  # it is compared with the examples
            key = {"data": digests, "gold": gold, "format": format_identity(task.format)}
            return self._facts(key, count), digests

        def count() -> Facts:
            splits = {s: self.source.examples(task, s, language) for s in task.format.splits}
            rows = splits["test"]
            notes = self._remarks(task, "test", language)
            problem = misfit(self.source, task, language, rows)
            if problem and task.format.layout.gold_names_places:
                raise HarnessError(problem)
            if problem:  # which names files of this machine: the check says it
                what = "its labels do not fit its examples; harness data check says where"
                notes += (f"{task.name} {language}: {what}",)
            return Facts(len(rows), guess(rows), notes=notes)

        return self.memory.once(("test", task.name, language), find)

    def _remarks(self, of: Task | TrainingSet, split: str, language: str) -> tuple[str, ...]:
        """Return what is remarkable about the rows of a split (``Layout.remarks``)."""
        if not isinstance(self.source, FolderSource):
            return ()
        return remarks_of(of, split, language, self.source.files(of, split, language))

    def pool(self, task: Task) -> tuple[PoolFacts, str]:
        """Return the facts of a retrieval task's pool, and its digest.

        Raises:
            HarnessError: It is malformed.
        """

        def find() -> tuple[PoolFacts, str]:
            digest = self.source.digest(task, POOL, "")
            gold = {
                code: self.source.gold_digest(task, code)
                for code in task.languages
                if self.source.has(task, "test", code)
            }
            key = digest_of([POOL_VERSION, digest, gold, format_identity(task.format)])
            record = self.memory.recall(f"pool {key}")
            if isinstance(record, dict):
                return PoolFacts(**record | {"notes": tuple(record["notes"])}), digest
            assert isinstance(self.source, FolderSource), "only folders have pools"
            facts = read_pool(self.source, task)
            self.memory.keep(f"pool {key}", asdict(facts))
            return facts, digest

        return self.memory.once(("pool", task.name), find)

    def dev(self, task: Task, language: str) -> tuple[Facts, str]:
        """Return the facts of a language's dev split, and its digest."""

        def find() -> tuple[Facts, str]:
            digest = self.source.digest(task, "dev", language)
            key = {"dev": digest, "format": format_identity(task.format)}
            return self._facts(key, count), digest

        def count() -> Facts:
            rows = self.source.examples(task, "dev", language)
            return Facts(len(rows), guess(rows))

        return self.memory.once(("dev", task.name, language), find)

    def _facts(self, key: Any, count: Callable[[], Facts]) -> Facts:
        name = f"facts {digest_of([VERSION, key])}"
        record = self.memory.recall(name)
        if isinstance(record, dict):
            return Facts(**record | {name: tuple(record[name]) for name in ("labels", "notes")})
        facts = count()
        self.memory.keep(name, asdict(facts))
        return facts


def misfit(source: Source, task: Task, language: str, rows: Dataset) -> str:
    """Return how test examples and gold do not fit each other (``Layout.misfits``), or "".

    A gold that cannot be read does not fit either.
    """
    try:
        gold = source.gold(task, language)
    except Unlabelled:
        gold = None
    except HarnessError as error:
        return str(error)
    examples: object = f"{task.name} {language}"
    labels = examples
    if isinstance(source, FolderSource):
        examples = source.files(task, "test", language)[0]
        path = source.label_file(task, language)
        labels = path if path is not None and path.is_file() else examples
    return next(iter(task.format.layout.misfits(rows, gold, examples, labels)), "")


def guess(rows: Dataset) -> int:
    """Return a rough number of tokens from the bytes of rows."""
    share = len(rows) / max(1, len(rows.data))
    return int(rows.data.nbytes * share) // BYTES_A_TOKEN


def bounded(facts: Facts, rows: int, settings: Settings) -> int:
    """Return the tokens of a number of rows, at most those of a few inputs for each row."""
    return min(facts.tokens * rows // max(1, facts.rows), 4 * rows * settings.max_length)


def with_labels(training: TrainingSet, facts: Facts) -> TrainingSet:
    """Return the set with the label set of its training file."""
    if not facts.labels:
        return training
    form: Any = replace(training.format, labels=facts.labels)  # type: ignore[type-var]
    return replace(training, format=form)


def held_out_of(training: TrainingSet) -> Task | None:
    """Return the task whose contexts must not be in the set's dev split."""
    return registry.task(training.held_out) if training.held_out else None
