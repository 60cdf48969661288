"""The board of a study, from what is done of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import use_cache

from harness.leaderboard import load

Run = Callable[..., tuple[int, str, str]]
STUDY = """benchmark = "mini"
recipes = ["quick"]
device = "cpu"
threads = 1
targets = ["tatoeba"]
seeds = [1]
[checkpoints]
tiny = "{tiny}"
[intermediate]
{rows}
"""


def test_a_half_done_study_shows_its_holes(
    tiny: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_cache(tmp_path / "cache", monkeypatch)
    study, store, out = tmp_path / "half.toml", tmp_path / "store", tmp_path / "out"
    study.write_text(STUDY.format(tiny=tiny, rows="").replace("[intermediate]\n", ""))
    build = ("leaderboard", "build", "--study", study, "--store", store, "--output", out)
    code, _, err = run(*build)
    assert code == 2 and "no row has a finished run; run the study first" in err
    code, _, err = run("study", "run", study, "--store", store, "--output", tmp_path / "table")
    assert code == 0, err[-2000:]
    study.write_text(STUDY.format(tiny=tiny, rows='mnli = ["mnli"]'))  # more to do
    code, text, err = run(*build)
    assert (code, err) == (0, "")
    hole = "not done: tiny, mnli, seed 1: 6 of 6 predictions are not there; run the study"
    assert hole in text
    rows = load(out)
    assert {row.slug for row in rows} == {"half-tiny-baseline"}
    assert {row.provenance for row in rows} == {"recomputed"}
    overall = next(row for row in rows if row.column == "tatoeba")
    assert overall.low is not None and overall.low <= overall.estimate
    assert f"- {hole}" in (out / "leaderboard.md").read_text("utf-8")
    text = "".join(path.read_text("utf-8") for path in out.rglob("*.*"))
    assert str(tmp_path) not in text and "/tmp" not in text
    assert run(*build, "--check")[0] == 0  # from another temporary folder
