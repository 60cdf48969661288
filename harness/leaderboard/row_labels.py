"""What a row is called within its family: its intermediate task, in the field's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness import registry
from harness.leaderboard.baselines import Family
from harness.leaderboard.board_rows import BoardRow

NO_TASK = "no intermediate task"
PARTIAL = " – PARTIAL"
TITLES = {
    "anli+": "ANLI+",
    "ccg": "CCG",
    "commonsenseqa": "CommonsenseQA",
    "cosmosqa": "Cosmos QA",
    "hellaswag": "HellaSwag",
    "mlm": "MLM",
    "mnli": "MNLI",
    "qqp": "QQP",
    "snli": "SNLI",
    "socialiqa": "Social IQa",
    "squad": "SQuAD",
    "squad_v2": "SQuAD v2.0",
}
"""What papers call the training sets; a plug-in's is called by its name."""


def label_of(row: BoardRow, family: Family) -> str:
    """Return what a row is called beside the others of its family.

    That is its intermediate task, ``MNLI`` or ``MNLI → SQuAD``, if no other row of the family has
    the same, else what the board calls it. A partial row says so.

    Args:
        row: The baseline, one of the rows, or one that was left out.
        family: The family.
    """
    label = _stages(row)
    others = (one for one in (family.baseline, *family.rows) if one.slug != row.slug)
    if not label or any(_stages(one) == label for one in others):
        return row.name
    return label + (PARTIAL if row.entry.partial else "")


def _stages(row: BoardRow) -> str:
    """Return a row's intermediate training in words, "" if it is not known."""
    stages = [_stage(stage) for stage in row.entry.intermediate]
    return (" → ".join(stages) or NO_TASK) if all(stages) else ""


def _stage(stage: Mapping[str, Any]) -> str:
    """Return one stage in words: tasks at once are joined by ``+``."""
    names = [_task(task) for task in stage["tasks"]]
    return " + ".join([*names, TITLES["mlm"]] if names and stage.get("mlm") else names)


def _task(task: Mapping[str, Any]) -> str:
    """Return what a task is called, with its languages where they are not English alone."""
    languages, translated = list(task["languages"]), task["translated"]
    facts = [", ".join(languages)] if languages not in ([], ["en"]) else []
    facts += ["translated"] if translated else []
    name = task_title(task["name"])
    return f"{name} ({', '.join(facts)})" if facts else name


def task_title(name: str) -> str:
    """Return what papers call a task; text that is not a task's name stays as it is.

    Args:
        name: Name of a training set or task, or any text.
    """
    if name in TITLES:
        return TITLES[name]
    return registry.task(name).title if name in registry.task_names() else name
