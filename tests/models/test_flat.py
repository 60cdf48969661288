"""Flat batches: what they give is what padded ones give, in answers and in gradients."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support import families

from harness.errors import HarnessError, NotFinite
from harness.models import collator as collators
from harness.models.checkpoint import open_checkpoint
from harness.models.collator import Collator, open_collator, padding_collator
from harness.models.device import choose_device
from harness.models.flat import ATTENTION, FlatBatch, NotFlat, attend, lay_flat
from harness.models.heads import CHOICE, SEQUENCE, SPAN, TOKENS, WORDS, Head
from harness.models.model import Model, load_encoder, read_encoder, retrieval_layer
from harness.models.pooling import PLAIN
from harness.models.tokenizer import load_tokenizer, token_lists

pytestmark = pytest.mark.usefixtures("libraries")

LABELS = {SEQUENCE: ("a", "b", "c"), TOKENS: ("x", "y")}
EVERY = (None, SEQUENCE, TOKENS, SPAN, CHOICE, WORDS)
# the families, and the heads whose batches stay padded: their answers would be others
MAKES: dict[Callable[[Path], Path], tuple[Head | None, ...]] = {
    families.xlmr: (),
    families.bert: (),
    families.one_type: (),
    families.electra: (),
    families.distilbert: (CHOICE,),  # takes no positions of options
    families.albert: (SEQUENCE, CHOICE),  # its pooler takes a vector
    families.eurobert: (SEQUENCE,),  # reads the mean of all tokens
    families.modernbert: EVERY,  # its layers attend within windows
    families.sentencepiece_only: EVERY,  # DeBERTa attends in a way of its own
}
SENTENCES = families.texts()


@pytest.fixture(scope="module", params=MAKES, ids=lambda make: make.__name__)
def made(request, tmp_path_factory):
    """A checkpoint of a family, its tokenizer, and the heads that stay padded."""
    path = request.param(tmp_path_factory.mktemp("family") / request.param.__name__)
    checkpoint = open_checkpoint(str(path), offline=True)
    return checkpoint, load_tokenizer(path, checkpoint.unread), MAKES[request.param]


def built(checkpoint: Any, head: Head | None) -> Any:
    """Return a bare encoder, or a complete model; None where the family has no such head."""
    torch.manual_seed(1)
    if head is None:
        return read_encoder(checkpoint.path).eval()
    try:
        model = head.build(checkpoint.path, LABELS.get(head, ())).eval()
    except ValueError:
        return None
    for parameter in model.parameters():  # fresh ones are so small that most differences vanish
        torch.nn.init.normal_(parameter, std=0.3)
    return model


def some_features(tokenizer: Any, seed: int) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    chosen = [" ".join(draw.sample(SENTENCES, draw.randint(1, 3))) for _ in range(9)]
    batch = tokenizer(chosen, chosen[1:] + chosen[:1], truncation=True, max_length=60)
    return [{name: batch[name][i] for name in batch} for i in range(len(chosen))]


def labelled(head: Head, features: list[dict[str, Any]], collator: Collator) -> dict[str, Any]:
    """Return the inputs of a batch with labels, as training gives them."""
    draw = random.Random(2)
    inputs = collator.inputs(features, by_token=head.by_token)
    if head is SPAN:
        ends = [draw.randrange(len(feature["input_ids"])) for feature in features]
        return inputs | {n: torch.tensor(ends) for n in ("start_positions", "end_positions")}
    if head is CHOICE:
        return inputs | {"labels": torch.tensor([2, 0, 1])}
    if head is SEQUENCE:
        return inputs | {"labels": torch.tensor([draw.randrange(3) for _ in features])}
    labels = [[draw.choice([-100, 0, 1]) for _ in feature["input_ids"]] for feature in features]
    return inputs | {"labels": collator.labels(labels, inputs, features)}


@pytest.mark.parametrize("head", EVERY, ids=lambda head: head.auto if head else "encoder")
def test_flat_batches_give_what_padded_ones_give_or_are_not_used(made, head):
    checkpoint, tokenizer, padded_heads = made
    model = built(checkpoint, head)
    if model is None:
        pytest.skip("the family has no such head")
    flat = open_collator(model, tokenizer, checkpoint.path, head)
    assert flat.flat == (head not in padded_heads)
    if not flat.flat:
        return
    padded = padding_collator(tokenizer)
    features = some_features(tokenizer, 3)
    by_token = head is None or head.by_token
    answers = []
    for one in (flat, padded):
        inputs = one.inputs(features, by_token=by_token)
        with torch.inference_mode():
            outputs = head.answers(model, inputs) if head else [model(**inputs).last_hidden_state]
        if by_token:
            outputs = [
                torch.cat([x[: len(f["input_ids"])] for x, f in zip(rows, features, strict=True)])
                for rows in (one.by_example(output, inputs, len(features)) for output in outputs)
            ]
        answers.append(torch.cat(outputs))
    torch.testing.assert_close(answers[0], answers[1], atol=1e-5, rtol=1e-5)
    assert head is None or len(answers[0].unique()) > 5
    if head is None:
        return
    gradients = []
    for one in (flat, padded):
        model.zero_grad()
        head.loss(model, labelled(head, features, one)).backward()
        gradients.append(
            {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
        )
    assert gradients[0].keys() == gradients[1].keys()
    largest = max(float(g.abs().max()) for g in gradients[1].values())
    assert largest > 1e-4
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(
            gradient, gradients[1][name], atol=1e-4 * largest, rtol=1e-4, msg=name
        )


def test_states_poolings_and_texts_are_those_of_each_sentence_alone(made):
    """Every layer from one pass, with the layers above it taken out."""
    checkpoint, tokenizer, _ = made
    texts = [*SENTENCES[:4], "", SENTENCES[3], "river"]
    whole = read_encoder(checkpoint.path).eval()
    for pooling, tops in zip(PLAIN, ((0, 1, 2), (2,), (1,)), strict=True):
        for top in tops:
            layers = tuple(range(top + 1))
            model = load_encoder(checkpoint, top, choose_device("cpu", "fp32", 1), pooling)
            found = model.embed_layers(texts, 24, layers)
            for row, text in enumerate(texts):
                one = tokenizer([text], truncation=True, max_length=24, return_tensors="pt")
                with torch.inference_mode():
                    states = whole(**one, output_hidden_states=True).hidden_states
                for layer in layers:
                    state = states[layer][0]
                    if pooling == "cls":
                        state = state[:1]
                    elif pooling != "mean" and len(state) > 2:
                        state = state[1:-1]
                    expected = torch.nn.functional.normalize(state.mean(0), dim=-1)
                    torch.testing.assert_close(
                        torch.from_numpy(found[layer][row]), expected, atol=1e-5, rtol=0
                    )


@given(st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=9), min_size=1, max_size=12))
def test_a_flat_batch_holds_every_sentence_once_with_positions_of_its_own(rows):
    from transformers.models.xlm_roberta.modeling_xlm_roberta import XLMRobertaEmbeddings

    features = [{"input_ids": row, "attention_mask": [1] * len(row)} for row in rows]
    for pad in (None, 1):
        inputs = lay_flat(features, ("input_ids", "attention_mask"), pad, by_token=True)
        batch = inputs["flat"]
        assert inputs.keys() == {"input_ids", "position_ids", "flat"}
        assert [x.tolist() for x in batch.of_examples(inputs["input_ids"][0])] == rows
        assert [inputs["input_ids"][0][s] for s in batch.starts] == [row[0] for row in rows]
        assert list(batch.lengths) == sorted(map(len, rows), reverse=True)
        assert sum(run.sentences for run in batch.runs) == len(rows)
        assert len({run.length for run in batch.runs}) == len(batch.runs)
        places = [x.tolist() for x in batch.of_examples(inputs["position_ids"][0])]
        for row, found in zip(rows, places, strict=True):
            number = XLMRobertaEmbeddings.create_position_ids_from_input_ids
            expected = (
                number(torch.tensor([row]), pad)[0].tolist() if pad else list(range(len(row)))
            )
            assert found == expected


@pytest.mark.parametrize(
    ("mask", "more", "said"),
    [
        (torch.ones(1), {}, "a mask of its own"),
        (None, {"is_causal": True}, "causal"),
        (None, {"sliding_window": 64}, "sliding_window"),
        (None, {"position_bias": torch.ones(1)}, "position_bias"),
    ],
)
def test_an_attention_that_is_not_known_is_refused(mask, more, said):
    states = torch.ones(1, 2, 5, 4)
    batch = FlatBatch((3, 2), (0, 1))
    with pytest.raises(NotFlat, match=said):
        attend(torch.nn.Identity(), states, states, states, mask, flat=batch, **more)
    found, _ = attend(torch.nn.Identity(), states, states, states, None, flat=batch, softcap=None)
    assert found.shape == (1, 5, 2, 4)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return families.xlmr(tmp_path_factory.mktemp("xlmr") / "model")


def test_the_reason_for_padding_is_said_once(path, caplog, monkeypatch):
    """Also where an attention gives other answers; found out once for a checkpoint's files."""
    monkeypatch.setattr(collators, "_FOUND", {})
    monkeypatch.setattr(collators, "_SAID", set())
    looks = []
    real = collators._difference
    monkeypatch.setattr(collators, "_difference", lambda *a: looks.append(a) or real(*a))
    tokenizer = load_tokenizer(path)
    assert all(open_collator(read_encoder(path), tokenizer, path).flat for _ in range(2))
    assert len(looks) == 1 and not caplog.records
    (path / "note.txt").write_text("other files, another look")
    monkeypatch.setattr(collators, "lay_flat", shifted)
    with caplog.at_level(logging.WARNING, "harness"):
        assert not any(open_collator(read_encoder(path), tokenizer, path).flat for _ in range(2))
    (record,) = caplog.records
    assert "xlm-roberta: batches are padded, not flat (states differ by" in record.getMessage()
    assert len(looks) == 2


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_number_that_is_not_finite_is_no_agreement(place, path, monkeypatch):
    """In whichever of the three sentences it is."""
    monkeypatch.setattr(collators, "_FOUND", {})
    answers = collators._answers

    def broken(model: Any, collator: Collator, *rest: Any) -> list[torch.Tensor]:
        found = [part.clone() for part in answers(model, collator, *rest)]
        if collator.flat:
            found[place][0, 0] = float("nan")
        return found

    monkeypatch.setattr(collators, "_answers", broken)
    assert not open_collator(read_encoder(path), load_tokenizer(path), path).flat


def test_a_head_that_is_drawn_anew_does_not_decide(path, monkeypatch):
    """Its answers may all be near 0, where rounding is a large share of them."""
    checkpoint, tokenizer = open_checkpoint(str(path), offline=True), load_tokenizer(path)
    for scale in (1.0, 1e-5):
        monkeypatch.setattr(collators, "_FOUND", {})
        model = built(checkpoint, CHOICE)
        with torch.no_grad():
            model.classifier.weight.mul_(scale)
        assert open_collator(model, tokenizer, path, CHOICE).flat


def test_a_model_that_stays_padded_is_left_as_it_was(path, monkeypatch):
    monkeypatch.setattr(collators, "_FOUND", {})
    monkeypatch.setattr(collators, "lay_flat", shifted)
    model = read_encoder(path).train()
    assert not open_collator(model, load_tokenizer(path), path).flat
    assert model.training and model.config._attn_implementation == "sdpa"


def test_short_position_tables_are_looked_at_too(tmp_path):
    path = families.bert(tmp_path / "short", max_position_embeddings=20)
    model = read_encoder(path)
    assert open_collator(model, load_tokenizer(path), path).flat


def test_an_empty_sentence_at_the_end_of_a_flat_batch() -> None:
    features = [{"input_ids": [5, 6, 7]}, {"input_ids": []}]
    inputs = lay_flat(features, ["input_ids"], 1, by_token=True)
    assert inputs["position_ids"].tolist() == [[2, 3, 4]]


def test_layers_that_are_not_there_are_refused(path) -> None:
    checkpoint = open_checkpoint(str(path), offline=True)
    model = load_encoder(checkpoint, 1, choose_device("cpu", "fp32", 1))
    for layers in ([-1], [1, -2], [99]):
        with pytest.raises(HarnessError, match="expected hidden states, numbered from 0"):
            model.embed_layers(["river"], 24, layers)


def shifted(*given: Any, **more: Any) -> dict[str, Any]:
    inputs = lay_flat(*given, **more)
    return inputs | {"position_ids": inputs["position_ids"] + 1}


def test_what_is_saved_says_nothing_of_our_attention(path, tmp_path):
    model = read_encoder(path)
    assert open_collator(model, load_tokenizer(path), path).flat
    assert model.config._attn_implementation == ATTENTION
    model.save_pretrained(tmp_path)
    assert ATTENTION not in (tmp_path / "config.json").read_text()
    assert json.loads((tmp_path / "config.json").read_text())["model_type"] == "xlm-roberta"


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_and_the_order_of_batches_change_nothing(path, threads, monkeypatch):
    """The rows of errors are those of the caller, however batches are sorted and spread."""
    monkeypatch.setattr("harness.models.model.INFERENCE_TOKENS", {"cpu": 40})
    monkeypatch.setattr("harness.models.model.TEXTS_AHEAD", 7)
    checkpoint = open_checkpoint(str(path), offline=True)
    done = []
    model = load_encoder(checkpoint, "last", choose_device("cpu", "fp32", threads))
    model.report = lambda count, total: done.append((count, total))
    try:
        found = model.embed(SENTENCES[:40], 30)
        assert done[-1] == (40, 40) and len(done) > 5
        for row in (0, 17, 39):
            alone = model.embed([SENTENCES[row]], 30)
            torch.testing.assert_close(
                torch.from_numpy(alone[0]), torch.from_numpy(found[row]), atol=1e-6, rtol=0
            )
        word = model.tokenizer(SENTENCES[17])["input_ids"]
        with torch.no_grad():
            model.module.embeddings.word_embeddings.weight[word[1]] = float("nan")
        first = next(
            i
            for i, text in enumerate(SENTENCES[:40])
            if word[1] in model.tokenizer(text)["input_ids"]
        )
        with pytest.raises(NotFinite, match=f"^row {first + 1}: "):
            model.embed(SENTENCES[:40], 30)
    finally:
        torch.set_num_threads(1)


def test_nothing_is_embedded_where_nothing_is_given(path):
    checkpoint = open_checkpoint(str(path), offline=True)
    model = load_encoder(checkpoint, "last", choose_device("cpu", "fp32", 1))
    assert model.embed([], 30).shape == (0, 20)


def test_token_lists_are_the_tokenizer_s(path):
    tokenizer = load_tokenizer(path)
    texts = [*SENTENCES[:20], "", "<pad> river </s>"]
    names = ("input_ids", "token_type_ids", "special_tokens_mask")
    found = token_lists(tokenizer, texts, 9, names)
    batch = tokenizer(
        texts, truncation=True, max_length=9, return_special_tokens_mask=True,
        return_token_type_ids=True,
    )  # fmt: skip
    assert found == {name: batch[name] for name in names}
    assert token_lists(tokenizer, [], 9, names) == {name: [] for name in names}


def test_a_share_of_the_depth_is_a_layer(path):
    checkpoint = replace(open_checkpoint(str(path), offline=True), layers=24)
    assert [retrieval_layer(x, checkpoint) for x in (0.5, 7 / 12, "xtreme", 3, "last")] == [
        12, 14, 14, 3, 24,
    ]  # fmt: skip


@pytest.mark.parametrize("head", [None, SEQUENCE, TOKENS], ids=["encoder", "pairs", "tokens"])
def test_bf16_weights_are_near_and_answers_in_float32(path, head):
    """The encoder is in bf16, and packed where oneDNN takes it; the head is in float32."""
    from harness.models.cpu_weights import prepare_weights

    tokenizer = load_tokenizer(path)
    features = some_features(tokenizer, 5)
    found = []
    for precision in ("fp32", "bf16"):
        device, model = choose_device("cpu", precision, 1), built_like(path, head)
        collator = open_collator(model, tokenizer, path, head)
        cast = prepare_weights(model, device, head)
        assert not cast
        if head is None:
            headed = Model(model, tokenizer, device, layer=2, collator=collator, cast=cast)
            found.append(torch.from_numpy(headed.embed(SENTENCES[:30], 40)))
            continue
        parts = [p for n, p in model.named_parameters() if n.startswith("classifier")]
        assert parts and {p.dtype for p in parts} == {torch.float32}
        headed = Model(model, tokenizer, device, head, collator=collator, cast=cast)
        answers = [torch.from_numpy(x[0]).reshape(-1) for x in headed.infer(features)]
        found.append(torch.cat(answers))
    assert found[0].dtype == found[1].dtype == torch.float32
    assert not found[0].equal(found[1])
    if head is None:
        assert float((found[0] * found[1]).sum(-1).min()) > 0.9995
    else:
        assert float((found[0] - found[1]).abs().max() / found[0].abs().max()) < 0.02


def built_like(path: Path, head: Head | None) -> Any:
    if head is None:
        return read_encoder(path).eval()
    torch.manual_seed(4)
    return head.build(path, LABELS[head]).eval()


def test_packed_layers_give_what_plain_ones_give(path):
    """Where oneDNN packs float32; inference_mode as in use, any number of tokens."""
    from harness.models import cpu_weights

    if not cpu_weights._packs(torch.float32):
        pytest.skip("this torch has no packed linear layers")
    model = read_encoder(path).eval()
    inputs = padding_collator(load_tokenizer(path)).inputs(some_features(load_tokenizer(path), 8))
    with torch.inference_mode():
        expected = model(**inputs).last_hidden_state
        cpu_weights.pack(model)
        found = model(**inputs).last_hidden_state
    packed = [m for m in model.modules() if isinstance(m, cpu_weights.PackedLinear)]
    assert len(packed) >= 12 and not any(type(m) is torch.nn.Linear for m in model.modules())
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
