"""Gold that does not fit its test set is told before anything runs, whatever the task."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.places import MINI

from harness import registry

Run = Callable[..., tuple[int, str, str]]
NINE = registry.benchmark("mini").task_names()
TASKS = (*(name for name in NINE if name != "bucc2018"), "xcopa", "lareqa", "mewslix")
"""BUCC's pairs are any number of its sentences, so that nothing can lack there."""


def cut(path: Path) -> None:
    """Leave out the last label, line, sentence, question or query."""
    text = path.read_text("utf-8")
    if path.suffix != ".json":
        *kept, _ = text.removesuffix("\n").split("\n\n" if "\n\n" in text else "\n")
        path.write_text(("\n\n" if "\n\n" in text else "\n").join(kept) + "\n", "utf-8")
        return
    value: Any = json.loads(text)
    if "data" in value:
        value["data"][-1]["paragraphs"][-1]["qas"].pop()
    else:
        value.popitem()
    path.write_text(json.dumps(value), "utf-8")


@pytest.mark.parametrize("name", TASKS)
def test_gold_that_lacks_something_is_told_before_a_run(
    name: str, run: Run, tiny: Path, quickest: Path, tmp_path: Path
) -> None:
    task = registry.task(name)
    shutil.copytree(MINI, tmp_path / "data")
    benchmark = "mini" if name in NINE else "xtreme-r-mini"
    language = next(iter(registry.benchmark(benchmark).languages_of(task)))
    labels = tmp_path / "data/labels" / task.folder.labels.format(lang=language)

    def evaluate() -> tuple[int, str, str]:
        return run(
            "eval", tiny, "--benchmark", benchmark, "--data", tmp_path / "data", "--tasks", name,
            "--languages", language, "--recipe", quickest, "--device", "cpu", "--dry-run",
            "--store", tmp_path / "store", "--output", tmp_path / "out",
        )  # fmt: skip

    code, out, err = evaluate()
    assert code == 0 and "do not fit" not in out + err, err
    for spoil in (cut, lambda path: path.write_text("[3")):
        spoil(labels)
        code, out, err = evaluate()
        if task.format.layout.gold_names_places:
            assert code == 2 and str(labels) in err and len(err.strip().splitlines()) == 1, err
        else:
            said = (
                f"note: {name} {language}: its labels do not fit its examples; harness data check"
            )
            assert code == 0 and (out + err).count(said) == 1, out + err
