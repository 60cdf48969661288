"""Names that no file system takes, wherever the user gives one: one line, exit code 2."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import use_cache
from support.places import MINI

Run = Callable[..., tuple[int, str, str]]
LONG = "n" * 300
STUDY = 'benchmark = "mini"\ntargets = ["xnli"]\ndevice = "cpu"\nthreads = 1\n'


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_cache(tmp_path / "cache", monkeypatch)


def one_line(code: int, out: str, err: str) -> str:
    assert (code, out) == (2, ""), (code, out, err)
    assert err.startswith("error: ") and err.count("\n") == 1, err
    return err


PLACES = {
    "checkpoint": ("eval", "{long}", "--benchmark", "mini"),
    "checkpoint in a folder": ("eval", "./{long}", "--benchmark", "mini"),
    "data": ("eval", "{tiny}", "--data", "{long}"),
    "labels": ("eval", "{tiny}", "--data", "{mini}", "--labels", "{long}"),
    "recipe": ("eval", "{tiny}", "--recipe", "{long}.toml"),
    "store": ("eval", "{tiny}", "--benchmark", "mini", "--store", "{long}"),
    "output": ("eval", "{tiny}", "--benchmark", "mini", "--output", "{long}"),
    "output of training": ("train", "mnli", "--from", "{tiny}", "--output", "{long}"),
    "predictions": ("score", "{long}", "--labels", "{mini}/labels"),
    "labels of predictions": ("score", "{mini}/labels", "--labels", "{long}"),
    "data to check": ("data", "check", "{long}"),
    "study": ("study", "plan", "{long}"),
    "data of a study": ("study", "plan", "{study}", "--data", "{long}"),
    "store of a study": ("study", "plan", "{study}", "--store", "{long}"),
    "table of a study": ("study", "run", "{study}", "--output", "{long}"),
}


@pytest.mark.parametrize("name", [LONG, "d/" * 3000 + "x"], ids=["long", "deep"])
@pytest.mark.parametrize("place", PLACES)
def test_a_name_that_is_too_long(
    place: str, name: str, run: Run, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.toml").write_text(f'{STUDY}[checkpoints]\ntiny = "{tiny}"\n')
    given = {"long": name, "tiny": tiny, "mini": MINI, "study": tmp_path / "s.toml"}
    words = [word.format(**given) for word in PLACES[place]]
    if words[0] in ("eval", "train", "study") and "--store" not in words:
        words += ["--store", str(tmp_path / "store")]
    said = one_line(*run(*words))
    assert name[:100] in said
    assert not (tmp_path / "store").exists()


OF_A_STUDY = {
    "data": ('§data = "{}"\n[checkpoints]\nc = "x"\n', "data: no file system takes"),
    "labels": ('§labels = "{}"\n[checkpoints]\nc = "x"\n', "labels: no file system takes"),
    "recipe": ('§recipes = ["quick", "{}.toml"]\n[checkpoints]\nc = "x"\n', "recipes: no file"),
    "checkpoint": ('[checkpoints]\n§c = "{}"\n', "path: no file system takes"),
    "checkpoint's path": ('[checkpoints]\nc = {{§path = "{}"}}\n', "path: no file system takes"),
}


@pytest.mark.parametrize("name", [LONG, "ä" * 150, "a/" + LONG, "a\\u0000b"], ids=lambda n: n[:4])
@pytest.mark.parametrize("place", OF_A_STUDY)
def test_a_study_that_names_what_cannot_be_is_placed(
    place: str, name: str, run: Run, tmp_path: Path
) -> None:
    text, said = OF_A_STUDY[place]
    text = text.format(name)
    before = text.partition("§")[0]
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    file = tmp_path / "s.toml"
    file.write_text(text.replace("§", ""), "utf-8")
    err = one_line(*run("study", "plan", file, "--store", tmp_path / "store"))
    assert err.startswith(f"error: {file}:{line}:{column}: ") and said in err


def test_a_study_may_name_what_can_be(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(f'data = "{"n" * 255}"\n[checkpoints]\nc = "x/y/z"\n')
    assert "no such folder" in one_line(*run("study", "plan", file, "--store", tmp_path / "s"))


@pytest.mark.parametrize("place", PLACES)
def test_a_nul_in_a_name(
    place: str, run: Run, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.toml").write_text(f'{STUDY}[checkpoints]\ntiny = "{tiny}"\n')
    given = {"long": "a\0b", "tiny": tiny, "mini": MINI, "study": tmp_path / "s.toml"}
    words = [word.format(**given) for word in PLACES[place]]
    if words[0] in ("eval", "train", "study") and "--store" not in words:
        words += ["--store", str(tmp_path / "store")]
    code, _, err = run(*words, *(["--dry-run"] if words[0] == "eval" else []))
    assert code == 2 and err.startswith("error: ") and err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file", "/x/y"), "/x/y: No such file"),
        (OSError(36, "too long", b"/x/y"), "/x/y: too long"),
        (ValueError("embedded null byte"), "the name of a file holds a NUL character"),
    ],
)
def test_any_error_that_names_a_file_is_one_line(
    error: Exception, said: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> None:
        raise error

    monkeypatch.setattr("harness.registry.benchmark", fail)
    line = one_line(*run("score", MINI, "--labels", MINI))
    assert line == f"error: {said}; name another place\n"


@pytest.mark.parametrize("error", [OSError("no name"), ValueError("a bug"), OSError(5, "I/O", 3)])
def test_an_error_without_a_name_stays_a_bug(
    error: Exception, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> None:
        raise error

    monkeypatch.setattr("harness.registry.benchmark", fail)
    with pytest.raises(type(error)):
        run("score", MINI, "--labels", MINI)


def test_a_name_that_is_no_text_is_printed_all_the_same(run: Run, tmp_path: Path) -> None:
    """Linux takes any bytes in a name; those that are no UTF-8 cannot be printed as they are."""
    folder = tmp_path / os.fsdecode(b"d\xff")
    try:
        shutil.copytree(MINI, folder)
    except OSError:
        pytest.skip("this file system takes no such name")
    shutil.rmtree(folder / "xtreme" / "tatoeba")
    code, out, err = run("data", "check", folder, "--benchmark", "mini", "--per-language")
    assert (code, err) == (0, "") and "tatoeba" in out
