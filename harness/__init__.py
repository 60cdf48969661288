"""Cross-lingual transfer on XTREME: train, predict every language, score, compare."""

from harness.api import compare, evaluate, load, score, study, tasks, train
from harness.array_api import embed, mine, mine_files, neighbours
from harness.checklist_api import checklist
from harness.declarations import Benchmark, Folder, Hub, Task, TrainingSet
from harness.version import __version__

__all__ = [
    "Benchmark",
    "Folder",
    "Hub",
    "Task",
    "TrainingSet",
    "__version__",
    "checklist",
    "compare",
    "embed",
    "evaluate",
    "load",
    "mine",
    "mine_files",
    "neighbours",
    "score",
    "study",
    "tasks",
    "train",
]
