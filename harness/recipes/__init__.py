"""Recipes: hyper-parameters as typed TOML files.

A recipe has a table ``[default]``, and may have ``[format."<name>"]``, ``[training.<set>]`` and
``[intermediate.<set>]`` tables; the later ones win. Every key is a field of Settings.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from harness import registry
from harness.bounds import (
    MANY,
    Bounds,
    Choice,
    Expected,
    Switch,
    expected,
    real,
    shown,
    whole,
)
from harness.data.files import digest, read_lines
from harness.data.toml_places import place_of
from harness.declarations import Format, TrainingSet
from harness.errors import HarnessError, nearest

HERE = Path(__file__).parent
LONGEST = 2**20  # tokens in a row; no encoder reads so many
TABLES = ("default", "format", "training", "intermediate")


@dataclass(frozen=True)
class Settings:
    """What decides one training and the predictions made with it.

    Attributes:
        learning_rate: Peak learning rate of AdamW.
        epochs: Passes over the training set.
        batch_size: Examples (windows, pieces) in one update, at most.
        max_tokens: Padded tokens in one batch, at most; a batch closes at either bound.
        accumulate: Batches whose gradients are added up for one update.
        max_length: Tokens in one input, special tokens included.
        stride: Tokens between the starts of two windows over a context.
        max_question: Tokens of a question that are read.
        max_answer: Tokens in an answer, at most.
        misplaced_answers: Share of a set's questions, of train or of dev, that may have an answer
            which is not at its offset; they are dropped, and with more the set is refused.
        warmup: Share of the updates over which the rate rises, if below 1; else their number.
        weight_decay: AdamW weight decay, not for biases and LayerNorm.
        adam_epsilon: AdamW epsilon.
        max_grad_norm: Gradients are clipped to this norm.
        freeze_words: Leave the word table as it is; in a small multilingual encoder it is most
            of the weights, and English data touches few of its rows.
        train_examples: Examples learnt from, the first ones after shuffling; 0 means all.
        dev_examples: English dev examples looked at in a check, drawn from all of them, the same
            in every training; 0 means all.
        check_every: Updates between two dev checks; 0 means one check an epoch.
        patience: Checks without a better dev score before training stops; 0 means never.
        layer: Hidden state for retrieval: a number (0 is the embeddings), ``last``, ``xtreme``
            (14 of 24 layers, 7 of 12), or ``auto``: the last for sentence-transformers
            checkpoints, else ``xtreme``.
        pooling: How retrieval pools it: ``mean`` over all tokens, ``cls`` (the first token), or
            ``auto``: as XTREME, the mean; where a sentence encoder's files say otherwise, the plan
            does too.
        keep_head: Go on with the head that the checkpoint carries for a training set, in place
            of a fresh one.
        lora: Rank of low-rank adapters on the encoder, which is then frozen; 0 for none.
        sampling: How a mixture's batches are dealt out: ``uniform``, ``proportional`` (to the
            sets' examples), ``capped`` (min(n, cap)^(1/temperature)), or by given ``weights``.
        cap: Examples of a set that count, at most.
        temperature: Above 1 it evens a mixture's shares out.
        language_exponent: Of plain text, languages are sampled by their lines to this power
            (arXiv 1911.02116: 0.3).
    """

    learning_rate: float = real(2e-5, 0, 10, above=True)
    epochs: int = whole(3, 1, 1000)
    batch_size: int = whole(32, 1, 2**16)
    max_tokens: int = whole(16384, 1, 2**24)
    accumulate: int = whole(1, 1, 1024)
    max_length: int = whole(128, 8, LONGEST)
    stride: int = whole(128, 1, LONGEST)
    max_question: int = whole(64, 1, LONGEST)
    max_answer: int = whole(30, 1, LONGEST)
    misplaced_answers: float = real(0.05, 0, 1)
    warmup: float = real(0.0, 0, MANY)
    weight_decay: float = real(0.0, 0, 100)
    adam_epsilon: float = real(1e-8, 0, 1)
    max_grad_norm: float = real(1.0, 0, MANY)
    freeze_words: bool = False
    train_examples: int = whole(0, 0, MANY)
    dev_examples: int = whole(0, 0, MANY)
    check_every: int = whole(0, 0, MANY)
    patience: int = whole(0, 0, MANY)
    layer: int | str = expected("auto", Bounds(0, 1000, words=("auto", "last", "xtreme")))
    pooling: str = expected("auto", Choice(("auto", "mean", "cls")))
    keep_head: bool = False
    lora: int = whole(0, 0, 4096)
    sampling: str = expected(
        "proportional", Choice(("uniform", "proportional", "capped", "weights"))
    )
    cap: int = whole(2**17, 1, MANY)
    temperature: float = real(2.0, 0.1, 1000)
    language_exponent: float = real(0.3, 0, 10, above=True)


EXPECTED: Mapping[str, Expected] = {
    entry.name: entry.metadata.get("expected", Switch()) for entry in fields(Settings)
}
"""What each setting may be."""


@dataclass(frozen=True)
class Recipe:
    """A named set of settings.

    Attributes:
        name: ``xtreme``, ``x-stilts``, ``quick``, or the file's stem.
        digest: SHA-256 of its file.
        default: Settings where nothing else is said.
        formats: Changes by format name.
        training: Changes by training set, for a target's.
        intermediate: Changes by training set, for an intermediate task's (``mnli[de]`` over
            ``mnli``), over ``default`` for all of them and ``mixture`` for several at once.
    """

    name: str
    digest: str = ""
    default: Settings = field(default_factory=Settings)
    formats: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    training: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    intermediate: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def settings(self, form: Format, training: TrainingSet | None) -> Settings:
        """Return the settings for a format and, if it is learnt, its training set."""
        changes = dict(self.formats.get(form.name, {}))
        if training is not None:
            changes |= self.training.get(training.name, {})
        return replace(self.default, **changes)

    def intermediate_settings(self, training: TrainingSet) -> Settings:
        """Return the settings for a set as an intermediate task, or as a part of a mixture."""
        plain = training.name.partition("[")[0]
        changes = {
            **self.formats.get(training.format.name, {}),
            **self.intermediate.get("default", {}),
            **self.intermediate.get(plain, {}),
            **(self.intermediate.get(training.name, {}) if training.name != plain else {}),
        }
        return replace(self.default, **changes)

    def mixture_settings(self) -> Settings:
        """Return the settings of several intermediate tasks at once."""
        changes = {**self.intermediate.get("default", {}), **self.intermediate.get("mixture", {})}
        return replace(self.default, **changes)

    def changed(self, tables: Mapping[str, Any]) -> Recipe:
        """Return the recipe with tables of changes laid over its own (``check_tables``)."""

        def over(own: Mapping[str, Any], part: str) -> dict[str, Any]:
            new = tables.get(part, {})
            return {name: {**own.get(name, {}), **new.get(name, {})} for name in {**own, **new}}

        return replace(
            self,
            default=replace(self.default, **tables.get("default", {})),
            formats=over(self.formats, "format"),
            training=over(self.training, "training"),
            intermediate=over(self.intermediate, "intermediate"),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the recipe as plain values, for the manifest."""
        return asdict(self)


def recipe_names() -> tuple[str, ...]:
    """Return the names of the recipes that come with the harness."""
    return tuple(sorted(path.stem for path in HERE.glob("*.toml")))


def load(name: str) -> Recipe:
    """Return a recipe by name or from a TOML file of the user's.

    Raises:
        HarnessError: There is no such recipe or file, it is no TOML, or a key or value does not
            fit; names file, line and the nearest key.
    """
    path = HERE / f"{name}.toml"
    if "/" in name or name.endswith(".toml"):
        path = Path(name)
    elif not path.is_file():
        known = recipe_names()
        raise HarnessError(
            f"unknown recipe {name!r}{nearest(name, known)} (known: {', '.join(known)};"
            " or the path of a .toml file)"
        )
    text = "\n".join(read_lines(path))
    tables = parse(path, text)
    tables.pop("about", "")
    check_tables(path, text, tables)
    return Recipe(name=path.stem, digest=digest(path)).changed(tables)


def parse(path: Path, text: str) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises:
        HarnessError: It is no TOML, or has tables in tables without end.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # an integer of 5,000 digits is a ValueError
        said, _, place = str(error).partition(" (at line ")
        at = "".join(f":{n}" for n in re.findall(r"\d+", place))
        raise HarnessError(f"{path}{at}: no valid TOML: {said:.200}") from error


def check_tables(
    path: Path, text: str, tables: Mapping[str, Any], within: tuple[str, ...] = ()
) -> None:
    """Check tables of settings: ``default``, and ``format``, ``training``, ``intermediate``.

    Args:
        path: The file they are in, for the message.
        text: Its text, to find line and column.
        tables: The tables.
        within: The table of the file that they stand in.

    Raises:
        HarnessError: A key or value does not fit; names file, line, column and the nearest key.
    """
    for key in tables:
        if key not in TABLES:
            raise _misfit(path, text, (*within, key), TABLES if within else (*TABLES, "about"))
    for part in TABLES[1:]:
        table = tables.get(part, {})
        _table(path, table)
        known = _names(part) if table else ()
        for name, changes in table.items():
            if (name.partition("[")[0] if part == "intermediate" else name) not in known:
                raise _misfit(path, text, (*within, part, name), known)
            check_settings(path, text, changes, (*within, part, name))
    check_settings(path, text, tables.get("default", {}), (*within, "default"))


def _names(part: str) -> tuple[str, ...]:
    """Return what a table of tables of settings may name."""
    if part == "intermediate":
        return ("default", "mixture", *registry.training_names())
    tasks = registry.tasks()
    if part == "training":
        own = [task.training for task in tasks]
        others = [benchmark.training.values() for benchmark in registry.benchmarks()]
        return tuple(sorted({one.name for some in (own, *others) for one in some if one}))
    sets = registry.trainings()
    return tuple(sorted({t.format.name for t in tasks} | {s.format.name for s in sets}))


def check_settings(path: Path, text: str, table: Any, within: tuple[str, ...]) -> None:
    """Check one table of settings, as ``check_tables`` does."""
    _table(path, table)
    for key, value in table.items():
        if key not in EXPECTED:
            raise _misfit(path, text, (*within, key), EXPECTED)
        what = EXPECTED[key]
        if value not in what:
            line, column = place_of(text, (*within, key))
            hint = nearest(value, what.words) if isinstance(value, str) else ""
            raise HarnessError(
                f"{path}:{line}:{column}: {key} = {shown(value)}{hint}; expected {what}"
            )


def _table(path: Path, value: Any) -> None:
    if not isinstance(value, dict):
        raise HarnessError(f"{path}: {shown(value)} stands where a table of settings should")


def _misfit(path: Path, text: str, keys: tuple[str, ...], known: Any) -> HarnessError:
    line, column = place_of(text, keys)
    return HarnessError(
        f"{path}:{line}:{column}: unknown key {shown(keys[-1])}{nearest(keys[-1], known)}"
        f" (known: {', '.join(known)})"
    )
