"""Faults that a review found, each with its test."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import MINI

from harness import registry
from harness.data.folder import FolderSource
from harness.data.source import training_rows
from harness.errors import HarnessError
from harness.models.checkpoint import open_checkpoint
from harness.models.device import _one_gpu
from harness.models.model import load_tokenizer
from harness.models.multi_head import build_multi_head

Call = Callable[..., tuple[int, str, str]]


def test_every_dev_question_counts_though_ids_repeat(real_data: Path) -> None:
    task = registry.task("tydiqa")
    assert task.training is not None
    source = FolderSource(real_data / "xtreme", real_data / "labels")
    rows = training_rows(source, task.training, None)
    assert len(set(rows.train["id"])) < len(rows.train)
    dev = rows.dev
    assert len(dev) == len(set(dev["id"])) == len(task.format.gold(dev)) > 100


def test_a_half_precision_checkpoint_is_trained_in_fp32(tiny: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(tiny, add_pooling_layer=False, dtype=torch.float16)
    half = tmp_path / "half"
    shutil.copytree(tiny, half)
    model.save_pretrained(half)
    assert json.loads((half / "config.json").read_text())["dtype"] == "float16"
    checkpoint = open_checkpoint(str(half), offline=True)
    learner = build_multi_head(checkpoint, [registry.task("xnli").format], 1, {})
    assert {weight.dtype for weight in learner.parameters()} == {torch.float32}


def test_padding_is_on_the_right_whatever_the_checkpoint_says(tiny: Path, tmp_path: Path) -> None:
    left = Path(shutil.copytree(tiny, tmp_path / "left"))
    path = left / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"padding_side": "left"}))
    tokenizer = load_tokenizer(left)
    batch = tokenizer(["river", "a much longer sentence about a river"], padding=True)
    assert batch["attention_mask"][0][0] == 1
    assert batch["attention_mask"][0][-1] == 0


@pytest.mark.parametrize(
    ("name", "seen", "left", "result"),
    [
        ("cuda:1", None, "1", "cuda"),
        ("cuda:1", "4,6", "6", "cuda"),
        ("auto", None, "0", "auto"),
        ("cuda:3", "4,6", "4,6", "cuda:3"),
        ("cpu", "4,6", "4,6", "cpu"),
    ],
)
def test_one_process_sees_one_gpu(
    name: str, seen: str | None, left: str, result: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", seen or "")
    assert _one_gpu(name) == result
    assert os.environ["CUDA_VISIBLE_DEVICES"] == left
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    assert _one_gpu(name) == name


def evaluate(run: Call, tiny: Path, quickest: Path, folder: Path, *words: object) -> tuple:
    return run(
        "eval", tiny, "--recipe", quickest, "--threads", 1, "--device", "cpu",
        "--store", folder / "store", "--output", folder / "out", *words,
    )  # fmt: skip


def test_a_limit_that_leaves_no_gold_pair_is_no_crash(
    run: Call, tiny: Path, quickest: Path, small_data: Path, tmp_path: Path
) -> None:
    gold = small_data / "labels/bucc2018/test-de.tsv"
    last, english = (
        (small_data / f"xtreme/bucc2018/de-en.test.{side}").read_text("utf-8").splitlines()[-1]
        for side in ("de", "en")
    )
    gold.write_text(f"{last.split(chr(9))[0]}\t{english.split(chr(9))[0]}\n")
    words = ("--benchmark", "mini", "--data", small_data, "--tasks", "bucc2018", "--limit", 1)
    code, out, err = evaluate(run, tiny, quickest, tmp_path, *words, "--languages", "de")
    assert code == 0, err
    assert "nothing labelled among the first 1" in out


def test_a_bad_label_file_stops_no_training_and_no_prediction(
    run: Call, tiny: Path, quickest: Path, small_data: Path, tmp_path: Path
) -> None:
    (small_data / "labels/pawsx/test-de.tsv").write_text("0\n")
    words = ("--benchmark", "mini", "--data", small_data, "--tasks", "pawsx,xnli")
    code, out, err = evaluate(run, tiny, quickest, tmp_path, *words, "--languages", "de,en")
    assert code == 1
    assert "predictions for 1 labelled pairs" in err
    assert (tmp_path / "out/predictions/xnli/test-de.tsv").is_file()
    scores = json.loads((tmp_path / "out/scores.json").read_text())
    assert scores["tasks"]["xnli"]["score"] is not None and "incomplete" in scores["partial"]
    assert "PARTIAL: incomplete, 1 steps failed" in out


def test_a_partial_run_stays_partial_when_scored_again(
    run: Call, tiny: Path, quickest: Path, tmp_path: Path
) -> None:
    words = ("--benchmark", "mini", "--tasks", "xnli", "--max-steps", 1)
    assert evaluate(run, tiny, quickest, tmp_path, *words)[0] == 0
    score = ("score", tmp_path / "out", "--labels", MINI / "labels", "--benchmark", "mini")
    assert "PARTIAL" in run(*score)[1]
    assert "at most 1 updates" in json.loads(run(*score, "--json")[1])["partial"]


def test_predictions_of_an_earlier_run_do_not_stay(
    run: Call, tiny: Path, quickest: Path, tmp_path: Path
) -> None:
    common = ("--benchmark", "mini", "--languages", "de")
    assert evaluate(run, tiny, quickest, tmp_path, *common, "--tasks", "xnli,tatoeba")[0] == 0
    assert evaluate(run, tiny, quickest, tmp_path, *common, "--tasks", "tatoeba")[0] == 0
    assert [p.name for p in (tmp_path / "out/predictions").iterdir()] == ["tatoeba"]


def test_an_unknown_tracker_is_said_before_any_work(
    run: Call, tiny: Path, quickest: Path, tmp_path: Path
) -> None:
    words = ("--benchmark", "mini", "--tasks", "xnli", "--tracker", "tensorbord")
    code, _, err = evaluate(run, tiny, quickest, tmp_path, *words)
    assert code == 2
    assert err.startswith("error: unknown tracker 'tensorbord'; did you mean tensorboard?")
    assert "tensorboard" in err
    assert not (tmp_path / "store").exists()


def test_mean_token_accuracy_of_tags(run: Call, tmp_path: Path) -> None:
    shutil.copytree(MINI / "labels" / "udpos", tmp_path / "p" / "udpos")
    score = ("score", tmp_path / "p", "--labels", MINI / "labels", "--benchmark", "mini")
    assert "Token accuracy of udpos: 100.0; extra likewise." in run(*score)[1]


def test_config_and_weights_of_different_depth(tiny: Path, tmp_path: Path) -> None:
    short = Path(shutil.copytree(tiny, tmp_path / "short"))
    path = short / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"num_hidden_layers": 1}))
    with pytest.raises(HarnessError, match="says 1 layers, the weights have 2"):
        open_checkpoint(str(short), offline=True)
