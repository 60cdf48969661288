"""Dual encoders: vectors, the loss over a batch, and its gradient in pieces."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from support import families
from support.trainings import device
from torch import distributed as dist
from torch.testing._internal.distributed.fake_pg import FakeStore
from torch.utils._python_dispatch import TorchDispatchMode

from harness.data.layouts import AnswerSentences
from harness.data.memory import Memory
from harness.errors import HarnessError
from harness.formats import DualEncoder
from harness.models import ability
from harness.models.checkpoint import Checkpoint, open_checkpoint
from harness.models.collator import open_collator, padding_collator
from harness.models.dual_head import DualHead
from harness.models.dual_model import Similarity
from harness.models.heads import CHOICE, SEQUENCE, SPAN, TOKENS, WORDS
from harness.models.model import Model, load_encoder
from harness.models.multi_head import build_multi_head, load_trained, save_multi_head
from harness.models.tokenizer import load_tokenizer
from harness.recipes import Settings
from harness.training.batch_maker import BatchMaker
from harness.training.batch_plan import BatchPlan

SETTINGS = Settings(max_query=12, max_length=24, batch_size=4)
QUERIES = ["Who built the mill?", "When was the boat sold at the market?", "Why?", "Where is it?"]
PASSAGES = [
    "Anna built the old mill by the river.",
    "The boat was sold in winter. It rained for days and days, and nobody came to the market.",
    "Nobody knows why.",
    "Anna built the old mill by the river.",
]
POOLINGS = ("pooler", "cls", "mean")


def form_of(**values: Any) -> DualEncoder:
    return DualEncoder(layout=AnswerSentences(), **values)


def rows() -> Any:
    names = [str(i) for i in range(len(QUERIES))]
    columns = {"id": names, "query": QUERIES, "passage": PASSAGES, "context": names}
    return AnswerSentences().to_dataset(columns)


def opened(path: Path) -> Checkpoint:
    return open_checkpoint(str(path), offline=True)


def built(path: Path, form: DualEncoder) -> Any:
    """A model whose cosines are not all near 1, as those of tiny random encoders are."""
    multi = build_multi_head(opened(path), [form], 3, {})
    with torch.no_grad():
        for weight in multi.encoder.parameters():
            weight.mul_(6 if weight.ndim > 1 else 1)
        multi.models[0].similarity.scale.fill_(3.0)
    return multi


def inputs_for(path: Path, form: DualEncoder, *, pieces: int = 1, model: Any = None) -> Any:
    """The inputs of one batch: padded, or as they fit a model."""
    tokenizer = load_tokenizer(path)
    collator = (
        padding_collator(tokenizer)
        if model is None
        else open_collator(model, tokenizer, path, form.head)
    )
    assert collator.flat is (model is not None)
    features = form.encode(rows(), tokenizer, SETTINGS, training=True)
    plan = BatchPlan([features], [], set(), 0, [], [float(len(features))])
    maker = BatchMaker(plan, (collator,), (form.head,), tokenizer, 1, pieces)
    (piece,) = maker([(0, i, 0, feature) for i, feature in enumerate(features)])["pieces"]
    assert piece.pop("share") == 1.0
    return piece


def gradients(multi: Any, inputs: dict[str, Any], seed: int = 0) -> dict[str, torch.Tensor]:
    multi.zero_grad()
    torch.manual_seed(seed)  # of dropout
    multi(**inputs).backward()
    return {n: p.grad.clone() for n, p in multi.named_parameters() if p.grad is not None}


def apart(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> float:
    assert first.keys() == second.keys()
    return max(float((one - second[name]).abs().max()) for name, one in first.items())


# -- vectors and loss ------------------------------------------------------------------------------


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("family", ["tiny", "tiny_bert"])
def test_vectors_and_loss_are_those_of_the_formulas(pooling, family, request):
    path = request.getfixturevalue(family)
    form = form_of(pooling=pooling)
    multi = built(path, form).eval()
    model, tokenizer = multi.models[0].eval(), load_tokenizer(path)

    def vectors(texts: list[str], length: int) -> Any:
        found = []
        for text in texts:
            one = tokenizer([text], truncation=True, max_length=length, return_tensors="pt")
            output = model.encoder(**one)
            first, mean = output.last_hidden_state[:, 0], output.last_hidden_state.mean(1)
            found.append({"cls": first, "mean": mean, "pooler": output.pooler_output}[pooling])
        stacked = torch.cat(found)
        return (stacked / stacked.norm(dim=1, keepdim=True)).numpy()

    with torch.inference_mode():
        queries, passages = vectors(QUERIES, 12), vectors(PASSAGES, 24)
        logits = 3.0 * queries @ passages.T
        expected = np.log(np.exp(logits).sum(1)) - np.diag(logits)
        padded = float(multi(**inputs_for(path, form)))
        flat = float(multi(**inputs_for(path, form, model=model)))
    assert np.ptp(expected) > 0.005
    assert padded == pytest.approx(expected.mean(), abs=1e-4)
    assert flat == pytest.approx(expected.mean(), abs=1e-4)
    headed = Model(model, tokenizer, device(), form.head, collator=padding_collator(tokenizer))
    losses = form.predict(headed, {"test": rows()}, SETTINGS)
    assert losses == [pytest.approx(expected.mean(), abs=1e-4)]
    assert form.score(form.gold(rows()), losses, "en") == {
        "agreement": pytest.approx(100 * math.exp(-expected.mean()), abs=1e-2)
    }


def test_the_dev_loss_is_the_mean_over_batches_of_their_mean_losses(tiny):
    """Ten pairs in batches of 4, 4 and 2, each with negatives of its own."""
    names = [str(i) for i in range(10)]
    pairs = AnswerSentences().to_dataset(dict.fromkeys(AnswerSentences.columns, names))
    vectors = np.random.default_rng(0).standard_normal((20, 6)).astype(np.float32)
    similarity = Similarity()
    with torch.no_grad():
        similarity.scale.fill_(1.5)
    fixed: Any = SimpleNamespace(
        tokenizer=load_tokenizer(tiny), device=device(),
        module=SimpleNamespace(similarity=similarity), infer=lambda texts: [[v] for v in vectors],
    )  # fmt: skip
    expected = []
    for part in (slice(0, 4), slice(4, 8), slice(8, 10)):
        logits = 1.5 * vectors[:10][part] @ vectors[10:][part].T
        expected.append(float(np.mean(np.log(np.exp(logits).sum(1)) - np.diag(logits))))
    losses = form_of().predict(fixed, {"test": pairs}, SETTINGS)
    assert losses == pytest.approx(expected, abs=1e-5)
    assert form_of().score(names, losses, "en")["agreement"] == pytest.approx(
        100 * math.exp(-sum(expected) / 3), abs=1e-3
    )


def test_logits_are_float32_under_autocast():
    queries, passages = torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(0))
    similarity = Similarity()
    with torch.inference_mode():
        expected = similarity(queries, passages)
        with torch.autocast("cpu", torch.bfloat16):
            found = similarity(queries, passages)
    assert found.dtype == torch.float32 and torch.equal(found, expected)


class Calls(TorchDispatchMode):
    """Gathers the namespaces of the operations that are called."""

    def __init__(self) -> None:
        super().__init__()
        self.spaces: set[str] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.spaces.add(func.namespace)
        return func(*args, **kwargs or {})


def test_the_loss_asks_other_processes_nothing(tiny):
    """Several processes add no negatives: one of two computes as it would alone."""
    form = form_of()
    multi = built(tiny, form).eval()
    inputs = inputs_for(tiny, form)
    alone = multi(**inputs)
    dist.init_process_group("fake", store=FakeStore(), rank=0, world_size=2)
    try:
        with Calls() as asked:
            dist.all_reduce(torch.ones(1))
        with Calls() as calls:
            loss = multi(**inputs)
            loss.backward()
    finally:
        dist.destroy_process_group()
    assert torch.equal(loss, alone)
    assert "aten" in calls.spaces and not calls.spaces & (asked.spaces - {"aten"})
    assert asked.spaces - {"aten"}


def test_the_scale_starts_at_100_and_is_learnt(tiny):
    multi = build_multi_head(opened(tiny), [form_of()], 3, {})
    assert multi.models[0].similarity.scale.item() == 100.0
    found = gradients(multi, inputs_for(tiny, form_of()))
    (name,) = [name for name in found if name.endswith("scale")]
    assert name.startswith("heads.0.") and found[name].item() != 0
    assert any("pooler" in name for name in found)


def test_equal_passages_are_negatives_unless_they_are_masked(tiny):
    """Two questions with one right passage: officially each is the other's false negative."""
    losses = {}
    for mask in (False, True):
        form = form_of(pooling="mean", mask_same=mask)
        multi = built(tiny, form).eval()
        with torch.inference_mode():
            losses[mask] = float(multi(**inputs_for(tiny, form)))
    assert losses[True] < losses[False] - 0.1
    head, model = DualHead(mask_same=True), built(tiny, form_of()).models[0]
    eye = torch.eye(3)
    with torch.inference_mode():
        all_same = head.losses(model, eye, eye, torch.tensor([0, 0, 0]))
        none_same = head.losses(model, eye, eye, torch.tensor([0, 1, 2]))
    assert all_same.tolist() == [0, 0, 0]
    assert none_same.tolist() == pytest.approx([math.log(1 + 2 * math.exp(-3))] * 3)


# -- the gradient cache ----------------------------------------------------------------------------


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize("pooling", ["pooler", "mean"])
def test_the_cached_gradient_is_the_plain_one_with_dropout(pooling, flat, tiny):
    form = form_of(pooling=pooling)
    multi = built(tiny, form).train()
    assert multi.encoder.config.hidden_dropout_prob > 0
    cached = inputs_for(tiny, form, pieces=2, model=multi.models[0] if flat else None)
    assert cached["again"] and len(cached["texts"]) == (2 if flat else 4)
    plain = gradients(multi, cached | {"again": False})  # the same pieces, all kept
    assert apart(gradients(multi, cached), plain) <= 1e-5
    assert apart(gradients(multi, cached, seed=1), plain) > 1e-3  # dropout is on


@pytest.mark.parametrize("pieces", [2, 3, 64])
def test_pieces_lose_no_negatives(pieces, tiny):
    form = form_of()
    multi = built(tiny, form).eval()
    whole = gradients(multi, inputs_for(tiny, form))
    found = inputs_for(tiny, form, pieces=pieces)
    assert len(found["texts"]) == 2 * min(pieces, 4) - (2 * (pieces == 3))
    assert apart(gradients(multi, found), whole) <= 1e-5


def test_the_cache_keeps_the_activations_of_one_piece(tiny):
    """Counted in the numbers that autograd saves in the forward pass."""
    form = form_of()
    multi = built(tiny, form).train()
    saved = {}
    for again in (False, True):
        sizes: list[int] = []
        inputs = inputs_for(tiny, form, pieces=4) | {"again": again}

        def pack(tensor: torch.Tensor, sizes: list[int] = sizes) -> torch.Tensor:
            sizes.append(tensor.numel() if tensor.requires_grad or tensor.grad_fn else 0)
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            multi(**inputs)
        saved[again] = sum(sizes)
    assert saved[True] < saved[False] / 3


# -- checkpoints -----------------------------------------------------------------------------------


def test_a_checkpoint_says_whether_it_has_a_pooler(tiny, tiny_bert, tmp_path):
    bare = families.distilbert(tmp_path / "bare")
    assert [opened(path).pooler for path in (tiny, tiny_bert, bare)] == ["fresh", "own", ""]
    assert "pooler" not in opened(tiny).as_dict()  # it is not part of a submission
    settings = Settings(mask_same=True)
    settled = [form_of().settled(settings, opened(path)) for path in (tiny, tiny_bert, bare)]
    assert [one.pooling for one in settled] == ["pooler", "pooler", "mean"]
    assert all(one.mask_same for one in settled)
    notes = [
        list(one.notes(opened(p))) for one, p in zip(settled, (tiny, tiny_bert, bare), strict=True)
    ]
    assert notes[1] == []
    assert "hold no pooler; one is learnt from scratch" in notes[0][0]
    assert "its family has no pooler; vectors are the mean" in notes[2][0]
    with pytest.raises(HarnessError, match="family without a pooler"):
        form_of().settled(Settings(pooling="pooler"), opened(bare))
    with pytest.raises(HarnessError, match="a dual encoder has pooler, cls, mean or auto"):
        form_of().settled(Settings(pooling="mean-without-specials"), opened(tiny))


@pytest.mark.parametrize("family", ["tiny", "tiny_bert"])
def test_which_heads_keep_the_pooler(family, request):
    """Multiple choice reads it everywhere, BERT's classifier too, XLM-R's has its own."""
    checkpoint, memory, kept = opened(request.getfixturevalue(family)), Memory(), set()
    others = [DualHead(pooling=pooling) for pooling in POOLINGS]
    for head in (SEQUENCE, TOKENS, SPAN, CHOICE, WORDS, *others):
        form: Any = SimpleNamespace(head=head, labels=())
        encoder = build_multi_head(checkpoint, [form], 1, {}).encoder
        found = ability.keeps_pooler(checkpoint, head, memory)
        assert found == (getattr(encoder, "pooler", None) is not None)
        kept |= {head} if found else set()
    assert kept == {CHOICE, others[0], *([SEQUENCE] if family == "tiny_bert" else [])}


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_trained_model_is_loaded_with_its_pooler_and_scale(pooling, tiny_bert, tmp_path):
    form = form_of(pooling=pooling)
    multi = built(tiny_bert, form).eval()
    save_multi_head(multi, tmp_path / "out")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "out" / name).write_bytes((tiny_bert / name).read_bytes())
    model = load_trained(tmp_path / "out", form.head, 0, device())
    assert model.module.similarity.scale.item() == 3.0
    features = form.encode(rows(), model.tokenizer, SETTINGS, training=False)
    texts = [{name: value[1] for name, value in f.items() if name != "passages"} for f in features]
    found = np.array([one[0] for one in model.infer(texts)])
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    inputs = inputs_for(tiny_bert, form)["texts"][1]
    with torch.inference_mode():
        np.testing.assert_allclose(found, form.head.answers(multi.models[0], inputs)[0], atol=1e-5)
    if pooling == "mean":  # what retrieval embeds is what was trained
        encoder = load_encoder(opened(tmp_path / "out"), "last", device())
        np.testing.assert_allclose(encoder.embed(PASSAGES, 24), found, atol=1e-5)
    assert opened(tmp_path / "out").pooler == ("own" if pooling == "pooler" else "fresh")
