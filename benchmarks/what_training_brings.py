"""What training brings to two tasks of XTREME-R: LAReQA's pairs, and Social IQa before COPA.

    OMP_NUM_THREADS=1 python benchmarks/what_training_brings.py lareqa CHECKPOINT DATA --store STORE
        [--recipe quick] [--seeds 1,2,3]

``lareqa`` is scored after the recipe's dual encoder and, mean pooling, without any training;
``xcopa`` after Social IQa and COPA and after COPA alone. Each seed trains all that it needs anew.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

import harness
from harness import registry
from harness.declarations import Benchmark, TrainingSet


def less_of(task: str) -> tuple[str, TrainingSet | None]:
    """Return what the training is compared with, in words and as a training set."""
    training = registry.task(task).training
    assert training is not None
    if training.after is None:
        return "without training", None
    return f"{training.name} alone", replace(training, after=None)


def main() -> None:
    """Score a task with and without what is asked about; print every seed, means and difference."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=("lareqa", "xcopa"))
    parser.add_argument("checkpoint")
    parser.add_argument("data")
    parser.add_argument("--store", required=True)
    parser.add_argument("--recipe", default="quick")
    parser.add_argument("--seeds", default="1,2,3")
    given = parser.parse_args()
    name, less = less_of(given.task)
    ways: dict[str, Mapping[str, TrainingSet | None]] = {name: {given.task: less}, "trained": {}}
    whole = registry.benchmark("xtreme-r")
    scores: dict[str, list[float]] = {}
    for way, training in ways.items():
        groups = {whole.group_of(registry.task(given.task)): (given.task,)}
        benchmark = Benchmark(given.task, whole.title, groups, training=training, facts=whole.facts)
        for seed in map(int, given.seeds.split(",")):
            with tempfile.TemporaryDirectory() as output:
                results = harness.evaluate(
                    given.checkpoint,
                    data=given.data,
                    benchmark=benchmark,
                    recipe=given.recipe,
                    seed=seed,
                    device="cpu",
                    precision="fp32",
                    threads=1,
                    output=output,
                    store=given.store,
                )
            task = results.tasks[given.task]
            assert task.score is not None
            scores.setdefault(way, []).append(task.score)
            each = ", ".join(f"{code} {score:.1f}" for code, score in task.headlines.items())
            print(f"{way}, seed {seed}: {task.score:.2f} ({each})", flush=True)
    before, after = (np.array(scores[way]) for way in ways)
    change = after - before
    error = change.std(ddof=1) / len(change) ** 0.5
    print(f"| {name} | trained | difference ± s.e. of {len(change)} seeds |")
    print(f"| {before.mean():.2f} | {after.mean():.2f} | {change.mean():+.2f} ± {error:.2f} |")


if __name__ == "__main__":
    main()
