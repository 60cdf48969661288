"""``harness train``: an ordinary checkpoint comes out, with a card, and eval takes it."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from support.command_line import use_cache

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("train-cache")


@pytest.fixture(autouse=True)
def _own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_cache(cache, monkeypatch)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("train-store") / "store"


@pytest.fixture
def learn(run: Run, tiny: Path, quickest: Path, store: Path) -> Callable[..., tuple[int, str, str]]:
    def call(*words: object, output: Path, start: object = tiny) -> tuple[int, str, str]:
        return run(
            "train", *words, "--from", start, "--output", output, "--benchmark", "mini",
            "--recipe", quickest, "--store", store, "--device", "cpu", "--threads", 1,
        )  # fmt: skip

    return call


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def card_of(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "harness.json").read_text())
    return value


def test_what_comes_out_is_an_ordinary_checkpoint(learn: Run, tiny: Path, tmp_path: Path) -> None:
    from transformers import AutoModel, AutoTokenizer

    output = tmp_path / "out"
    code, out, err = learn("mnli", "--seed", 3, output=output)
    assert code == 0, err
    assert f"written: {output}" in out and "dev: mnli" in out
    model, info = AutoModel.from_pretrained(
        output, output_loading_info=True, add_pooling_layer=False
    )
    assert not info["missing_keys"] and not info["unexpected_keys"]
    tokens = AutoTokenizer.from_pretrained(output)("One sentence.", return_tensors="pt")
    assert model(**tokens).last_hidden_state.shape[-1] == 32
    own, parent = (load_file(f / "model.safetensors") for f in (output, tiny))
    assert own.keys() == parent.keys()
    assert any((own[name] != parent[name]).any() for name in own)
    assert (output / "heads" / "0" / "model.safetensors").is_file()
    assert not list(output.rglob("*.pt")) and not list(output.rglob("*.bin"))


def test_the_card_says_where_it_is_from(learn: Run, tiny: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert learn("mnli", "--seed", 3, output=output)[0] == 0
    value = card_of(output)
    assert value["intermediate"] == "mnli" and value["seed"] == 3 and value["recipe"] == "quickest"
    assert value["heads"][0]["name"] == "mnli"
    assert value["parent"]["name"] == tiny.name and len(value["parent"]["fingerprint"]) == 64
    card = (output / "README.md").read_text()
    assert card.startswith("---\nbase_model: ")
    best = value["result"]["dev_scores"]["mnli"]
    for said in (
        tiny.name, value["parent"]["fingerprint"], "quickest", "seed 3", f"{best:.1f}",
        value["step"], "| mnli | en | sentence-pair classification |", "AutoModel",
    ):  # fmt: skip
        assert said in card, said


def test_a_training_cut_short_says_so(learn: Run, run: Run, tiny: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert learn("mnli", "--max-steps", 2, output=output)[0] == 0
    assert "PARTIAL: at most 2 updates" in (output / "README.md").read_text()
    assert card_of(output)["intermediate"] == "mnli (at most 2 updates a training)"
    assert learn("mnli", output=output)[0] == 0
    assert "PARTIAL" not in (output / "README.md").read_text()
    assert card_of(output)["intermediate"] == "mnli"


def test_the_same_command_again_is_cached_to_the_byte(learn: Run, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert learn("mnli", "--seed", 3, output=one)[0] == 0
    before = hashes(one)
    from harness.training import loop as module

    def never(*some: object) -> None:
        raise AssertionError("it trained again")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "train", never)
        assert learn("mnli", "--seed", 3, output=one)[0] == 0
        assert learn("mnli", "--seed", 3, output=two)[0] == 0
    assert hashes(one) == before == hashes(two)


def test_trained_anew_it_is_the_same(
    run: Run, tiny: Path, quickest: Path, learn: Run, tmp_path: Path
) -> None:
    assert learn("mnli", "--seed", 3, output=tmp_path / "one")[0] == 0
    words = ["train", "mnli", "--from", tiny, "--benchmark", "mini", "--recipe", quickest,
             "--store", tmp_path / "other", "--device", "cpu", "--threads", 1]  # fmt: skip
    assert run(*words, "--seed", 3, "--output", tmp_path / "two")[0] == 0
    assert run(*words, "--seed", 4, "--output", tmp_path / "three")[0] == 0
    one, two, three = (
        load_file(tmp_path / n / "model.safetensors") for n in ("one", "two", "three")
    )
    assert all((one[name] == two[name]).all() for name in one)
    assert any((one[name] != three[name]).any() for name in one)


def test_eval_takes_it_and_says_what_it_was_trained_on(
    learn: Run, run: Run, tiny: Path, quickest: Path, store: Path, tmp_path: Path
) -> None:
    trained = tmp_path / "trained"
    assert learn("mnli", "--seed", 3, output=trained)[0] == 0

    def evaluated(checkpoint: Path, name: str, *more: object) -> dict[str, Any]:
        code, _, err = run(
            "eval", checkpoint, "--benchmark", "mini", "--recipe", quickest, "--tasks", "xnli",
            "--languages", "en,de", "--limit", 4, "--store", store, "--threads", 1,
            "--device", "cpu", "--output", tmp_path / name, *more,
        )  # fmt: skip
        assert code == 0, err
        found: dict[str, Any] = json.loads((tmp_path / name / "submission.json").read_text())
        return found

    def names(entry: dict[str, Any]) -> list[str]:
        return [task["name"] for stage in entry["intermediate"] for task in stage["tasks"]]

    entry = evaluated(trained, "a")
    assert names(entry) == ["mnli"] and entry["model"]["base"] == tiny.name
    assert names(evaluated(tiny, "b")) == []
    said = "MNLI, by somebody else"
    assert names(evaluated(tiny, "c", "--intermediate", said)) == [said]
    entry = evaluated(trained, "d", "--intermediate", said)
    assert names(entry) == [said] and entry["model"]["base"] == "trained"


def test_a_second_training_goes_on_from_the_first(learn: Run, tmp_path: Path) -> None:
    assert learn("mnli", "--seed", 3, output=tmp_path / "one")[0] == 0
    assert learn("qqp", output=tmp_path / "two", start=tmp_path / "one")[0] == 0
    assert card_of(tmp_path / "two")["intermediate"] == "mnli, then qqp"
    assert "itself trained on mnli" in (tmp_path / "two" / "README.md").read_text()


def test_several_sets(learn: Run, tmp_path: Path) -> None:
    def heads(folder: str) -> list[str]:
        return [head["name"] for head in card_of(tmp_path / folder)["heads"]]

    words = ("qqp", "mnli", "ccg")
    assert learn(*words, "--sampling", "uniform", output=tmp_path / "u")[0] == 0
    assert heads("u") == sorted(words)
    assert card_of(tmp_path / "u")["identity"]["settings"]["sampling"] == "uniform"
    code, _, err = learn(
        "qqp", "mnli", "--sampling", "mnli=3,qqp=1", "--mlm", 0.25, output=tmp_path / "w"
    )
    assert code == 0, err
    assert set(heads("w")) >= {"mnli", "qqp"}
    identity = card_of(tmp_path / "w")["identity"]
    assert identity["settings"]["sampling"] == "weights"
    assert sorted(one["weight"] for one in identity["sets"] if "weight" in one) == [1.0, 3.0]
    assert [one["ratio"] for one in identity["sets"] if "ratio" in one] == [0.25]
    assert "sampling weights" in (tmp_path / "w" / "README.md").read_text()
    for number, name in enumerate(heads("u")):
        assert (tmp_path / "u" / "heads" / str(number)).is_dir(), name


def test_another_folders_contents_are_not_overwritten(learn: Run, tmp_path: Path) -> None:
    output = tmp_path / "precious"
    output.mkdir()
    (output / "thesis.txt").write_text("years of work")
    code, _, err = learn("mnli", "--seed", 3, output=output)
    assert code == 2 and err.count("error: ") == 1
    assert "not empty" in err.splitlines()[-1] and str(output) in err
    assert hashes(output).keys() == {"thesis.txt"}
    (tmp_path / "file").write_text("")
    code, _, err = learn("mnli", output=tmp_path / "file" / "below")
    assert code == 2 and "is not a folder" in err


def test_killed_while_the_output_is_written_it_goes_on(
    learn: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.pipeline import export

    def killed(*_: object) -> str:
        raise KeyboardInterrupt  # the weights are copied, the card is not

    output = tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(export, "_card", killed)
        assert learn("mnli", output=output)[0] == 130
    assert not output.exists()
    assert learn("mnli", output=output)[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_is_not_of_a_training_is_not_removed(
    learn: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    assert learn("mnli", output=output)[0] == 0
    (output / "notes.txt").write_text("years of work")
    code, _, err = learn("qqp", output=output)
    assert code == 2 and "notes.txt there is not of a training" in err
    (output / "notes.txt").unlink()
    monkeypatch.chdir(output)
    before = hashes(output)
    code, _, err = learn("qqp", output=".")
    assert code == 2 and "name a folder below it" in err and hashes(output) == before
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(output)
    assert learn("qqp", output=tmp_path / "link")[0] == 0
    assert card_of(output)["intermediate"] == "qqp" and (tmp_path / "link").is_symlink()


def test_a_step_done_under_another_name_is_exported(
    learn: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names are labels, not in keys: a target's training of the same data is the same step."""
    from dataclasses import replace

    from harness import registry

    assert learn("mnli", "--seed", 4, output=tmp_path / "a")[0] == 0
    other = replace(registry.training("mnli"), name="multinli")
    monkeypatch.setattr(registry, "training", lambda spec: other)
    assert learn("multinli", "--seed", 4, output=tmp_path / "b")[0] == 0
    assert card_of(tmp_path / "b")["step"] == card_of(tmp_path / "a")["step"]
    assert "| multinli |" in (tmp_path / "b" / "README.md").read_text()


def test_the_start_is_not_overwritten(learn: Run, tmp_path: Path) -> None:
    first = tmp_path / "first"
    assert learn("mnli", output=first)[0] == 0
    before = hashes(first)
    for output in (first, tmp_path / "x" / ".." / "first", tmp_path):
        code, _, err = learn("qqp", output=output, start=first)
        assert code == 2 and "name another folder" in err and err.count("\n") == 1
    assert hashes(first) == before


def test_another_folder_is_refused_before_training(
    learn: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("years of work")

    def never(*some: object) -> None:
        raise AssertionError("it trained first")

    monkeypatch.setattr("harness.training.loop.train", never)
    code, _, err = learn("mnli", "--seed", 99, output=tmp_path / "precious")
    assert code == 2 and "not empty" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mnli", "--sampling", "unifrom"], "unknown sampling 'unifrom'; did you mean uniform?"),
        (["mnli", "qqp", "--sampling", "mnli=2"], "--sampling: give each of mnli, qqp a weight"),
        (["mnli", "qqp", "--sampling", "mnli=2,qqp=0"], "a weight, a number from 1e-06"),
        (["mnli", "qqp", "--sampling", "mnli=2,qqp=nan"], "a weight, a number from 1e-06"),
        (["mnli", "qqp", "--sampling", "mnli=2,qqp=inf"], "a weight, a number from 1e-06"),
        (["mnli", "qqp", "--sampling", "mnli=2,qqp=x"], "'qqp=x' is no weight"),
        (["mnli", "--mlm", "1"], "--mlm: '1': expected"),
        (["mnli", "--mlm", "nan"], "--mlm"),
        (["mnli", "--mlm", "-0.5"], "--mlm"),
        (["mnly"], "did you mean mnli"),
        (["mnli[de"], "mnli[de"),
        (["mnli[de]"], "no train data"),
        (["mnli", "--recipe", "quik"], "did you mean quick?"),
        (["mnli", "--precision", "fp16"], "fp16 on a CPU"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    words: list[str], said: str, run: Run, tiny: Path, tmp_path: Path
) -> None:
    more = [
        "--from",
        tiny,
        "--output",
        tmp_path / "o",
        "--store",
        tmp_path / "s",
        "--device",
        "cpu",
    ]
    recipe = [] if "--recipe" in words else ["--recipe", "quick"]
    code, out, err = run("train", *words, *more, *recipe, "--benchmark", "mini")
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1 and said in err
    assert not (tmp_path / "o").exists() and not (tmp_path / "s").exists()


def test_an_unknown_start_is_told_in_one_line(learn: Run, tmp_path: Path) -> None:
    code, out, err = learn("mnli", output=tmp_path / "o", start=tmp_path / "nowhere")
    assert (code, out) == (2, "")
    assert "nowhere: no such folder" in err and err.count("\n") == 1
    cheap = learn("mnly", output=tmp_path / "o", start=tmp_path / "nowhere")[2]
    assert "did you mean mnli" in cheap  # what costs nothing to look up is said first
    assert not (tmp_path / "o").exists()
