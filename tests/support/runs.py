"""A study to run on an engine, what it leaves, and the processes it starts."""

import json
from pathlib import Path

from harness.data.files import digest
from harness.pipeline.store.store import MANIFEST

STUDY = """benchmark = "mini"
recipes = ["quick"]
languages = ["en", "de"]
device = "cpu"
threads = 1
limit = 6
max_steps = 2
targets = ["xnli", "tatoeba"]
seeds = [1]
[checkpoints]
tiny = "{tiny}"
[intermediate]
mnli = ["mnli"]
mix = {{train = ["hellaswag", "ccg"], mlm = 0.2}}
seq = {{train = ["qqp"], from = "mnli"}}
[settings.default]
learning_rate = 1e-3
max_length = 64
stride = 16
max_question = 16
train_examples = 64
dev_examples = 12
"""


def contents(root: Path) -> dict[str, tuple[str, dict[str, str]]]:
    """Return name and file hashes of every step of a store, hashed anew."""
    found = {}
    for manifest in root.glob(f"steps/*/*/{MANIFEST}"):
        value = json.loads(manifest.read_text())
        files = {name: digest(manifest.parent / name) for name in value["files"]}
        there = {
            str(p.relative_to(manifest.parent)) for p in manifest.parent.rglob("*") if p.is_file()
        }
        assert there == {*files, MANIFEST}
        assert files == {name: entry["sha256"] for name, entry in value["files"].items()}
        found[value["key"]] = (value["name"], files)
    return found


def descendants(process: int) -> set[int]:
    """Return all processes below one."""
    above = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue
            above[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    found: set[int] = set()
    todo = {process}
    while todo:
        todo = {p for p, parent in above.items() if parent in todo} - found
        found |= todo
    return found
