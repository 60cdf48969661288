"""Building: the command, what it refuses, what --check says, what is kept."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.boards import BASELINE, TRANSFER, entries, say

from harness import places
from harness.leaderboard import board_build as building
from harness.leaderboard.board_build import build
from harness.leaderboard.board_changes import MOST, changes

Run = Callable[..., tuple[int, str, str]]


def test_the_command_writes_prints_and_checks(run: Run, tmp_path: Path) -> None:
    made, out = entries(tmp_path), tmp_path / "out"
    words = ("leaderboard", "build", "--submissions", made, "--output", out)
    code, text, err = run(*words)
    assert (code, err) == (0, "")
    assert "What helps: example/encoder, quick (mini)" in text and "k̂ up" in text
    names = {path.relative_to(out).as_posix() for path in out.rglob("*.*")}
    assert names == {
        "index.html",
        "leaderboard.json",
        "leaderboard.csv",
        "leaderboard.md",
        "tables/board-mini-zero-shot.tex",
        f"tables/helps-{BASELINE}.tex",
    }
    assert run(*words, "--check") == (0, f"{out} is as it would be built\n", "")
    say(made / TRANSFER, title="Renamed", withdrawn="a fault\nof ours")
    before = {path: path.read_bytes() for path in out.rglob("*.*")}
    code, text, err = run(*words, "--check")
    assert (code, err) == (1, "")
    lines = text.splitlines()
    assert f'{TRANSFER}: name "Renamed" was "Mnli first"' in lines
    assert f"{TRANSFER}: rank null was [1, 2]" in lines
    assert f'{TRANSFER}: unranked "withdrawn" was ""' in lines
    assert f'{TRANSFER}: withdrawn "a fault\\nof ours" was null' in lines
    assert f"{TRANSFER} on xnli: +" in text and "is gone" in text
    assert "leaderboard.md differs" in lines
    assert f"tables/helps-{BASELINE}.tex is made no more" in lines
    assert before == {path: path.read_bytes() for path in out.rglob("*.*")}
    assert run(*words)[0] == 0 and run(*words, "--check")[0] == 0
    assert not (out / f"tables/helps-{BASELINE}.tex").exists()


def test_entries_that_come_and_go(tmp_path: Path) -> None:
    made, out = entries(tmp_path), tmp_path / "out"
    shutil.move(made / TRANSFER, tmp_path / "aside")
    build(made, out)
    shutil.move(tmp_path / "aside", made / TRANSFER)
    assert f"entry {TRANSFER} is new" in build(made, out, check=True).differences
    build(made, out)
    shutil.rmtree(made / TRANSFER)
    assert f"entry {TRANSFER} is gone" in build(made, out, check=True).differences
    (out / "leaderboard.md").unlink()
    (out / "leaderboard.csv").write_text("slug\n")
    (out / "leaderboard.json").write_text("{")
    told = build(made, out, check=True).differences
    assert "leaderboard.md is missing" in told and "leaderboard.csv differs" in told
    assert any("leaderboard.json cannot be read" in line for line in told)
    assert any("expected the columns" in line for line in told)


def test_many_differences_are_counted() -> None:
    head = "slug,name,benchmark,kind,column,estimate,low,high,df,q,k,provenance\n"
    old, new = (
        {"leaderboard.csv": (head + "".join(rows)).encode()}
        for rows in (
            [f"a,A,mini,score,c{i},{1 + i * shift:.6f},,,,,3,recomputed\n" for i in range(99)]
            for shift in (0.0, 1.0)
        )
    )
    told = changes(old, new)
    assert told[0] == "a on c1: 2.0 was 1.0" and len(told) == MOST + 2
    assert told[-2:] == [f"and {98 - MOST} more differences", "leaderboard.csv differs"]
    assert changes(new, new) == []


def test_small_moves_are_told() -> None:
    head = "slug,name,benchmark,kind,column,estimate,low,high,df,q,k,provenance\n"
    line = "a,A,mini,difference,xnli,1.800000,0.900000,2.700000,,,3,recomputed\n"
    pairs = {
        "1.700000": "a on xnli: +1.7 was +1.8",
        "1.800001": "a on xnli: +1.800001 was +1.800000",
    }
    for number, said in pairs.items():
        new = (head + line.replace("1.800000", number)).encode()
        told = changes({"leaderboard.csv": (head + line).encode()}, {"leaderboard.csv": new})
        assert told == [said, "leaderboard.csv differs"]
    new = (head + line.replace("2.700000", "2.800000")).encode()
    told = changes({"leaderboard.csv": (head + line).encode()}, {"leaderboard.csv": new})
    assert told[0] == "a on xnli: high 2.8 was 2.7"


def a_file(out: Path) -> None:
    (out / "notes.txt").write_text("mine")


def a_folder(out: Path) -> None:
    (out / "pictures").mkdir()
    (out / "pictures/a.svg").write_text("<svg/>")


def a_deep_file(out: Path) -> None:
    (out / "tables/inner").mkdir(parents=True)


def a_link(out: Path) -> None:
    (out / "leaderboard.md").symlink_to(out.parent / "elsewhere")


def a_hidden_file(out: Path) -> None:
    (out / ".htaccess").write_text("")


@pytest.mark.parametrize("spoil", [a_file, a_folder, a_deep_file, a_link, a_hidden_file])
def test_a_folder_with_strangers_is_refused(
    spoil: Callable[[Path], None], run: Run, tmp_path: Path
) -> None:
    made, out = entries(tmp_path), tmp_path / "out"
    out.mkdir()
    spoil(out)
    before = sorted(path.name for path in out.rglob("*"))
    for more in ((), ("--check",)):
        words = ("leaderboard", "build", "--submissions", made, "--output", out, *more)
        code, text, err = run(*words)
        assert (code, text) == (2, "") and err.count("\n") == 1
        assert "is not a file that the build writes; name an empty folder" in err
    assert sorted(path.name for path in out.rglob("*")) == before


def test_an_output_that_is_a_file_is_refused(run: Run, tmp_path: Path) -> None:
    made = entries(tmp_path)
    (tmp_path / "out").write_text("")
    code, _, err = run("leaderboard", "build", "--submissions", made, "--output", tmp_path / "out")
    assert code == 2 and "is a file, not a folder" in err


def test_figures_go_elsewhere(run: Run, tmp_path: Path) -> None:
    made, out = entries(tmp_path), tmp_path / "out"
    words = ("leaderboard", "build", "--submissions", made, "--output", out, "--figures")
    code, _, err = run(*words, out)
    assert code == 2 and "figures go into a folder of their own" in err
    assert run(*words, out / "figures")[0] == 0  # may lie inside
    assert run(*words, out / "figures", "--check")[0] == 0
    (out / "figures").mkdir(exist_ok=True)
    (out / "figures/notes.txt").write_text("mine")
    assert run(*words, out / "figures")[0] == 2


def test_entries_or_a_study_are_named(run: Run, tmp_path: Path) -> None:
    for words in ((), ("--submissions", tmp_path, "--study", tmp_path / "x.toml")):
        code, _, err = run("leaderboard", "build", "--output", tmp_path / "out", *words)
        assert (code, err) == (
            2,
            "error: name the entries (--submissions DIR) or a study (--study FILE)\n",
        )


def test_what_was_made_before_is_kept_until_something_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, count = entries(tmp_path), []
    monkeypatch.setattr(places, "cache", lambda: tmp_path / "cache")
    whole = building.board_of

    def counted(folder: Path):
        count.append(folder)
        return whole(folder)

    monkeypatch.setattr(building, "board_of", counted)
    first = build(made, tmp_path / "out")
    text = (tmp_path / "out/leaderboard.json").read_bytes()
    shutil.rmtree(tmp_path / "out")
    assert build(made, tmp_path / "out") == first and len(count) == 1
    assert (tmp_path / "out/leaderboard.json").read_bytes() == text
    build(made, tmp_path / "out", notes=["more"])
    assert len(count) == 2
    (tmp_path / "cache/boards/last.json").write_text('{"of"')  # cut off
    build(made, tmp_path / "out")
    say(made / TRANSFER, licence="MIT")
    build(made, tmp_path / "out")
    (made / TRANSFER / "verified.json").unlink()
    build(made, tmp_path / "out")
    assert len(count) == 5
