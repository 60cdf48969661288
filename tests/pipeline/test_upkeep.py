"""``harness store check`` and ``prune``: every kind of harm is named, nothing needed is removed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Call, use_cache
from support.runs import STUDY
from support.stores import HARM, chain, contents, done, flip, places, step

from harness.pipeline.steps.step import Step
from harness.pipeline.store.remote import open_mirror
from harness.pipeline.store.store import LAYOUT_FILE, MANIFEST, Store
from harness.pipeline.store.upkeep import look_through, prunable, prune
from harness.places import mirrors

# --- check


@pytest.mark.parametrize("how", HARM)
@pytest.mark.parametrize("name", ["deep/file.txt", MANIFEST])
def test_every_harm_is_named_and_the_next_run_mends_it(
    name: str, how: str, tmp_path: Path, run: Call
) -> None:
    store, steps = Store(tmp_path), chain()
    done(steps, store)
    before = contents(tmp_path)
    code, out, _ = run("store", "check", "--store", tmp_path)
    assert code == 0 and f"{len(steps)} steps in" in out and " 0 broken" in out
    harmed = steps[2], steps[4]  # a prediction and a score
    for one in harmed:
        if (name, how) == (MANIFEST, "flipped"):  # where it matters: in a hash
            path = store.place(one) / MANIFEST
            digest = json.loads(path.read_text())["files"]["deep/file.txt"]["sha256"]
            path.write_text(path.read_text().replace(digest, digest[1:] + digest[0]))
        else:
            HARM[how](store.place(one) / name)
    code, out, err = run("store", "check", "--store", tmp_path)
    assert code == 1 and err == ""
    *lines, summary, advice = out.splitlines()
    assert len(lines) == 2 and all(line.startswith("broken: ") for line in lines)
    assert {str(store.place(one).relative_to(tmp_path)) in out for one in harmed} == {True}
    assert f"{len(steps) - 2} whole" in summary and " 2 broken" in summary and "next run" in advice
    assert done(steps, store) == 2
    assert contents(tmp_path) == before
    assert run("store", "check", "--store", tmp_path)[0] == 0


def test_what_lies_beside_the_steps_is_counted(tmp_path: Path) -> None:
    store, steps = Store(tmp_path), chain()
    done(steps, store)
    (store.work(steps[0]) / "checkpoint-3").mkdir(parents=True)
    (store.work(steps[0]) / "checkpoint-3" / "optimizer.pt").write_bytes(b"12345")
    (tmp_path / "aside" / "elsewhere-1-0").mkdir()
    found = look_through(store)
    assert (found.steps, found.pruned, found.broken) == (len(steps), 0, ())
    assert (found.states, found.states_bytes, found.aside) == (1, 5, 1)
    assert found.locks == len(steps)


def test_a_step_under_anothers_key_is_broken(tmp_path: Path) -> None:
    store, steps = Store(tmp_path), chain()
    done(steps, store)
    shutil.rmtree(store.place(steps[2]))
    shutil.copytree(store.place(steps[3]), store.place(steps[2]))
    (fault,) = look_through(store).broken
    assert "another step" in fault.what and steps[2].key in fault.folder


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, Path.touch])
def test_no_store_is_one_line(make: Callable[[Path], None], tmp_path: Path, run: Call) -> None:
    make(tmp_path / "store")
    code, out, err = run("store", "check", "--store", tmp_path / "store")
    assert code == 2 and out == "" and len(err.splitlines()) == 1 and "store" in err


def test_a_store_of_another_layout_is_refused(tmp_path: Path, run: Call) -> None:
    done(chain(), Store(tmp_path))
    (tmp_path / LAYOUT_FILE).write_text('{"layout": 7}')
    code, _, err = run("store", "check", "--store", tmp_path)
    assert code == 2 and "layout 7" in err


def test_of_a_url_this_machines_mirror_is_looked_through(
    tmp_path: Path, run: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_cache(tmp_path / "cache", monkeypatch)
    url = f"file://{tmp_path}/far"
    store, steps = open_mirror(url, mirrors()), chain()
    done(steps, store)
    flip(store.place(steps[2]) / "deep" / "file.txt")
    code, out, _ = run("store", "check", "--store", url)
    assert code == 1 and f"the mirror of {url} on this machine" in out and "predict a de" in out
    going = prunable(steps, store).going
    assert names(going) == ["train first", "train b"], "what is changed here is not trusted"
    for one, _ in going:
        prune(one, store)
    assert len(contents(tmp_path / "far")) == len(steps), "the URL keeps everything"
    assert (store.fetched(steps[0]) / "deep" / "file.txt").is_file(), "and it is fetched again"


# --- prune


def names(going: tuple[tuple[Step, int], ...]) -> list[str]:
    return [step.name for step, _ in going]


@pytest.mark.parametrize(
    ("gone", "going", "read"),
    [
        ([], ["train first", "train a", "train b"], 0),
        (["score a"], ["train first", "train a", "train b"], 0),
        (["predict a de"], ["train first", "train b"], 1),
        (["train a"], ["train first", "train b"], 0),
        (["train a", "predict a en"], ["train b"], 1),
        (["train a", "predict a en", "predict b de"], [], 2),
    ],
)
@pytest.mark.parametrize("how", ["removed", "flipped"])
def test_what_an_unfinished_step_reads_stays(
    how: str, gone: list[str], going: list[str], read: int, tmp_path: Path
) -> None:
    store, steps = Store(tmp_path), chain()
    done(steps, store)
    before = contents(tmp_path)
    for one in steps:
        if one.name in gone and (how == "removed" or one.kind == "train"):
            shutil.rmtree(store.place(one))
        elif one.name in gone:  # a prediction that will be done again is unfinished, too
            flip(store.place(one) / "deep" / "file.txt")
    found = prunable(steps, store)
    assert names(found.going) == going and found.read == read
    for one, size in found.going:
        assert size > 0
        prune(one, store)
        assert [path.name for path in store.place(one).iterdir()] == [MANIFEST]
        assert store.manifest(one)["name"] == one.name
    assert look_through(store).pruned == len(going)
    assert prunable(steps, store).going == ()
    asked = [name for name in gone if not name.startswith("train")]
    expected = len(gone) if asked else 0
    assert done(steps, store) == expected
    assert contents(tmp_path).items() <= before.items()


def test_trainings_of_no_study_named_stay(tmp_path: Path) -> None:
    store, steps = Store(tmp_path), chain()
    others = [step("train", "other")]
    done(steps, store)
    done(others, store)
    found = prunable(steps, store)
    assert names(found.going) == ["train first", "train a", "train b"]
    assert found.others == 1 and found.others_bytes > 0
    assert prunable(others, store).going == (), "it is asked for itself"


def test_a_half_pruned_training_is_pruned_to_the_end(tmp_path: Path) -> None:
    store, steps = Store(tmp_path), chain()
    done(steps, store)
    (store.place(steps[0]) / "another.bin").write_bytes(b"1")
    shutil.rmtree(store.place(steps[0]) / "deep")  # killed meanwhile
    assert "train first" in names(prunable(steps, store).going)
    prune(steps[0], store)
    assert look_through(store).pruned == 1


@pytest.mark.slow
def test_a_study_is_pruned_and_goes_on_for_a_new_language(
    tiny: Path, tmp_path: Path, run: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_cache(tmp_path / "cache", monkeypatch)
    text = STUDY.format(tiny=tiny).replace(', "tatoeba"', "")
    text = text.replace('mix = {train = ["hellaswag", "ccg"], mlm = 0.2}\n', "")
    file, store = tmp_path / "study.toml", tmp_path / "store"
    file.write_text(text.replace('"de"]', '"de", "sw"]'))
    go = ("--store", store, "--output")
    assert (
        run("study", "run", file, "--store", tmp_path / "whole", "--output", tmp_path / "w")[0] == 0
    )
    file.write_text(text)
    assert run("study", "run", file, *go, tmp_path / "a")[0] == 0
    trainings = places(store, "train")
    assert len(trainings) == 5  # mnli, seq, and xnli's after each and alone
    before = contents(store)

    code, out, _ = run("store", "prune", file, "--store", store)
    assert code == 0 and "dry run: 5 trained encoders" in out and contents(store) == before
    assert out.count("\n") >= 7 and "train intermediate mnli" in out
    code, out, _ = run("store", "prune", file, "--store", store, "--apply")
    assert code == 0 and "removed: 5 trained encoders" in out
    assert not any((folder / "model.safetensors").exists() for folder in trainings)
    code, out, _ = run("store", "check", "--store", store)
    assert code == 0 and "5 pruned, 0 broken" in out

    code, out, err = run("study", "run", file, *go, tmp_path / "b")
    assert code == 0 and "estimate: nothing to do" in out and "steps ran" not in out + err
    table = (tmp_path / "b" / "table.json").read_bytes()
    assert table == (tmp_path / "a" / "table.json").read_bytes()

    file.write_text(text.replace('"de"]', '"de", "sw"]'))  # now the encoders are read again
    code, out, err = run("study", "run", file, *go, tmp_path / "c")
    assert code == 0 and "12 steps ran" in err  # 5 trainings, 3 predictions, clusters, 3 scores
    assert (tmp_path / "c" / "table.json").read_bytes() == (
        tmp_path / "w" / "table.json"
    ).read_bytes()
    code, out, _ = run("store", "check", "--store", store)
    assert code == 0 and " 0 pruned, 0 broken" in out
