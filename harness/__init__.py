"""Cross-lingual transfer on XTREME: train, predict every language, score, compare."""

from harness.api import compare, evaluate, load, score, study, tasks, train
from harness.array_api import mine, neighbours
from harness.declarations import Benchmark, Folder, Hub, Task, TrainingSet
from harness.version import __version__

__all__ = [
    "Benchmark",
    "Folder",
    "Hub",
    "Task",
    "TrainingSet",
    "__version__",
    "compare",
    "evaluate",
    "load",
    "mine",
    "neighbours",
    "score",
    "study",
    "tasks",
    "train",
]
