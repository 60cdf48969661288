"""A Format of a kind that the harness does not have, in one file outside it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from support.places import FIXTURES, ROOT

PLACE = FIXTURES / "similarity"
WORDS = "river bridge market garden window teacher morning letter orchard harbour".split()
FROM_PYTHON = """
import sys, harness
results = harness.evaluate(sys.argv[1], data=sys.argv[2], tasks=["similarity"], recipe=sys.argv[3],
                           store=sys.argv[4], output=sys.argv[5], threads=1, device="cpu")
assert "similarity" in harness.tasks()
print(results["similarity"]["de"]["pearson"], results["similarity"].score)
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Pairs of sentences, and the share of their words that are among the first five."""
    draw = random.Random(5)
    folder = tmp_path / "data" / "similarity"
    labels = tmp_path / "data" / "labels" / "similarity"
    folder.mkdir(parents=True)
    labels.mkdir(parents=True)
    for name, count in {"train-en": 160, "dev-en": 24, "test-en": 24, "test-de": 24}.items():
        lines, numbers = [], []
        for _ in range(count):
            first, second = draw.sample(WORDS, 4), draw.sample(WORDS, 4)
            numbers.append(f"{sum(word in WORDS[:5] for word in first + second) / 8}")
            label = "" if name.startswith("test") else f"\t{numbers[-1]}"
            lines.append(f"{' '.join(first)}\t{' '.join(second)}{label}\n")
        (folder / f"{name}.tsv").write_text("".join(lines))
        if name.startswith("test"):
            (labels / f"{name}.tsv").write_text("".join(f"{number}\n" for number in numbers))
    return tmp_path / "data"


def outside(*words: object) -> str:
    """Run Python with the fixture on its path, as an installed package would be."""
    paths = os.pathsep.join([str(PLACE), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_one_short_file() -> None:
    assert len((PLACE / "pair_similarity.py").read_text().splitlines()) < 120


@pytest.mark.slow
def test_it_trains_predicts_and_scores_from_both_doors(
    tiny: Path, data: Path, quickest: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "regression.toml"
    recipe.write_text(
        quickest.read_text().replace("train_examples = 24", "train_examples = 0")
        + '[format."pair similarity"]\nepochs = 8\n'
    )
    words = ["eval", tiny, "--data", data, "--tasks", "similarity", "--recipe", recipe]
    words += ["--store", tmp_path / "store", "--output", tmp_path / "out"]
    printed = outside("-m", "harness", *words, "--threads", 1, "--device", "cpu")
    assert "similarity" in printed and "2/2" in printed
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())["tasks"]["similarity"]
    assert scores["complete"] and set(scores["languages"]) == {"en", "de"}
    assert scores["languages"]["en"]["pearson"] > 30, "it has learnt something"
    lines = (tmp_path / "out/predictions/similarity/test-de.tsv").read_text().splitlines()
    assert len(lines) == 24 and all(float(line) == float(line) for line in lines)

    words = ["score", tmp_path / "out", "--labels", data / "labels", "--json"]
    again = json.loads(outside("-m", "harness", *words))
    assert again["tasks"]["similarity"]["languages"].keys() == scores["languages"].keys()
    for code, metrics in again["tasks"]["similarity"]["languages"].items():
        assert metrics["pearson"] == pytest.approx(scores["languages"][code]["pearson"])

    arguments = [tiny, data, recipe, tmp_path / "store", tmp_path / "again"]
    german, mean = map(float, outside("-c", FROM_PYTHON, *arguments).split())
    assert german == scores["languages"]["de"]["pearson"] and mean == scores["score"]

    checked = outside("-m", "harness", "data", "check", data, "--tasks", "similarity")
    assert "similarity-en" in checked and "malformed" not in checked
