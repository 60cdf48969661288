"""A study's file: reading and checking it; errors name line and column."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import recipes, registry
from harness.bounds import COUNT, PROCESSES, SEED, SHARE, THREADS, WEIGHT, Bounds, shown
from harness.data.toml_file import TomlFile
from harness.errors import HarnessError
from harness.pipeline.plan_training import Intermediate
from harness.pipeline.request import PACKAGED

BASELINE = "baseline"  # without intermediate training; every study has it
LONGEST_NAME = 255  # bytes of a file's name; no file system allows more


@dataclass(frozen=True)
class Start:
    """A checkpoint of a study.

    Attributes:
        name: Its name in the table.
        where: Folder, hub id, or ``packaged`` for the benchmark's own.
        intermediate: What it was trained on elsewhere; it is then a row of its own next to those
            of ``baseline``.
        baseline: Name of the checkpoint that such a row is compared with.
    """

    name: str
    where: str
    intermediate: str = ""
    baseline: str = ""


@dataclass(frozen=True)
class Study:
    """An experiment: every combination of the entries of its lists.

    Attributes:
        path: The file.
        checkpoints: Checkpoints to start from.
        intermediate: Intermediate settings, the baseline first.
        targets: Tasks to evaluate on; () means all of the benchmark that have data.
        seeds: Seeds of every training.
        recipes: Names or files of recipes.
        settings: Changes to every recipe, as tables of a recipe.
        benchmark: Which languages and test sets.
        data: Folder of data; None for the benchmark's own, else the hub.
        labels: Folder of test labels; None for the one next to ``data``.
        languages: Codes; () means all.
        limit: Test examples per language, 0 means all.
        max_steps: Updates of a training, 0 means the recipe's.
        device: As for ``harness eval``.
        precision: As for ``harness eval``.
        deterministic: As for ``harness eval``.
        threads: CPU threads of a step; 0 means a worker's share of the cores.
        processes: Processes (and GPUs) of a training, through torchrun.
    """

    path: Path
    checkpoints: tuple[Start, ...]
    intermediate: tuple[Intermediate, ...]
    targets: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (42,)
    recipes: tuple[str, ...] = ("xtreme",)
    settings: Mapping[str, Any] = field(default_factory=dict)
    benchmark: str = "xtreme"
    data: Path | None = None
    labels: Path | None = None
    languages: tuple[str, ...] = ()
    limit: int = 0
    max_steps: int = 0
    device: str = "auto"
    precision: str = "auto"
    deterministic: bool = False
    threads: int = 0
    processes: int = 1

    @property
    def name(self) -> str:
        """Return the file's name without its ending."""
        return self.path.stem

    @contextmanager
    def blamed(self, *keys: str, value: str | None = None) -> Iterator[None]:
        """Add the place in the file to errors."""
        try:
            yield
        except HarnessError as error:
            at = TomlFile.read(self.path).at(keys, value)
            raise type(error)(f"{at}: {error}") from error


STRINGS, NUMBERS, PATHS = "list of strings", "list of whole numbers", "list of names or paths"
TEXT, TABLE, PATH, SWITCH = "text", "table", "path", "switch, true or false"
Kind = str | Bounds
KEYS: Mapping[str, Kind] = {
    "about": TEXT,
    "checkpoints": TABLE,
    "intermediate": TABLE,
    "targets": STRINGS,
    "seeds": NUMBERS,
    "recipes": PATHS,
    "settings": TABLE,
    "benchmark": TEXT,
    "data": PATH,
    "labels": PATH,
    "languages": STRINGS,
    "limit": COUNT,
    "max_steps": COUNT,
    "device": TEXT,
    "precision": TEXT,
    "deterministic": SWITCH,
    "threads": THREADS,
    "processes": PROCESSES,
}
OF_A_CHECKPOINT: Mapping[str, Kind] = {"path": PATH, "intermediate": TEXT, "baseline": TEXT}
OF_AN_INTERMEDIATE: Mapping[str, Kind] = {
    "train": STRINGS, "weights": TABLE, "mlm": SHARE, "from": TEXT, "settings": TABLE,
}  # fmt: skip


def read_study(path: Path) -> Study:
    """Read and check a study.

    Every name in it is looked up, but no data or checkpoint is opened.

    Raises:
        HarnessError: The file is missing or not TOML, a key or name is unknown, a value does not
            fit, or intermediate settings form a circle; names line and column.
    """
    file = TomlFile.read(path)
    tables = file.tables
    _check_keys(file, (), tables, KEYS)
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in tables.items()}
    given |= {key: path.parent / tables[key] for key in ("data", "labels") if key in tables}
    given |= {"checkpoints": _checkpoints(file), "intermediate": _intermediate(file)}
    given.pop("about", None)
    study = Study(path=path, **given)
    _check_names(file, study)
    return study


def _check_keys(
    file: TomlFile, where: tuple[str, ...], table: Mapping[str, Any], kinds: Mapping[str, Kind]
) -> None:
    """Refuse unknown keys and values of the wrong kind."""
    for key, value in table.items():
        file.known((*where, key), key, kinds)
        kind = kinds[key]
        if isinstance(kind, Bounds):
            file.bounded((*where, key), key, value, kind)
        elif not _fits(value, kind):
            raise file.wrong((*where, key), f"{key} should be a {kind}, not {shown(value)}")
        elif kind in (PATH, PATHS):
            for path in [value] if kind == PATH else value:
                if not _is_path(path):
                    message = f"{key}: no file system takes a path like {shown(path)}; name another"
                    raise file.wrong((*where, key), message)


def _fits(value: object, kind: str) -> bool:
    if kind == NUMBERS:
        return isinstance(value, list) and bool(value) and all(type(v) is int for v in value)
    if kind in (STRINGS, PATHS):
        return isinstance(value, list) and all(isinstance(v, str) and v for v in value)
    return isinstance(value, {TABLE: dict, SWITCH: bool}.get(kind, str))


def _is_path(text: str) -> bool:
    names = os.fsencode(text).split(b"/")
    return "\0" not in text and len(text) < 4096 and all(len(n) <= LONGEST_NAME for n in names)


def _checkpoints(file: TomlFile) -> tuple[Start, ...]:
    starts = []
    for name, value in file.tables.get("checkpoints", {}).items():
        keys = ("checkpoints", name)
        table = {"path": value} if isinstance(value, str) else value
        if not isinstance(table, dict) or "path" not in table:
            raise file.wrong(keys, f"{name} should be a path, or a table with one")
        _check_keys(file, keys, table, OF_A_CHECKPOINT)
        where = str(table["path"])
        if where != PACKAGED and (file.path.parent / where).is_dir():
            where = str(file.path.parent / where)
        starts.append(Start(name, where, table.get("intermediate", ""), table.get("baseline", "")))
    if not starts:
        raise HarnessError(f'{file.path}:1:1: no [checkpoints]; name at least one, NAME = "path"')
    names = [start.name for start in starts if not start.intermediate]
    for start in starts:
        if start.baseline and not start.intermediate:
            message = f"{start.name} has a baseline; say also what it was trained on: intermediate"
            raise file.wrong(("checkpoints", start.name, "baseline"), message)
        if start.intermediate:
            file.known(("checkpoints", start.name), start.baseline, names, "baseline")
    return tuple(starts)


def _intermediate(file: TomlFile) -> tuple[Intermediate, ...]:
    settings = [Intermediate(BASELINE)]
    for name, value in file.tables.get("intermediate", {}).items():
        keys = ("intermediate", name)
        if name == BASELINE:
            raise file.wrong(keys, "the baseline is always there; leave it out")
        table = {"train": value} if isinstance(value, list) else value
        if isinstance(table, dict):
            _check_keys(file, keys, table, OF_AN_INTERMEDIATE)
        if not isinstance(table, dict) or not table.get("train"):
            message = f"{name} should be a list of training sets, or a table with train"
            raise file.wrong(keys, message)
        train, weights = tuple(dict.fromkeys(table["train"])), _weights(file, keys, table)
        mlm, after = float(table.get("mlm", 0)), table.get("from", "")
        more = table.get("settings", {})
        settings.append(Intermediate(name, train, weights, mlm, after, more))
    return tuple(settings)


def _weights(
    file: TomlFile, keys: tuple[str, ...], table: Mapping[str, Any]
) -> Mapping[str, float]:
    weights: Mapping[str, Any] = table.get("weights", {})
    for name, weight in weights.items():
        file.known((*keys, "weights", name), name, table["train"], "training set here")
        file.bounded((*keys, "weights", name), f"weight of {name}", weight, WEIGHT)
    for name in table["train"] if weights else ():
        if name not in weights:
            raise file.wrong((*keys, "weights"), f"no weight for {name}; give one to each set")
    return weights


def _check_names(file: TomlFile, study: Study) -> None:
    """Refuse names that are unknown."""
    file.known(("benchmark",), study.benchmark, registry.benchmark_names(), "benchmark")
    _check_lists(file, study)
    for name in study.targets:
        file.known(("targets",), name, registry.task_names(), "task")
    for recipe in study.recipes:
        if not recipe.endswith(".toml"):
            file.known(("recipes",), recipe, recipes.recipe_names(), "recipe")
    recipes.check_tables(file, study.settings, ("settings",))
    names = [one.name for one in study.intermediate]
    for one in study.intermediate:
        forms = []
        for spec in one.train:
            with study.blamed("intermediate", one.name, value=spec):
                forms.append(registry.training(spec).format)
        keys = ("intermediate", one.name, "settings")
        recipes.check_settings(file, one.settings, keys, tuple(forms))
        if one.after:
            file.known(("intermediate", one.name, "from"), one.after, names, "intermediate setting")
    _refuse_circles(file, study)
    _refuse_same_rows(file, study)


def _check_lists(file: TomlFile, study: Study) -> None:
    """Refuse duplicates in a list (means and spreads would be wrong), and bad seeds."""
    for key in ("targets", "seeds", "recipes", "languages"):
        values: tuple[Any, ...] = getattr(study, key)
        for value in values:
            if values.count(value) > 1:
                raise file.wrong((key,), f"{shown(value)} stands twice in {key}", str(value))
    if not study.recipes:
        raise file.wrong(("recipes",), "no recipe; name one, or leave the key out")
    for seed in study.seeds:
        file.bounded(("seeds",), "seed", seed, SEED)


def _refuse_same_rows(file: TomlFile, study: Study) -> None:
    """Refuse an outside checkpoint whose row would have the name of another row in its table."""
    rows = {(start.name, one.name) for start in study.checkpoints for one in study.intermediate}
    for start in study.checkpoints:
        row = (start.baseline, start.intermediate)
        if start.intermediate and row in rows:
            message = f"there is a row {row[1]!r} beside {row[0]} already; word it otherwise"
            raise file.wrong(("checkpoints", start.name, "intermediate"), message, row[1])
        rows.add(row)


def _refuse_circles(file: TomlFile, study: Study) -> None:
    after = {one.name: one.after for one in study.intermediate}
    for name, first in after.items():
        path, at = [name], first
        while at:
            if at in path:
                circle = " from ".join([*path, at])
                raise file.wrong(("intermediate", name, "from"), f"a circle: {circle}")
            path.append(at)
            at = after[at]


def load_recipe(study: Study, name: str) -> recipes.Recipe:
    """Return a study's recipe with the study's changes."""
    if not name.endswith(".toml"):
        return recipes.load(name).changed(study.settings)
    path = study.path.parent / name
    if not path.is_file():
        with study.blamed("recipes", value=name):
            raise HarnessError(f"{path}: no such file")
    return recipes.load(str(path)).changed(study.settings)
