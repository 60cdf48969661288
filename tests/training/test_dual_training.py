"""Training of dual encoders: batches that are part of the loss, memory, what is learnt."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from support.places import MINI, ROOT
from support.trainings import device, ignore, rows_of
from support.waiting import LONG
from transformers import Trainer

from harness import recipes, registry
from harness.data.layouts import AnswerSentences
from harness.data.source import Rows
from harness.models.checkpoint import open_checkpoint
from harness.models.multi_head import MultiHeadModel
from harness.models.tokenizer import load_tokenizer
from harness.recipes import Settings
from harness.training import loop
from harness.training.batch_maker import BatchMaker
from harness.training.batch_plan import plan_batches
from harness.training.spec import SetSpec, TrainingSpec

SETTINGS = Settings(
    learning_rate=1e-3, epochs=2, batch_size=6, max_length=24, max_query=12, dev_examples=12,
    accumulate=2,
)  # fmt: skip


def spec_of(path: Path, settings: Settings = SETTINGS, *others: str) -> TrainingSpec:
    checkpoint = open_checkpoint(str(path), offline=True)
    training = registry.training("squad-passages")
    form: Any = training.format
    form = form.settled(settings, checkpoint)
    settings = form.batches(settings)
    sets = [SetSpec(replace(training, format=form), settings)]
    sets += [SetSpec(registry.training(name), settings) for name in others]
    return TrainingSpec(checkpoint, tuple(sets), settings, 1)


def pairs(number: int, seed: int = 0) -> Any:
    """Pairs that a word tells apart, which both sides hold among others."""
    draw = random.Random(seed)
    words = "river market winter mill bridge baker train garden boat rain sea old".split()
    rows: dict[str, list[str]] = {name: [] for name in AnswerSentences.columns}
    for i in range(number):
        word = draw.choice(words)
        rows["id"].append(str(i))
        rows["query"].append(f"{word} {word}?")
        rows["passage"].append(f"{word} {draw.choice(['it', 'was'])} {word} there")
        rows["context"].append(str(i))
    return AnswerSentences().to_dataset(rows)


def learn(spec: TrainingSpec, folder: Path, rows: list[Rows] | None = None) -> dict[str, Any]:
    (folder / "work").mkdir(parents=True)
    return loop.train(
        spec, rows or rows_of(spec), device(), folder / "work", folder / "out", ignore
    )


# -- batches ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("flat", [True, False])
def test_batches_are_random_and_whole_whatever_their_tokens(flat: bool, tiny: Path) -> None:
    spec = spec_of(tiny, replace(SETTINGS, max_tokens=1, accumulate=1))
    rows = [Rows(pairs(40), pairs(10, 1))]
    plan = plan_batches(spec, rows, load_tokenizer(tiny), [flat])
    assert [len(batch) for batch in plan.batches] == [6] * 6 + [4] + [6] * 6 + [4]
    for epoch in (plan.batches[:7], plan.batches[7:]):
        assert sorted(i for batch in epoch for _, i, _ in batch) == list(range(40))
    order = list(range(40))
    random.Random(spec.seed).shuffle(order)
    assert [i for batch in plan.batches[:7] for _, i, _ in batch] == order  # not by length
    other = plan_batches(replace(spec, seed=2), rows, load_tokenizer(tiny), [flat])
    assert other.batches != plan.batches


def test_memory_does_not_split_a_batch(tiny: Path) -> None:
    """Its loss is one over all its passages; only what is encoded at a time is less."""
    spec = spec_of(tiny)
    tokenizer = load_tokenizer(tiny)
    model, collators = loop._model(spec, tokenizer)
    plan = plan_batches(spec, [Rows(pairs(12), pairs(6))], tokenizer, [collators[0].flat])
    batch = [plan[item] for item in plan.batches[0]]
    for pieces in (1, 4):
        makes = BatchMaker(plan, collators, model.kinds, tokenizer, 1, pieces)
        (piece,) = makes(batch)["pieces"]
        assert len(piece["passages"]) == len(piece["places"]) // 2 == 6
        assert len(piece["texts"]) == (1 if pieces == 1 else 3)  # of two pairs each
        assert piece["again"] is (pieces > 1)


def test_accumulation_adds_no_negatives_unless_it_is_asked_for(tiny: Path) -> None:
    plain = spec_of(tiny, replace(SETTINGS, accumulate=4))
    (one,) = plain.sets
    assert (one.settings.batch_size, one.settings.accumulate) == (6, 4)
    assert one.training.format.head.least_pieces == 1
    gathered = spec_of(tiny, replace(SETTINGS, accumulate=4, negatives="accumulated"))
    (one,) = gathered.sets
    assert (one.settings.batch_size, one.settings.accumulate) == (24, 1)
    assert one.training.format.head.least_pieces == 4
    plans = [
        plan_batches(spec, [Rows(pairs(48), pairs(6))], load_tokenizer(tiny), [True])
        for spec in (plain, gathered)
    ]
    assert [{len(batch) for batch in plan.batches} for plan in plans] == [{6}, {24}]
    assert plans[0].updates == plans[1].updates == 4


@pytest.fixture
def steady(tiny: Path, tmp_path: Path) -> Path:
    """A checkpoint without dropout."""
    folder = Path(shutil.copytree(tiny, tmp_path / "steady"))
    config = json.loads((folder / "config.json").read_text())
    off = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps(config | off))
    return folder


@pytest.mark.slow
def test_two_processes_add_no_negatives(
    steady: Path, quickest: Path, tmp_path: Path, run: Any
) -> None:
    """Two of torchrun learn what one does that accumulates the gradients of two batches."""

    def words(name: str, lines: str = "") -> list[str]:
        recipe = tmp_path / f"{name}.toml"
        recipe.write_text(f"{quickest.read_text()}\nmax_query = 16\n{lines}\n")
        some = (
            "train", "squad-passages", "--from", steady, "--data", MINI, "--recipe", recipe,
            "--device", "cpu", "--threads", 1, "--output", tmp_path / name,
            "--store", tmp_path / f"{name}-store",
        )  # fmt: skip
        return [str(word) for word in some]

    torchrun = "-m torch.distributed.run --standalone --nproc-per-node 2 -m harness".split()
    done = subprocess.run(
        [sys.executable, *torchrun, *words("two")], cwd=ROOT, capture_output=True, text=True,
        timeout=LONG, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    gathered = 'accumulate = 2\nnegatives = "accumulated"'
    for name, lines in (("one", "accumulate = 2"), ("gathered", gathered)):
        code, _, err = run(*words(name, lines))
        assert code == 0, err
    two, one, other = (
        load_file(tmp_path / name / "model.safetensors") for name in ("two", "one", "gathered")
    )
    assert max(float((two[name] - one[name]).abs().max()) for name in one) < 1e-5
    assert max(float((other[name] - one[name]).abs().max()) for name in one) > 1e-4


def test_a_short_memory_gives_the_same_weights(
    steady: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, rows = spec_of(steady), [Rows(pairs(24), pairs(12, 1))]
    whole = learn(spec, tmp_path / "whole", rows)
    real, most = MultiHeadModel.forward, []

    def forward(self: Any, head: int, **inputs: Any) -> Any:
        most.append(max(len(texts["flat"].lengths) for texts in inputs["texts"]))
        if most[-1] > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, head, **inputs)

    monkeypatch.setattr(MultiHeadModel, "forward", forward)
    short = learn(spec, tmp_path / "short", rows)
    assert (whole["pieces"], short["pieces"]) == (1, 4) and most[-1] == 4
    assert short["dev_scores"] == pytest.approx(whole["dev_scores"], abs=1e-2)
    assert short["losses"] == pytest.approx(whole["losses"], rel=1e-3)
    one, two = (load_file(tmp_path / name / "out/model.safetensors") for name in ("whole", "short"))
    assert max(float((one[name] - two[name]).abs().max()) for name in one) < 1e-4


# -- what is learnt --------------------------------------------------------------------------------


def test_a_dual_encoder_learns_from_pairs(tiny: Path, tmp_path: Path) -> None:
    settings = replace(SETTINGS, epochs=6, learning_rate=3e-3, accumulate=1, mask_same=True)
    settings = replace(settings, pooling="mean", batch_size=8)
    spec = spec_of(tiny, settings)
    result = learn(spec, tmp_path, [Rows(pairs(120), pairs(48, 1))])
    scores = result["dev_checks"]["scores"]
    chance = 100 / 8
    assert scores[-1] > scores[0] and max(scores) > 3 * chance
    assert result["losses"]["squad-passages"] < result["dev_checks"]["losses"][0]["squad-passages"]
    scale = load_file(tmp_path / "out/heads/0/model.safetensors")
    assert list(scale) == ["similarity.scale"] and scale["similarity.scale"].item() != 100


def test_weight_decay_leaves_the_scale_out(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decays: dict[str, float] = {}
    real = Trainer.create_optimizer

    def create(self: Any, *rest: Any) -> Any:
        optimizer = real(self, *rest)
        names = {id(weights): name for name, weights in self.model.named_parameters()}
        for group in optimizer.param_groups:
            decays.update({names[id(one)]: group["weight_decay"] for one in group["params"]})
        return optimizer

    monkeypatch.setattr(Trainer, "create_optimizer", create)
    spec = spec_of(tiny, replace(SETTINGS, epochs=1, weight_decay=0.5))
    learn(spec, tmp_path, [Rows(pairs(24), pairs(12, 1))])
    left_out = {name for name, decay in decays.items() if not decay}
    assert 0.5 in decays.values()
    others = {name for name in left_out if "bias" not in name and "LayerNorm" not in name}
    assert others == {"heads.0.similarity.scale"}


def test_it_is_trained_beside_another_set(tiny: Path, tmp_path: Path) -> None:
    settings = replace(SETTINGS, train_examples=24, epochs=1)
    result = learn(spec_of(tiny, settings, "mnli"), tmp_path)
    assert set(result["dev_scores"]) == {"squad-passages", "mnli"}
    names = set(load_file(tmp_path / "out/model.safetensors"))
    assert "pooler.dense.weight" in names  # the encoder's own, for whoever goes on from it


def test_squad_passages_is_an_intermediate_task(
    tiny: Path, tmp_path: Path, quickest: Path, run: Any
) -> None:
    recipe = tmp_path / "small.toml"
    recipe.write_text(quickest.read_text() + "max_query = 16\nmask_same = true\n")
    words = ("squad-passages", "--from", tiny, "--output", tmp_path / "out", "--recipe", recipe)
    code, out, err = run("train", *words, "--data", MINI, "--store", tmp_path / "store")
    assert code == 0, err
    assert "its files hold no pooler; one is learnt from scratch" in out + err
    record = json.loads((tmp_path / "out/harness.json").read_text())
    assert record["heads"] == [{"name": "squad-passages", "kind": ["AutoModel", []]}]
    (one,) = record["identity"]["sets"]
    assert one["format"] == {
        "name": "dual encoder", "version": 2, "layout": "AnswerSentences", "pooling": "pooler",
        "negatives": "batch", "mask_same": True, "pieces": 1,
    }  # fmt: skip
    assert (one["settings"]["max_query"], one["settings"]["max_length"]) == (16, 64)
    assert 0 < record["result"]["dev_score"] <= 100


def test_queries_longer_than_the_encoder_reads_are_refused(
    tiny: Path, tmp_path: Path, quickest: Path, run: Any
) -> None:
    recipe = tmp_path / "long.toml"
    recipe.write_text(quickest.read_text() + "max_query = 500\n")
    words = ("squad-passages", "--from", tiny, "--output", tmp_path / "out", "--recipe", recipe)
    code, _, err = run("train", *words, "--data", MINI, "--store", tmp_path / "store")
    assert code == 2 and "max_query 500: tiny-xlmr reads at most 198 tokens" in err


# -- recipes ---------------------------------------------------------------------------------------


def test_recipes_have_the_official_settings() -> None:
    """scripts/train_lareqa.sh and train_mewslix.sh; no warm-up, no decay, clipped at 1."""
    recipe, smaller = (recipes.load("xtreme").sized(layers) for layers in (24, 12))
    lareqa = registry.training("squad-passages")
    mewslix = registry.training("mewslix-pairs")
    found = [recipe.settings(one.format, one) for one in (lareqa, mewslix)]
    assert found == [recipe.intermediate_settings(one) for one in (lareqa, mewslix)]
    names = "learning_rate epochs batch_size accumulate max_query max_length".split()
    assert [[one.value(name) for name in names] for one in found] == [
        [2e-5, 3, 4, 4, 96, 256],
        [1e-5, 2, 8, 4, 64, 64],
    ]
    found += [smaller.settings(mewslix.format, mewslix), smaller.intermediate_settings(mewslix)]
    for one in found[2:]:
        assert [one.value(name) for name in names] == [2e-5, 2, 64, 4, 64, 64]
    for one in found:
        assert (one.warmup, one.weight_decay, one.max_grad_norm) == (0, 0, 1)
        assert (one.negatives, one.mask_same, one.pooling) == ("batch", False, "auto")
    assert recipes.load("quick").settings(lareqa.format, lareqa).mask_same
