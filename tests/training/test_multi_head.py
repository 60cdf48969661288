"""What is trained: the rows that are used, adapters, kept heads; too little memory, lost losses."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from support.trainings import rows_of, training_set

from harness import registry
from harness.errors import HarnessError
from harness.formats import SentencePair
from harness.models import multi_head
from harness.models.checkpoint import open_checkpoint
from harness.models.device import choose_device
from harness.models.model import read_encoder
from harness.models.multi_head import MultiHeadModel, UsedRows, build_multi_head
from harness.models.tokenizer import load_tokenizer
from harness.recipes import Settings
from harness.training import dev_eval, loop
from harness.training.batch_plan import plan_batches, size
from harness.training.spec import SetSpec, TrainingSpec

SETTINGS = Settings(
    learning_rate=1e-3, epochs=2, batch_size=8, max_length=48, stride=32, max_question=16,
    train_examples=40, dev_examples=12,
)  # fmt: skip
FLAT = (True,) * 2
WORDS = "embeddings.word_embeddings.weight"


def set_spec(name="mnli", **more):
    return SetSpec(training_set(name), SETTINGS, **more)


def spec_of(checkpoint, *sets, **changes):
    found = open_checkpoint(str(checkpoint), offline=True)
    return TrainingSpec(found, sets or (set_spec(),), replace(SETTINGS, **changes), 1)


def learn(spec, folder, report=lambda done, total: None):
    (folder / "work").mkdir(parents=True, exist_ok=True)
    place = choose_device("cpu", "fp32", 1)
    return loop.train(spec, rows_of(spec), place, folder / "work", folder / "out", report)


def weights(folder):
    return load_file(folder / "out" / "model.safetensors")


def near(first, second, tolerance=2e-5):
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.allclose(value, second[name], atol=tolerance), name


@pytest.fixture(scope="module")
def steady(tiny, tmp_path_factory):
    """A tiny checkpoint without dropout: its updates do not depend on how batches are cut."""
    folder = tmp_path_factory.mktemp("steady") / "steady"
    shutil.copytree(tiny, folder)
    path = folder / "config.json"
    off = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    path.write_text(json.dumps(json.loads(path.read_text()) | off))
    return folder


# -- the word rows that are used -------------------------------------------------------------------


@pytest.mark.parametrize("decay", [pytest.param(0.0, marks=pytest.mark.slow), 0.3])
@pytest.mark.parametrize(
    "names",
    ["mnli qqp", pytest.param("mnli squad_v2", marks=pytest.mark.slow)],  # spans: pads are scored
)
@pytest.mark.parametrize("family", ["tiny", "tiny_bert"])
def test_used_rows_learn_what_all_rows_would(decay, names, family, request, tmp_path, monkeypatch):
    checkpoint = request.getfixturevalue(family)
    sets = [set_spec(name) for name in names.split()]
    spec = spec_of(checkpoint, *sets, weight_decay=decay, learning_rate=3e-3, warmup=2)
    tables = []
    keep = multi_head.only_used_rows

    def watched(multi, tokens):
        keep(multi, tokens)
        tables.append(multi.words)

    monkeypatch.setattr(multi_head, "only_used_rows", watched)
    some = learn(spec, tmp_path / "some")
    (table,) = tables
    assert isinstance(table, UsedRows)
    monkeypatch.setattr(multi_head, "only_used_rows", lambda multi, tokens: None)
    every = learn(spec, tmp_path / "every")
    assert some["dev_checks"] == every["dev_checks"]
    assert some["losses"] == pytest.approx(every["losses"], abs=1e-4)
    near(weights(tmp_path / "some"), weights(tmp_path / "every"), 5e-5)

    before = load_file(checkpoint / "model.safetensors")[WORDS]
    after = weights(tmp_path / "some")[WORDS]
    assert after.shape == before.shape
    used = plan_batches(spec, rows_of(spec), load_tokenizer(checkpoint), FLAT).vocabulary()
    assert len(used) <= table.weight.shape[0] <= len(used) + 1 < len(before)  # perhaps the pad
    others = [i for i in range(len(before)) if i not in used]
    left = 1.0
    if decay:
        ratio = after[others].double().norm() / before[others].double().norm()
        left = float(ratio)
        assert left < 0.999
    assert torch.allclose(after[others], before[others] * left, atol=1e-6)
    assert not torch.allclose(after[sorted(used)], before[sorted(used)] * left, atol=1e-4)


@pytest.mark.parametrize("name", ["mnli", "udpos"])
def test_every_label_weighs_alike_however_batches_are_cut(name, steady, tmp_path):
    """Batches of like lengths hold unlike numbers of labels: the mean of their losses is none."""
    one = replace(set_spec(name), settings=replace(SETTINGS, train_examples=37))
    plain = {"epochs": 1, "learning_rate": 0.1, "adam_epsilon": 1.0}  # no gradient's mere sign
    whole = spec_of(steady, one, **plain, batch_size=1000, max_tokens=10**6)
    tokenizer = load_tokenizer(steady)
    longest = max(map(size, plan_batches(whole, rows_of(whole), tokenizer, FLAT).features[0]))
    cut = spec_of(steady, one, **plain, batch_size=8, max_tokens=5 * longest)
    batches = plan_batches(cut, rows_of(cut), tokenizer, FLAT).batches
    assert len({len(batch) for batch in batches}) > 1 and len(batches) > 4
    cut = replace(cut, settings=replace(cut.settings, accumulate=len(batches)))
    both = [learn(one, tmp_path / name) for name, one in (("whole", whole), ("cut", cut))]
    assert [result["updates"] for result in both] == [1, 1]
    losses = [list(result["losses"].values()) for result in both]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    near(weights(tmp_path / "whole"), weights(tmp_path / "cut"))
    heads = [
        load_file(tmp_path / name / "out/heads/0/model.safetensors") for name in ("whole", "cut")
    ]
    near(*heads)
    start = dict(
        build_multi_head(cut.checkpoint, [one.training.format], cut.seed, {})
        .models[0]
        .named_parameters()
    )
    assert max((value - start[name]).abs().max() for name, value in heads[1].items()) > 1e-3


@given(st.sets(st.integers(0, 19), min_size=1), st.data())
def test_a_table_gives_the_rows_of_the_whole_one(used, data):
    plain = torch.nn.Embedding(20, 4, padding_idx=data.draw(st.sampled_from([None, 0, 1])))
    table = UsedRows(plain, sorted(used))
    assert table.whole().equal(plain.weight.detach())
    some = torch.tensor(data.draw(st.lists(st.sampled_from(sorted(used)), min_size=1)))
    assert table.train()(some).equal(plain(some))
    every = torch.arange(20).view(4, 5)
    assert table.eval()(every).equal(plain(every))
    table.decay *= 0.5
    assert table.whole()[sorted(used)].equal(plain.weight.detach()[sorted(used)])
    others = sorted(set(range(20)) - used)
    assert table.whole()[others].equal(plain.weight.detach()[others] * 0.5)
    assert torch.allclose(table(every), torch.nn.functional.embedding(every, table.whole()))
    table(some).sum().backward()
    pads = [sorted(used).index(plain.padding_idx)] if plain.padding_idx in used else []
    assert not table.weight.grad[pads].any()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["qqp", "mlm"])  # used rows alone; a tied head
def test_a_mixture_that_decays_is_resumed_to_the_same_weights(name, tiny, tmp_path, monkeypatch):
    second = set_spec(name, ratio=0.3 if name == "mlm" else 0.0)
    spec = spec_of(tiny, set_spec(), second, weight_decay=0.3, epochs=4)
    monkeypatch.setattr(dev_eval, "RESUME_EVERY", 1e9)
    whole = learn(spec, tmp_path / "whole")
    monkeypatch.setattr(dev_eval, "RESUME_EVERY", 0.0)
    stop = whole["dev_checks"]["steps"][2] + 1

    def die(done, total):
        if done == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(spec, tmp_path / "killed", die)
    seen = []
    again = learn(spec, tmp_path / "killed", lambda done, total: seen.append(done))
    assert seen[0] == stop
    assert again["dev_checks"] == whole["dev_checks"]
    paths = sorted((tmp_path / "whole/out").rglob("*.safetensors"))
    assert len(paths) == 3
    for path in paths:
        other = tmp_path / "killed/out" / path.relative_to(tmp_path / "whole/out")
        assert other.read_bytes() == path.read_bytes(), path


def test_frozen_words_stay_also_under_masks(tiny, tmp_path):
    before = load_file(tiny / "model.safetensors")[WORDS]
    sets = set_spec(), set_spec("mlm", ratio=0.3)
    learn(spec_of(tiny, *sets, freeze_words=True, weight_decay=0.3), tmp_path / "a")
    assert weights(tmp_path / "a")[WORDS].equal(before)
    learn(spec_of(tiny, *sets), tmp_path / "b")
    after = weights(tmp_path / "b")[WORDS]
    assert after.shape == before.shape and not after.equal(before)


# -- adapters --------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["tiny", "tiny_bert"])
def test_adapters_are_merged_into_an_ordinary_checkpoint(family, request, tmp_path, monkeypatch):
    pytest.importorskip("peft")
    checkpoint = request.getfixturevalue(family)
    inputs = load_tokenizer(checkpoint)(["The old mill by the river."], return_tensors="pt")
    states = []
    save = multi_head.save_multi_head

    def saved(multi, folder):
        save(multi, folder)
        multi.encoder.eval()
        with torch.inference_mode():
            states.append(multi.encoder(**inputs).last_hidden_state.clone())
        trained = {n for n, p in multi.encoder.named_parameters() if p.requires_grad}
        assert trained and all("lora_" in n or n.startswith("pooler.") for n in trained)

    monkeypatch.setattr(dev_eval, "save_multi_head", saved)
    settings = {"lora": 4, "learning_rate": 1e-2, "weight_decay": 0.1}
    learn(spec_of(checkpoint, set_spec(), set_spec("hellaswag"), **settings), tmp_path)
    encoder = read_encoder(tmp_path / "out").eval()
    with torch.inference_mode():
        merged = encoder(**inputs).last_hidden_state
        plain = read_encoder(checkpoint).eval()(**inputs).last_hidden_state
    assert torch.allclose(merged, states[-1], atol=1e-5)
    assert not torch.allclose(merged, plain, atol=1e-3)
    before, after = load_file(checkpoint / "model.safetensors"), weights(tmp_path)
    assert {n for n in after if not n.startswith("pooler.")} == {  # which multiple choice brings
        n for n in before if not n.startswith("pooler.")
    }
    body = {n for n in before if not n.startswith("pooler.")}
    changed = {n for n in body if not after[n].equal(before[n])}
    assert len(changed) == 12  # the six linear layers of each of two
    assert all(before[n].ndim == 2 and n.startswith("encoder.layer.") for n in changed)
    assert after[WORDS].equal(before[WORDS])
    assert open_checkpoint(str(tmp_path / "out"), offline=True).layers == 2


# -- too little memory -----------------------------------------------------------------------------


def starved(monkeypatch, most, error, start=0):
    """Let memory suffice for so many examples, from a call on."""
    real, calls = MultiHeadModel.forward, []

    def forward(self, head, **inputs):
        calls.append(len(inputs["labels"]))
        if len(calls) > start and calls[-1] > most:
            raise error
        return real(self, head, **inputs)

    monkeypatch.setattr(MultiHeadModel, "forward", forward)
    return calls


@pytest.fixture(scope="module")
def plentiful(steady, tmp_path_factory):
    """A training of two sets with memory for all: its folder and result."""
    folder = tmp_path_factory.mktemp("plentiful")
    return folder, learn(spec_of(steady, set_spec(), set_spec("hellaswag")), folder)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        pytest.param(
            RuntimeError(
                "[enforce fail at alloc_cpu.cpp:130] DefaultCPUAllocator: can't allocate memory"
            ),
            marks=pytest.mark.slow,
        ),
        pytest.param(MemoryError(), marks=pytest.mark.slow),
    ],
)
def test_batches_are_split_where_memory_does_not_suffice(
    error, steady, plentiful, tmp_path, monkeypatch
):
    folder, whole = plentiful
    assert whole["pieces"] == 1
    calls = starved(monkeypatch, 3, error, start=4)
    result = learn(spec_of(steady, set_spec(), set_spec("hellaswag")), tmp_path / "split")
    assert result["pieces"] == 4 and max(calls[-20:]) == 2
    assert result["updates"] == whole["updates"]
    assert result["losses"] == pytest.approx(whole["losses"], rel=1e-3)
    assert result["dev_checks"]["steps"] == whole["dev_checks"]["steps"]
    near(weights(tmp_path / "split"), weights(folder), 1e-4)


@pytest.mark.slow
def test_memory_for_no_example_at_all_is_said(steady, tmp_path, monkeypatch):
    starved(monkeypatch, 0, torch.OutOfMemoryError("CUDA out of memory"))
    monkeypatch.setattr(loop, "MOST_PIECES", 8)
    with pytest.raises(HarnessError, match="lower max_tokens"):
        learn(spec_of(steady), tmp_path)


def test_other_errors_are_not_taken_for_it(steady, tmp_path, monkeypatch):
    calls = starved(monkeypatch, 0, RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="mat1"):
        learn(spec_of(steady), tmp_path)
    assert len(calls) == 1


# -- a loss that is not finite ---------------------------------------------------------------------


@pytest.mark.parametrize("bad", ["nan", "inf"])
def test_a_lost_loss_ends_the_training_and_names_what_is_kept(bad, tiny, tmp_path, monkeypatch):
    real, calls = MultiHeadModel.forward, []

    def forward(self, head, **inputs):
        calls.append(head)
        loss = real(self, head, **inputs)
        return loss * float(bad) if len(calls) > 8 else loss

    monkeypatch.setattr(MultiHeadModel, "forward", forward)
    with pytest.raises(HarnessError) as caught:
        learn(spec_of(tiny, epochs=4), tmp_path)
    said = str(caught.value)
    found = re.search(r"the loss of mnli is not finite after (\d+) updates", said)
    assert found and 9 <= int(found[1]) <= 10, said
    kept = tmp_path / "work" / "best-5"
    assert "(update 5, dev" in said and str(kept) in said
    state = read_encoder(kept).state_dict()
    assert all(weight.isfinite().all() for weight in state.values())
    assert (kept / "heads/0/model.safetensors").is_file()
    assert not (tmp_path / "out").exists()


# -- heads -----------------------------------------------------------------------------------------


def heads(folder, number=0):
    return load_file(folder / "heads" / str(number) / "model.safetensors")


@pytest.mark.parametrize("name", ["mnli", "hellaswag", "squad_v2", "mlm"])
@pytest.mark.parametrize("family", ["tiny", "tiny_bert"])
def test_a_kept_head_is_gone_on_with(name, family, request, tmp_path):
    checkpoint = request.getfixturevalue(family)
    learn(spec_of(checkpoint, set_spec(name), epochs=1), tmp_path)
    kept = heads(tmp_path / "out")
    assert kept
    spec = spec_of(tmp_path / "out", set_spec(name, kept=0), set_spec("qqp"))
    forms = [one.training.format for one in spec.sets]
    checkpoint = spec.checkpoint
    found = build_multi_head(checkpoint, forms, 9, {0: tmp_path / "out/heads/0"})
    fresh = build_multi_head(checkpoint, forms, 9, {})
    own = dict(found.models[0].named_parameters())
    new = dict(fresh.models[0].named_parameters())
    for key, value in kept.items():
        assert own[key].equal(value), key
    assert any(not new[key].equal(value) for key, value in kept.items())
    others = dict(fresh.models[1].named_parameters())
    for key, value in found.models[1].named_parameters():
        assert value.equal(others[key]), key


def test_a_training_starts_from_the_kept_head(tiny, tmp_path):
    learn(spec_of(tiny, epochs=1), tmp_path / "first")
    head = tmp_path / "first/out/heads/0"
    for name, one, near_by in (("on", set_spec(kept=0), True), ("anew", set_spec(), False)):
        learn(spec_of(tmp_path / "first/out", one, learning_rate=1e-9), tmp_path / name)
        pairs = zip(
            heads(tmp_path / name / "out").values(), heads(head.parents[1]).values(), strict=True
        )
        assert all(torch.allclose(a, b, atol=1e-6) for a, b in pairs) is near_by


@pytest.mark.parametrize(
    "form", [registry.training("socialiqa").format, SentencePair(labels=("no", "yes"))]
)
def test_a_head_that_does_not_fit_is_said(form, tiny, tmp_path):
    """A head of another kind, or one with three labels where there are two."""
    learn(spec_of(tiny, epochs=1), tmp_path)
    checkpoint = open_checkpoint(str(tmp_path / "out"), offline=True)
    with pytest.raises(HarnessError, match="the head does not fit"):
        build_multi_head(checkpoint, [form], 1, {0: tmp_path / "out/heads/0"})


def test_a_trained_checkpoint_is_an_encoder_that_transformers_opens(tiny, tmp_path):
    from transformers import AutoModel, AutoTokenizer

    learn(spec_of(tiny, set_spec(), set_spec("qqp")), tmp_path)
    model = AutoModel.from_pretrained(tmp_path / "out", add_pooling_layer=False)
    assert model.config.architectures == ["XLMRobertaModel"]
    assert weights(tmp_path).keys() == load_file(tiny / "model.safetensors").keys()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    inputs = tokenizer(["The river."], return_tensors="pt")
    with torch.inference_mode():
        assert model(**inputs).last_hidden_state.isfinite().all()
    configs = [json.loads((tmp_path / f"out/heads/{i}/config.json").read_text()) for i in (0, 1)]
    assert list(configs[0]["id2label"].values()) == ["contradiction", "entailment", "neutral"]
    assert list(configs[1]["id2label"].values()) == ["0", "1"]
    checkpoint = open_checkpoint(str(tmp_path / "out"), offline=True)
    assert checkpoint.notes == () and checkpoint.layers == 2


def test_a_half_precision_checkpoint_is_trained_in_fp32(tiny: Path, tmp_path: Path) -> None:
    from transformers import AutoModel

    model = AutoModel.from_pretrained(tiny, add_pooling_layer=False, dtype=torch.float16)
    half = tmp_path / "half"
    shutil.copytree(tiny, half)
    model.save_pretrained(half)
    assert json.loads((half / "config.json").read_text())["dtype"] == "float16"
    checkpoint = open_checkpoint(str(half), offline=True)
    multi = build_multi_head(checkpoint, [registry.task("xnli").format], 1, {})
    assert {weight.dtype for weight in multi.parameters()} == {torch.float32}
