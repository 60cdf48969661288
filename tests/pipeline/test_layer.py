"""The hidden state for retrieval is picked on dev data: once, by the task's own score."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import registry
from harness.bounds import LAYER
from harness.data.memory import Memory
from harness.data.open_source import open_source
from harness.errors import HarnessError
from harness.models.checkpoint import open_checkpoint
from harness.models.device import choose_device
from harness.models.model import Model, load_encoder
from harness.pipeline.request import chosen_layer
from harness.recipes import Settings

CPU = choose_device("cpu", "fp32", 1)
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def evaluate(run: Call, tiny: Path, quickest: Path, tmp_path: Path) -> Call:
    """``harness eval`` of retrieval in two languages."""

    def call(layer: str, *words: object, tasks: str = "tatoeba,bucc2018") -> tuple[int, str, str]:
        return run(
            "eval", tiny, "--benchmark", "mini", "--tasks", tasks, "--languages", "de,zh",
            "--recipe", quickest, "--threads", 1, "--device", "cpu", "--layer", layer,
            "--store", tmp_path / "store", "--output", tmp_path / layer, *words,
        )  # fmt: skip

    return call


def manifest(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_text())


def predictions(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted((folder / "predictions").rglob("*.tsv"))
    }


def test_the_best_on_dev_is_used_by_all(
    evaluate: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tiny encoder's last state is made the best, though its first one would win."""
    forced = iter([(3.0, 1.0, 7.0), (3.0, 4.0, 8.0)] * 9)
    scores: list[float] = []

    def fake(self: Any, model: Any, rows: Any, settings: Any) -> float:
        if not scores:
            scores.extend(next(forced))
        return scores.pop(0)

    monkeypatch.setattr("harness.formats.bitext_mining.BitextMining.dev_score", fake)
    code, out, err = evaluate("auto")
    assert code == 0, err
    assert "layer picked on the dev data of bucc2018: hidden state 2 of 2, f1 7." in out
    (step,) = [s for s in manifest(tmp_path / "auto")["steps"] if s["name"].startswith("pick")]
    entry = json.loads((tmp_path / "auto/submission.json").read_text())
    assert entry["training"]["selection"] == "target-dev"
    assert step["result"]["layer"] == 2
    assert step["result"]["means"] == [3.0, 2.5, 7.5]
    assert evaluate("2")[0] == 0
    entry = json.loads((tmp_path / "2/submission.json").read_text())
    assert entry["training"]["selection"] == "last"
    assert predictions(tmp_path / "auto") == predictions(tmp_path / "2")


def test_it_is_scored_as_a_run_at_that_layer_would_be(
    evaluate: Call, tiny: Path, tmp_path: Path
) -> None:
    """Each layer's dev score again, from an encoder that is loaded for that layer alone."""
    code, _, err = evaluate("auto")
    assert code == 0, err
    (step,) = [s for s in manifest(tmp_path / "auto")["steps"] if s["name"].startswith("pick")]
    result = step["result"]
    task, mini = registry.task("bucc2018"), registry.benchmark("mini")
    source = open_source(None, None, mini, Memory(tmp_path / "memory"), offline=True)
    checkpoint, settings = open_checkpoint(str(tiny), offline=True), Settings(max_length=64)
    form: Any = task.format
    for layer in range(3):
        model = load_encoder(checkpoint, layer, CPU)
        scores = [
            form.dev_score(model, source.examples(task, "dev", language), settings)
            for language in mini.languages_of(task)
        ]
        assert [result["languages"][c][layer] for c in mini.languages_of(task)] == scores
        assert result["means"][layer] == pytest.approx(sum(scores) / len(scores))
    assert result["layer"] == int(np.argmax(result["means"]))


def test_one_pass_writes_into_files(tiny: Path, tmp_path: Path) -> None:
    model = load_encoder(open_checkpoint(str(tiny), offline=True), "last", CPU)
    texts = ["one sentence", "two", "and a third one that is longer"]
    plain = model.embed_layers(texts, 32, [0, 1, 2])
    files = {
        n: np.lib.format.open_memmap(tmp_path / f"{n}.npy", "w+", np.float32, plain[n].shape)
        for n in plain
    }
    assert model.embed_layers(texts, 32, [0, 1, 2], files) is files
    for n in plain:
        assert np.array_equal(np.load(tmp_path / f"{n}.npy"), plain[n])


def test_what_is_not_finite_is_a_line(
    evaluate: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = Model.embed_layers

    def broken(self: Model, texts: Any, *rest: Any) -> Any:
        found = embed(self, texts, *rest)
        for one in found.values():
            one[0] = np.nan
        return found

    monkeypatch.setattr(Model, "embed_layers", broken)
    code, _, err = evaluate("auto")
    assert code != 0 and "Traceback" not in err
    assert "bucc2018 de, row 1: not finite" in err
    assert not list((tmp_path / "store").rglob("layers"))


def test_tatoeba_alone_takes_the_choice_of_bucc(evaluate: Call) -> None:
    code, out, err = evaluate("auto", tasks="tatoeba")
    assert code == 0, err
    assert "layer picked on the dev data of bucc2018" in out


def test_without_dev_data_it_is_refused(evaluate: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("harness.formats.bitext_mining.BitextMining.dev_score")
    code, _, err = evaluate("auto", tasks="tatoeba")
    assert code == 2
    assert "tatoeba: --layer auto needs dev data of a retrieval task" in err


def test_a_full_disk_is_a_line(
    evaluate: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room is reserved before anything is written through a map, which would kill the process."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    code, _, err = evaluate("auto")
    assert code == 2 and "No space left on device" in err and "Traceback" not in err
    assert not list((tmp_path / "store").rglob("layers"))


def test_a_choice_that_is_gone_is_made_again(evaluate: Call, tmp_path: Path) -> None:
    assert evaluate("auto")[0] == 0
    for path in list((tmp_path / "store").rglob("layer.json")):
        shutil.rmtree(path.parent)
    code, out, err = evaluate("auto")
    assert code == 0, err
    assert "layer picked" in out


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        (1 / 3, 1 / 3),
        (str(1 / 3), 1 / 3),
        ("7", 7),
        ("0.5", 0.5),
        (".25", 0.25),
        ("last", "last"),
        (0.5, 0.5),
        (3, 3),
    ],
)
def test_a_layer_is_a_number_a_share_or_a_word(text: Any, layer: Any) -> None:
    assert chosen_layer(text) == layer


@pytest.mark.parametrize("text", ["1.0", "0.0", "1.5", "-0.5", "0.", "½", "1e-1", "nan", 1.0, True])
def test_other_layers_are_refused(text: Any) -> None:
    with pytest.raises(HarnessError, match="expected a whole number from 0 to 1000 or usual"):
        chosen_layer(text)
    assert text not in LAYER


def test_sentences_of_ones_own_have_no_dev(tiny: Path) -> None:
    from harness import embed

    with pytest.raises(HarnessError, match="layer auto needs the dev data"):
        embed(["one"], tiny, layer="auto", device="cpu")
    assert embed(["one"], tiny, layer=0.5, device="cpu").shape == (1, 32)
