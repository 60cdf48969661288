"""Pooling by a checkpoint's own modules, against sentence-transformers' steps written out by hand.

The steps are those of its ``Pooling`` and ``Dense``, on padded batches, in plain torch.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from support import families

import harness
from harness.errors import HarnessError
from harness.models.checkpoint import Checkpoint, open_checkpoint
from harness.models.collator import padding_collator
from harness.models.device import choose_device
from harness.models.embeddings import Embeddings
from harness.models.model import Model, load_encoder, read_encoder
from harness.models.pooling import MODES, Pooling, pooled
from harness.models.sentence_modules import ACTIVATIONS, SentenceModules, read_modules
from harness.models.text_batches import sorted_texts
from harness.models.tokenizer import load_tokenizer
from harness.pipeline import plan
from harness.pipeline.steps.embed_step import EmbedStep
from harness.pipeline.steps.encoding import Encoding
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.store.store import Store
from harness.recipes import Settings

pytestmark = pytest.mark.usefixtures("libraries")

CPU = choose_device("cpu", "fp32", 1)
HIDDEN, LENGTH = 20, 30
TEXTS = ["", *families.texts()[:9], "river", families.texts()[3]]
TANH, IDENTITY, RELU, GELU, SIGMOID = ACTIVATIONS.words
ST = "sentence_transformers.models."
FUNCTIONS = {
    TANH: torch.nn.Tanh(),
    IDENTITY: torch.nn.Identity(),
    RELU: torch.nn.ReLU(),
    GELU: torch.nn.GELU(),
    SIGMOID: torch.nn.Sigmoid(),
}


@dataclass(frozen=True)
class Layer:
    """A Dense module: its config, and random weights of the shapes that it says."""

    config: Mapping[str, Any]

    def weights(self) -> dict[str, torch.Tensor]:
        before, after = self.config["in_features"], self.config["out_features"]
        draw = torch.Generator().manual_seed(before + after)
        found = {"linear.weight": torch.randn(after, before, generator=draw)}
        if self.config.get("bias", True):
            found["linear.bias"] = torch.randn(after, generator=draw)
        return found

    def __call__(self, vectors: torch.Tensor) -> torch.Tensor:
        weights = self.weights()
        product = vectors @ weights["linear.weight"].T + weights.get("linear.bias", 0)
        return FUNCTIONS[self.config.get("activation_function", TANH)](product)


def dense(before: int, after: int, **more: Any) -> Layer:
    return Layer({"in_features": before, "out_features": after} | more)


def put(folder: Path, pooling: Any, *after: Layer | str) -> Path:
    """Put modules beside an encoder: Pooling, then Dense layers and others by their type."""
    modules = [("", f"{ST}Transformer"), ("1_Pooling", f"{ST}Pooling")]
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling/config.json").write_text(json.dumps(pooling))
    for number, one in enumerate(after, 2):
        kind = one if isinstance(one, str) else f"{ST}Dense"
        modules.append((f"{number}_{kind.rpartition('.')[2]}", kind))
        if isinstance(one, Layer):
            place = folder / modules[-1][0]
            place.mkdir(exist_ok=True)
            (place / "config.json").write_text(json.dumps(dict(one.config)))
            save_file(one.weights(), place / "model.safetensors", metadata={"format": "pt"})
    listed = [{"idx": i, "name": str(i), "path": p, "type": k} for i, (p, k) in enumerate(modules)]
    (folder / "modules.json").write_text(json.dumps(listed))
    return folder


def modes_of(*names: str) -> dict[str, Any]:
    return {"embedding_dimension": HIDDEN, "pooling_mode": list(names), "include_prompt": True}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random XLM-R without modules."""
    return families.xlmr(tmp_path_factory.mktemp("plain") / "model")


@pytest.fixture
def path(plain: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain, tmp_path / "model"))


@pytest.fixture(scope="module")
def states(plain: Path) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
    """All hidden states of the texts, padded, and their mask."""
    batch = load_tokenizer(plain)(
        TEXTS, padding=True, truncation=True, max_length=LENGTH, return_tensors="pt"
    )
    encoder = read_encoder(plain).eval()
    with torch.inference_mode():
        return encoder(**batch, output_hidden_states=True).hidden_states, batch["attention_mask"]


def by_hand(state: torch.Tensor, mask: torch.Tensor, modes: Sequence[str]) -> torch.Tensor:
    """Return what sentence-transformers' Pooling does with a padded batch."""
    real = mask.unsqueeze(-1).expand(state.size()).float()
    places = torch.arange(1, state.shape[1] + 1)[None, :, None].expand(state.size()).float()
    last = state.shape[1] - 1 - mask.flip(1).max(1).indices
    found = {
        "cls": state[:, 0],
        "max": state.masked_fill(real == 0, -1e9).max(1).values,
        "mean": (state * real).sum(1) / real.sum(1),
        "mean_sqrt_len_tokens": (state * real).sum(1) / torch.sqrt(real.sum(1)),
        "weightedmean": (state * real * places).sum(1) / (real * places).sum(1),
        "lasttoken": torch.gather(state, 1, last[:, None, None].expand(-1, 1, HIDDEN)).squeeze(1),
    }
    return torch.cat([found[mode] for mode in modes], 1)


def unit(vectors: torch.Tensor) -> torch.Tensor:
    return vectors / vectors.norm(dim=-1, keepdim=True)


def look(path: Path) -> Checkpoint:
    return open_checkpoint(str(path), offline=True)


def both_ways(path: Path, layer: int | str = "last") -> Iterator[np.ndarray]:
    """Yield the embeddings of the texts from flat batches, then from padded ones."""
    model = load_encoder(look(path), layer, CPU, "own")
    assert model.batches.flat
    yield model.embed(TEXTS, LENGTH)
    model.collator = padding_collator(model.tokenizer)
    yield model.embed(TEXTS, LENGTH)


def check(path: Path, expected: torch.Tensor, layer: int | str = "last") -> None:
    for found in both_ways(path, layer):
        torch.testing.assert_close(torch.from_numpy(found), expected, atol=2e-6, rtol=1e-5)


# -- as sentence-transformers ----------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_each_mode(path: Path, states: Any, mode: str) -> None:
    """As newer versions write it, and as older ones do."""
    (*_, state), mask = states
    expected = unit(by_hand(state, mask, [mode]))
    check(put(path, modes_of(mode)), expected)
    for other in MODES.keys() - {mode}:
        same = torch.allclose(unit(by_hand(state, mask, [other])), expected, atol=1e-3)
        assert same == ({mode, other} == {"mean", "mean_sqrt_len_tokens"})  # of one direction
    ending = {"cls": "_token", "max": "_tokens", "mean": "_tokens"}.get(mode, "")
    ending = "_tokens" if mode == "weightedmean" else ending
    flag = {f"pooling_mode_{mode}{ending}": True}
    put(path, {"word_embedding_dimension": HIDDEN, "pooling_mode_mean_tokens": False} | flag)
    assert read_modules(path).modes == (mode,)


def test_several_modes_are_concatenated_in_the_order_of_sentence_transformers(
    path: Path, states: Any
) -> None:
    (*_, state), mask = states
    flags = {
        "pooling_mode_lasttoken": True,  # not the order in the file
        "pooling_mode_weightedmean_tokens": True,
        "pooling_mode_mean_sqrt_len_tokens": True,
        "pooling_mode_mean_tokens": True,
        "pooling_mode_max_tokens": True,
        "pooling_mode_cls_token": True,
        "word_embedding_dimension": HIDDEN,
    }
    expected = unit(by_hand(state, mask, list(MODES)))
    assert expected.shape == (len(TEXTS), 6 * HIDDEN)
    check(put(path, flags), expected)
    check(put(path, modes_of("mean", "cls")), unit(by_hand(state, mask, ["mean", "cls"])))


def test_without_a_mode_it_is_the_mean(path: Path, states: Any) -> None:
    (*_, state), mask = states
    put(path, {"word_embedding_dimension": HIDDEN, "pooling_mode_mean_tokens": False})
    assert read_modules(path).modes == ("mean",)
    put(path, {"word_embedding_dimension": HIDDEN})
    check(path, unit(by_hand(state, mask, ["mean"])))


@pytest.mark.parametrize("activation", ACTIVATIONS.words)
def test_a_dense_layer_with_each_activation(path: Path, states: Any, activation: str) -> None:
    (*_, state), mask = states
    layer = dense(HIDDEN, 7, activation_function=activation)
    check(put(path, modes_of("cls"), layer), unit(layer(by_hand(state, mask, ["cls"]))))


def test_several_layers_one_after_the_other(path: Path, states: Any) -> None:
    """Normalize counts between them: the bias is added to a vector of length 1."""
    (*_, state), mask = states
    first = dense(2 * HIDDEN, 11, bias=False, activation_function=IDENTITY)
    second = dense(11, 5, module_input_name="sentence_embedding", module_output_name=None)
    put(path, modes_of("max", "cls"), first, f"{ST}Normalize", second)
    vectors = first(by_hand(state, mask, ["max", "cls"]))
    check(path, unit(second(unit(vectors))))
    assert not torch.allclose(unit(second(unit(vectors))), unit(second(vectors)), atol=1e-2)


@pytest.mark.parametrize("layer", [0, 1])
def test_the_layer_that_is_asked_for_is_pooled(path: Path, states: Any, layer: int) -> None:
    every, mask = states
    one = dense(HIDDEN, 6)
    put(path, modes_of("mean"), one)
    check(path, unit(one(by_hand(every[layer], mask, ["mean"]))), layer)


def test_all_layers_from_one_pass(path: Path, states: Any) -> None:
    every, mask = states
    one = dense(HIDDEN, 6)
    model = load_encoder(look(put(path, modes_of("lasttoken"), one)), "last", CPU, "own")
    for layer, found in model.embed_layers(TEXTS, LENGTH, [0, 1, 2]).items():
        expected = unit(one(by_hand(every[layer], mask, ["lasttoken"])))
        torch.testing.assert_close(torch.from_numpy(found), expected, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_dense_weights_of_other_precisions_are_read_as_float32(
    path: Path, states: Any, kind: torch.dtype
) -> None:
    (*_, state), mask = states
    layer = dense(HIDDEN, 7, activation_function=IDENTITY)
    put(path, modes_of("mean"), layer)
    rounded = {name: tensor.to(kind) for name, tensor in layer.weights().items()}
    save_file(rounded, path / "2_Dense/model.safetensors")
    weight, bias = (rounded[f"linear.{name}"].float() for name in ("weight", "bias"))
    check(path, unit(by_hand(state, mask, ["mean"]) @ weight.T + bias))


def test_in_bf16_the_encoder_alone_is_rounded(path: Path) -> None:
    """Pooling and Dense are in float32, on the states that the bf16 encoder gives."""
    layer = dense(HIDDEN, 7, activation_function=IDENTITY)
    put(path, modes_of("mean", "max"), dense(2 * HIDDEN, HIDDEN), layer)
    device = choose_device("cpu", "bf16", 1)
    model = load_encoder(look(path), "last", device, "own")
    found = torch.from_numpy(model.embed(TEXTS, LENGTH))
    seen: list[torch.Tensor] = []
    for text in TEXTS:
        batch = model.tokenizer([text], truncation=True, max_length=LENGTH, return_tensors="pt")
        with torch.inference_mode():
            state = model.module(**batch, output_hidden_states=[2]).hidden_states[2].float()
        vectors = by_hand(state, batch["attention_mask"], ["mean", "max"])
        seen.append(layer(dense(2 * HIDDEN, HIDDEN)(vectors)))
    cosines = (found * unit(torch.cat(seen))).sum(-1)
    assert cosines.min() > 0.999  # batches of other lengths are rounded elsewhere
    exact = next(both_ways(path))
    assert (found * torch.from_numpy(exact)).sum(-1).min() > 0.99
    assert found.dtype == torch.float32 and not torch.equal(found, torch.from_numpy(exact))


def test_dense_layers_stay_in_float32_under_autocast(path: Path) -> None:
    put(path, modes_of("mean"), dense(HIDDEN, 7))
    how = read_modules(path).load(HIDDEN, "cpu")
    state = torch.randn(3, 5, HIDDEN, generator=torch.Generator().manual_seed(0))
    texts = sorted_texts([0, 1, 2], {"input_ids": [[1] * 5] * 3})
    inputs = {"attention_mask": torch.ones(3, 5)}
    expected = pooled(state, inputs, texts, how)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(pooled(state, inputs, texts, how), expected)


def test_a_text_without_tokens_has_no_vector() -> None:
    for modes in (("cls",), ("max", "lasttoken")):
        found = Pooling(modes).vectors(torch.zeros(2, 0, 4), None)
        assert found.shape == (2, 4 * len(modes)) and bool(found.isnan().all())


# -- where it is used ------------------------------------------------------------------------------


def test_embed_takes_it(path: Path, states: Any) -> None:
    (*_, state), mask = states
    layer = dense(HIDDEN, 7)
    put(path, modes_of("weightedmean"), layer)
    found = harness.embed(TEXTS, path, pooling="own", max_length=LENGTH, device="cpu", threads=1)
    expected = unit(layer(by_hand(state, mask, ["weightedmean"])))
    torch.testing.assert_close(torch.from_numpy(found), expected, atol=2e-6, rtol=1e-5)
    assert harness.embed([], path, pooling="own", device="cpu").shape == (0, 7)


class Given:
    """The texts of this page as a step reads them."""

    def identity(self) -> Mapping[str, Any]:
        return {"texts": TEXTS}

    def read(self, runtime: Runtime) -> Iterator[str]:
        yield from TEXTS


def test_its_own_length_bounds_the_tokens(path: Path) -> None:
    put(path, modes_of("mean"))
    (path / "sentence_bert_config.json").write_text('{"max_seq_length": 8}')
    long = " ".join(["a long sentence that goes on"] * 9)
    options: Any = {"pooling": "own", "layer": "last", "device": "cpu"}
    short, cut = (harness.embed([long], path, max_length=n, **options) for n in (512, 8))
    assert np.array_equal(short, cut)
    (path / "sentence_bert_config.json").unlink()
    assert not np.allclose(cut, harness.embed([long], path, max_length=512, **options))


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ('{"do_lower_case": true}', "do_lower_case is True; pooling own leaves case"),
        ('{"max_seq_length": "long"}', "max_seq_length is 'long'; expected a whole number"),
        ('{"max_seq_length": 1}', "max_seq_length is 1; expected a whole number from 8"),
    ],
)
def test_settings_that_it_cannot_follow_are_refused(path: Path, config: str, said: str) -> None:
    put(path, modes_of("mean"))
    (path / "sentence_bert_config.json").write_text(config)
    with pytest.raises(HarnessError, match="sentence_bert_config.json: " + said):
        harness.embed(["one"], path, pooling="own", layer="last", device="cpu")


def step_of(path: Path, pooling: str) -> Any:
    wanted = plan.of_retrieval(Settings(pooling=pooling, max_length=LENGTH), look(path))
    return EmbedStep(name="embed", texts=Given(), encoding=Encoding(look(path), wanted, CPU))


def test_steps_have_other_keys_with_other_modules(path: Path) -> None:
    put(path, modes_of("mean"), dense(HIDDEN, 7))
    keys = {step_of(path, pooling).key for pooling in ("mean", "cls", "own")}
    assert len(keys) == 3
    weights = path / "2_Dense/model.safetensors"
    raw = weights.read_bytes()
    weights.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    keys.add(step_of(path, "own").key)
    put(path, modes_of("max"), dense(HIDDEN, 7))
    keys.add(step_of(path, "own").key)
    assert len(keys) == 5


def test_a_trained_encoder_is_pooled_by_the_modules_it_began_with(
    path: Path, plain: Path, states: Any, tmp_path: Path
) -> None:
    """A training step writes an encoder without modules."""
    (*_, state), mask = states
    layer = dense(HIDDEN, 7)
    put(path, modes_of("mean"), layer)
    step = step_of(path, "own")
    runtime = Runtime(Store(tmp_path / "store"), harness.Folder(tmp_path), CPU)
    (tmp_path / "out").mkdir()
    step.run(tmp_path / "out", (plain,), runtime)
    found = Embeddings.open([tmp_path / "out"], CPU).embed(TEXTS, LENGTH)
    expected = unit(layer(by_hand(state, mask, ["mean"])))
    torch.testing.assert_close(torch.from_numpy(found), expected, atol=2e-6, rtol=1e-5)


def test_the_plan_offers_it_and_is_silent_when_it_is_used(path: Path) -> None:
    checkpoint = look(put(path, modes_of("cls") | {"pooling_mode": "cls"}, dense(HIDDEN, 7)))
    first, second = plan._pooling_notes(checkpoint, Settings(pooling="mean"))
    assert first == "model: mean-pooled; its 1_Pooling says cls (pooling own in the recipe)"
    assert second.endswith("left out: 2_Dense (pooling own in the recipe)")
    assert plan._pooling_notes(checkpoint, Settings(pooling="own")) == []


# -- refused ---------------------------------------------------------------------------------------


def listing(path: Path, entries: Any) -> None:
    (path / "modules.json").write_text(json.dumps(entries))


def modules(*types: str) -> list[dict[str, str]]:
    return [{"type": kind, "path": f"{i}_x" if i else ""} for i, kind in enumerate(types)]


def put_nan(path: Path, value: float) -> None:
    weights = dense(HIDDEN, 7).weights()
    weights["linear.weight"][2, 3] = value
    save_file(weights, path / "2_Dense/model.safetensors")


def whole_numbers(path: Path) -> None:
    weights = {name: tensor.long() for name, tensor in dense(HIDDEN, 7).weights().items()}
    save_file(weights, path / "2_Dense/model.safetensors")


def pickled(path: Path) -> None:
    (path / "2_Dense/model.safetensors").unlink()
    torch.save(dense(HIDDEN, 7).weights(), path / "2_Dense/pytorch_model.bin")


def cut(path: Path) -> None:
    weights = path / "2_Dense/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9])


def cyclic(path: Path) -> None:
    weights = path / "2_Dense/model.safetensors"
    weights.unlink()
    weights.symlink_to(weights)


def text(name: str, written: str) -> Callable[[Path], Any]:
    return lambda path: (path / name).write_text(written)


def dense_says(**more: Any) -> Callable[[Path], Any]:
    config = dict(dense(HIDDEN, 7).config) | more
    return text("2_Dense/config.json", json.dumps(config))


def pooling_says(**more: Any) -> Callable[[Path], Any]:
    return text("1_Pooling/config.json", json.dumps({"word_embedding_dimension": HIDDEN} | more))


T, P, D = (f"{ST}{kind}" for kind in ("Transformer", "Pooling", "Dense"))
REFUSED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no modules": (
        lambda path: (path / "modules.json").unlink(),
        "no modules.json.*choose another",
    ),
    "no list": (lambda path: listing(path, {"a": 1}), "begins with nothing"),
    "nothing in it": (lambda path: listing(path, []), "begins with nothing"),
    "no pooling": (lambda path: listing(path, modules(T)), "begins with .*Transformer"),
    "wrong order": (lambda path: listing(path, modules(T, D, P)), "begins with .*Dense"),
    "others' code": (lambda path: listing(path, modules(T, "my.Pooling")), "begins with .*my.Pool"),
    "many": (lambda path: listing(path, modules(*[T] * 21)), "21 modules; expected 20"),
    "above": (lambda path: listing(path, [{"type": P, "path": "../x"}]), "is no module of the fo"),
    "absolute": (lambda path: listing(path, [{"type": P, "path": "/etc"}]), "is no module of the"),
    "at home": (
        lambda path: listing(path, [{"type": T, "path": ""}, {"type": P, "path": ""}]),
        "has no folder of its own",
    ),
    "pooling's file": (lambda path: (path / "1_Pooling/config.json").unlink(), "no such file"),
    "pooling no JSON": (text("1_Pooling/config.json", "{"), "1_Pooling/config.json:1: no valid"),
    "pooling no object": (text("1_Pooling/config.json", "[]"), "holds no object"),
    "mode": (pooling_says(pooling_mode="median"), "pooling_mode = 'median'; expected one of cls"),
    "modes": (pooling_says(pooling_mode=[]), r"pooling_mode = \[\]"),
    "mode's type": (pooling_says(pooling_mode=[["mean"]]), r"pooling_mode = \[\['mean'\]\]"),
    "many modes": (pooling_says(pooling_mode=["mean"] * 7), "pooling_mode = "),
    "flag": (pooling_says(pooling_mode_cls_token="yes"), "cls_token = 'yes'; expected true or"),
    "unknown flag": (pooling_says(pooling_mode_attention=True), "pooling_mode_attention' is not"),
    "huge": (pooling_says(word_embedding_dimension=10**30), "word_embedding_dimension = 10"),
    "wide": (pooling_says(word_embedding_dimension=10**6), "dimension = 1000000; expected"),
    "negative": (pooling_says(word_embedding_dimension=-1), "word_embedding_dimension = -1"),
    "no number": (pooling_says(word_embedding_dimension="20"), "dimension = '20'; expected a w"),
    "true": (pooling_says(word_embedding_dimension=True), "dimension = True; expected a whole"),
    "no width": (
        text("1_Pooling/config.json", "{}"),
        "no word_embedding_dimension; expected a whole",
    ),
    "infinite": (text("1_Pooling/config.json", '{"a": 1e999}'), "expected a finite number"),
    "another width": (dense_says(in_features=21), "in_features = 21, but .* gives 20"),
    "another result": (dense_says(out_features=8), r"'linear.weight': \[7, 20\].*\[8, 20\]"),
    "huge result": (dense_says(out_features=2**31), "out_features = 2147483648; expected"),
    "fraction": (dense_says(out_features=7.0), "out_features = 7.0; expected a whole number"),
    "bias": (dense_says(bias=False), "linear.bias"),
    "bias' type": (dense_says(bias=1), "bias = 1; expected true or false"),
    "activation": (dense_says(activation_function="os.system"), "'os.system'; expected one of t"),
    "softmax": (dense_says(activation_function="torch.nn.Softmax"), "torch.nn.Softmax'; expected"),
    "input": (dense_says(module_input_name="token_embeddings"), "module_input_name = 'token_emb"),
    "output": (dense_says(module_output_name="other"), "module_output_name = 'other'; expected"),
    "residual": (dense_says(use_residual=True), "use_residual is not known"),
    "dense's file": (lambda path: (path / "2_Dense/config.json").unlink(), "no such file"),
    "pickle": (pickled, r"no such file \(a pickle can run code.*from sentence_transformers import"),
    "no weights": (lambda path: (path / "2_Dense/model.safetensors").unlink(), "convert the check"),
    "itself": (cyclic, "2_Dense/model.safetensors: no such file"),
    "cut": (cut, "but its header says"),
    "no safetensors": (text("2_Dense/model.safetensors", "{}" * 99), "no safetensors file"),
}
BROKEN: dict[str, tuple[Callable[[Path], Any], str]] = {
    "NaN": (lambda path: put_nan(path, float("nan")), "linear.weight is not of finite numbers"),
    "infinite": (lambda path: put_nan(path, float("inf")), "linear.weight is not of finite"),
    "whole numbers": (whole_numbers, "linear.* is not of finite numbers"),
    "another encoder's": (
        lambda path: put(path, modes_of("mean") | {"embedding_dimension": 24}),
        "pools 24 dimensions, but the encoder has 20",
    ),
}


def refusal(call: Callable[[], Any], expected: str) -> str:
    with pytest.raises(HarnessError, match=expected) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message and len(message) < 600
    return message


@pytest.mark.parametrize("name", REFUSED)
def test_broken_modules_are_refused_before_any_work(path: Path, name: str) -> None:
    put(path, modes_of("mean"), dense(HIDDEN, 7))
    read_modules(path)
    change, expected = REFUSED[name]
    change(path)
    assert refusal(lambda: read_modules(path), expected).startswith(str(path))


@pytest.mark.parametrize("name", BROKEN)
def test_broken_weights_are_refused_when_they_are_loaded(path: Path, name: str) -> None:
    put(path, modes_of("mean"), dense(HIDDEN, 7))
    checkpoint = look(path)
    load_encoder(checkpoint, 0, CPU, "own")
    change, expected = BROKEN[name]
    change(path)
    read_modules(path)
    refusal(lambda: load_encoder(checkpoint, 0, CPU, "own"), expected)


@pytest.mark.parametrize("kind", ["LayerNorm", "Dropout", "Pooling", "Transformer"])
def test_other_modules_are_named(path: Path, kind: str) -> None:
    put(path, modes_of("mean"), f"{ST}{kind}")
    message = refusal(lambda: read_modules(path), f"models.{kind}' in '2_{kind}' is not known")
    assert "choose another pooling" in message


def test_a_plan_refuses_and_names_another_pooling(path: Path) -> None:
    refusal(
        lambda: plan.of_retrieval(Settings(pooling="own"), look(path)),
        r"no modules.json.*\(mean, mean-without-specials, cls\)",
    )
    assert plan.of_retrieval(Settings(), look(path)).pooling == "mean"


KEYS = ["in_features", "out_features", "bias", "activation_function", "embedding_dimension"]
KEYS += ["pooling_mode", "pooling_mode_cls_token", "module_output_name", "use_residual"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([TANH, "mean", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.sampled_from(["1_Pooling", "2_Dense"]), st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_whatever_a_config_says_it_is_understood_or_refused(
    path: Path, folder: str, changes: dict[str, Any]
) -> None:
    good = put(path, modes_of("mean"), dense(HIDDEN, 7))
    file = good / folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    try:
        found = read_modules(path)
    except HarnessError:
        return
    assert isinstance(found, SentenceModules) and found.output == 7
    assert isinstance(found.load(HIDDEN, "cpu"), Pooling)


def test_a_model_without_modules_is_as_before(plain: Path, states: Any) -> None:
    (*_, state), mask = states
    for pooling in ("mean", "cls"):
        model: Model = load_encoder(replace(look(plain), name="x"), "last", CPU, pooling)
        expected = unit(by_hand(state, mask, [pooling]))
        found = torch.from_numpy(model.embed(TEXTS, LENGTH))
        torch.testing.assert_close(found, expected, atol=2e-6, rtol=1e-5)
