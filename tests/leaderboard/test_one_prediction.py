"""One prediction of one entry changes: exactly the cells that depend on it change.

These depend on a prediction of one run on XNLI in German: of the entry the score and the
difference on that language, the task, its gap and its other languages' mean, on what averages
over the task or the language; of a baseline all rows' differences there, but not their scores.
The spreads of runs are shared in a family, and q-values are those of a table, so these may move
the low, high, df and q of its other cells, and never an estimate.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.boards import BASELINE, TRANSFER, copied, verified
from support.entries import rewrite, write_baseline, write_transfer
from support.places import ROOT

from harness.leaderboard import load
from harness.leaderboard.board_build import build
from harness.leaderboard.long_table import LongRow

OTHER, ELSEWHERE = "qqp-first", "other-encoder"
PATH = "xnli/test-de.tsv"
GOLD = ROOT / "tasks/mini/data/labels" / PATH
COLUMNS = {"xnli", "xnli/de", "xnli/gap", "xnli/zero-shot", "mean", "group/classification"}
COLUMNS |= {"language/de", "family/Indo-European", "script/Latn", "resources/5"}
Place = tuple[str, str, str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A baseline, two settings, and a family that has nothing to do with them."""
    root = tmp_path_factory.mktemp("one") / "entries"
    write_baseline(root)
    write_transfer(root)
    write_transfer(root, OTHER)
    verified(root)
    copied(root, BASELINE, ELSEWHERE)
    return root


def table(entries: Path) -> dict[Place, LongRow]:
    """The long table of a board, by entry, kind and column."""
    out = entries.parent / "out"
    build(entries, out)
    return {(row.slug, row.kind, row.column): row for row in load(out)}


def mended(text: str) -> str:
    """Predictions whose first one is right where it was wrong, and wrong where it was right."""
    first, rest = text.split("\n", 1)
    gold = GOLD.read_text("utf-8").split("\n")[0]
    wrong = next(one for one in ("entailment", "neutral") if one != gold)
    return f"{wrong if first == gold else gold}\n{rest}"


@pytest.mark.parametrize(
    ("changed", "scores", "differences"),
    [(TRANSFER, {TRANSFER}, {TRANSFER}), (BASELINE, {BASELINE}, {TRANSFER, OTHER})],
)
def test_what_depends_on_a_prediction_changes_and_nothing_else(
    made: Path, tmp_path: Path, changed: str, scores: set[str], differences: set[str]
) -> None:
    entries = Path(shutil.copytree(made, tmp_path / "entries"))
    before = table(entries)
    rewrite(entries / changed, PATH, mended)
    verified(entries)
    after = table(entries)
    assert before.keys() == after.keys()
    depend = {(slug, "score", column) for slug in scores for column in COLUMNS}
    depend |= {(slug, "difference", column) for slug in differences for column in COLUMNS}
    assert {p for p in before if before[p].estimate != after[p].estimate} == depend
    family = {BASELINE, TRANSFER, OTHER}
    for place, old in before.items():
        new = after[place]
        if place[0] not in family:
            assert new == old
        elif place not in depend:
            spread = {"low": new.low, "high": new.high, "df": new.df, "q": new.q}
            assert replace(old, **spread) == new, place
