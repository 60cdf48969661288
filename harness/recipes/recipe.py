"""Recipes: read and check them, and get the settings of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from harness import registry
from harness.data.files import digest
from harness.data.toml_file import TomlFile
from harness.declarations import Format, TrainingSet
from harness.errors import unknown
from harness.recipes.settings import SETTINGS, Setting, Settings, brought_by

HERE = Path(__file__).parent
TABLES = ("default", "format", "training", "intermediate")
BY_SIZE = TABLES[2:]
LARGE = 24  # layers from which ``smaller`` does not hold, as in the official scripts


@dataclass(frozen=True)
class Recipe:
    """A named set of settings.

    Attributes:
        name: ``xtreme``, ``x-stilts``, ``quick``, or the file's stem.
        digest: SHA-256 of its file.
        default: Settings where no table below changes them.
        formats: Changes by format name.
        training: Changes by training set, for training on a target's set.
        intermediate: Changes by intermediate task (``mnli[de]`` overrides ``mnli``), with
            ``default`` for all of them and ``mixture`` for several at once.
        smaller: Changes for encoders of fewer than ``LARGE`` layers: tables like ``training`` and
            ``intermediate``, by these names.
    """

    name: str
    digest: str = ""
    default: Settings = field(default_factory=Settings)
    formats: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    training: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    intermediate: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    smaller: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)

    def sized(self, layers: int) -> Recipe:
        """Return the recipe for an encoder of so many layers."""
        changes = self.smaller if layers < LARGE else {}
        return replace(self.changed(changes), smaller={})

    def settings(self, form: Format, training: TrainingSet | None) -> Settings:
        """Return the settings for a format and its training set, if it has one."""
        changes = self.training.get(training.name, {}) if training is not None else {}
        return self._of(form).changed(changes)

    def intermediate_settings(self, training: TrainingSet) -> Settings:
        """Return the settings for a set as an intermediate task, or as a part of a mixture."""
        plain = training.name.partition("[")[0]
        settings = self._of(training.format)
        for name in ("default", plain, training.name):
            settings = settings.changed(self.intermediate.get(name, {}))
        return settings

    def mixture_settings(self) -> Settings:
        """Return the settings of several intermediate tasks at once."""
        changes = {**self.intermediate.get("default", {}), **self.intermediate.get("mixture", {})}
        return self.default.changed(changes)

    def _of(self, form: Format) -> Settings:
        """Return the settings for a format, including its own."""
        defaults = {name: one.default for name, one in brought_by(form).items()}
        return self.default.changed(defaults | dict(self.formats.get(form.name, {})))

    def changed(self, tables: Mapping[str, Any]) -> Recipe:
        """Return the recipe with tables of changes (see ``check_tables``) applied to it.

        They hold for encoders of any size.
        """

        def merged(own: Mapping[str, Any], part: str) -> dict[str, Any]:
            new = tables.get(part, {})
            return {name: {**own.get(name, {}), **new.get(name, {})} for name in {**own, **new}}

        return replace(
            self,
            default=self.default.changed(tables.get("default", {})),
            formats=merged(self.formats, "format"),
            training=merged(self.training, "training"),
            intermediate=merged(self.intermediate, "intermediate"),
            smaller={part: merged(own, part) for part, own in self.smaller.items()},
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the recipe as plain values, for the manifest, as it is for an encoder's size."""
        return {name: value for name, value in asdict(self).items() if name != "smaller"}


def recipe_names() -> tuple[str, ...]:
    """Return the names of the recipes that come with the harness."""
    return tuple(sorted(path.stem for path in HERE.glob("*.toml")))


def load(name: str) -> Recipe:
    """Return a recipe by name or from the user's TOML file.

    Raises:
        HarnessError: The recipe or file does not exist, is not TOML, or has a key or value that
            does not fit; names file, line and the nearest key.
    """
    path = HERE / f"{name}.toml"
    if "/" in name or name.endswith(".toml"):
        path = Path(name)
    elif not path.is_file():
        raise unknown("recipe", name, recipe_names(), "or the path of a .toml file")
    file = TomlFile.read(path)
    tables = {part: table for part, table in file.tables.items() if part != "about"}
    smaller = file.table(("smaller",), tables.pop("smaller", {}), "tables")
    check_tables(file, tables, known=(*TABLES, "about", "smaller"))
    check_tables(file, smaller, ("smaller",), BY_SIZE)
    return replace(Recipe(path.stem, digest(path)).changed(tables), smaller=smaller)


def check_tables(
    file: TomlFile,
    tables: Mapping[str, Any],
    within: tuple[str, ...] = (),
    known: Sequence[str] = TABLES,
) -> None:
    """Check tables of settings: ``default``, and ``format``, ``training``, ``intermediate``.

    Args:
        file: The file that they are in.
        tables: The tables.
        within: The table of the file that they are in.
        known: The names that may stand there.

    Raises:
        HarnessError: A key or value does not fit; names file, line, column and the nearest key.
    """
    for part in tables:
        file.known((*within, part), part, known)
    for part in TABLES[1:]:
        entries = file.table((*within, part), tables.get(part, {}), "tables")
        forms = _forms(part) if entries else {}
        for name, changes in entries.items():
            keys = (*within, part, name)
            plain = name.partition("[")[0] if part == "intermediate" else name
            file.known(keys, plain, forms)
            check_settings(file, changes, keys, forms[plain])
    check_settings(file, tables.get("default", {}), (*within, "default"))


def _forms(part: str) -> Mapping[str, tuple[Format, ...]]:
    """Return the names allowed in a group of tables, with the formats that each is for."""
    sets = registry.trainings()
    if part == "intermediate":
        return {"default": (), "mixture": ()} | {one.name: (one.format,) for one in sets}
    tasks = registry.tasks()
    if part == "format":
        forms = dict.fromkeys([task.format for task in tasks] + [one.format for one in sets])
        names = sorted({form.name for form in forms})
        return {name: tuple(form for form in forms if form.name == name) for name in names}
    targets = [task.training for task in tasks]
    for benchmark in registry.benchmarks():
        targets += benchmark.training.values()
    stages = [one for target in targets if target for one in target.stages()]
    return {one.name: (one.format,) for one in sorted(stages, key=lambda one: one.name)}


def check_settings(
    file: TomlFile, table: Any, keys: tuple[str, ...], forms: tuple[Format, ...] = ()
) -> None:
    """Check one table of settings, as ``check_tables`` does.

    Args:
        file: The file that it is in.
        table: The table.
        keys: Its place in the file.
        forms: The formats that it is for, whose own settings it may contain.
    """
    known: dict[str, Setting] = dict(SETTINGS)
    for form in forms:
        known |= brought_by(form)
    for key, value in file.table(keys, table, "settings").items():
        file.known((*keys, key), key, known)
        file.bounded((*keys, key), key, value, known[key].expected, known[key].help)
