"""A real Ray of three nodes, one killed on the way, leaves the bytes that one process leaves."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.command_line import in_process
from support.places import ROOT
from support.runs import contents, descendants
from support.waiting import LONG

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
seq = {{train = ["qqp"], from = "mnli"}}
[settings.default]
learning_rate = 1e-3
max_length = 64
train_examples = 64
dev_examples = 12
"""
SCRIPT = ROOT / "tests" / "support" / "ray_three_nodes.py"


@pytest.fixture(autouse=True)
def _ray() -> None:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("no Ray here: pip install 'xtreme-harness[ray]' to test the cluster engine")


def ended(process: "subprocess.Popen[str]", seconds: float) -> tuple[str, str]:
    """Wait for a process; end it and all below it whatever happens."""
    below: set[int] = set()
    try:
        return process.communicate(timeout=seconds)
    finally:
        below |= descendants(process.pid)
        if process.poll() is None:
            process.terminate()  # it shuts its cluster down
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
        limit = time.monotonic() + 5
        while any(Path(f"/proc/{p}").exists() for p in below) and time.monotonic() < limit:
            time.sleep(0.1)
        for left in below:
            try:
                os.kill(left, signal.SIGKILL)
            except ProcessLookupError:
                continue


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["url"])
def test_three_nodes_one_killed(kind: str, tiny: Path, tmp_path: Path) -> None:
    file = tmp_path / "ray.toml"
    file.write_text(STUDY.format(tiny=tiny))
    env = os.environ | {
        "XDG_CACHE_HOME": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0",
    }  # fmt: skip
    alone = ["--store", tmp_path / "alone", "--output", tmp_path / "out"]
    code, _, err = in_process("study", "run", file, *alone)
    assert code == 0, err
    far = tmp_path / "far"
    where = f"file://{far}" if kind == "url" else str(far)
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(file), where],
        env=env, cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    out, err = ended(process, LONG)
    assert process.returncode == 0, err[-3000:]
    said = json.loads(out.strip().splitlines()[-1])
    assert said["nodes"] == 3 and said["killed"] and said["left"] == 2
    assert said["slots"] == 4
    assert said["failed"] == [] and said["skipped"] == 0
    assert said["ran"] == said["steps"] > 12
    assert contents(far) == contents(tmp_path / "alone")


def test_no_cluster_is_told_in_one_line(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    file = tmp_path / "ray.toml"
    file.write_text(STUDY.format(tiny=tiny))
    words = ["study", "run", file, "--store", tmp_path / "s", "--output", tmp_path / "o"]
    for more, said in (
        (["--ray", "auto", "--workers", "2"], "--ray and --workers"),
        (["--ray", "auto"], "no Ray cluster at 'auto'"),
    ):
        code, _, err = in_process(*words, *more)
        assert code == 2, err
        assert said in err.splitlines()[-1]
        assert "Traceback" not in err
