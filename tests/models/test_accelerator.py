"""What an accelerator does differently, as far as a CPU can show it."""

from __future__ import annotations

import inspect
import math
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support import families

from harness.models import device as devices
from harness.models import flat, transfer
from harness.models.batching import IGNORED, MORE_TOKENS
from harness.models.budget import FEWEST, MOST, batch_tokens
from harness.models.checkpoint import open_checkpoint
from harness.models.device import GIB, Device, choose_device
from harness.models.flat import FlatBatch
from harness.models.heads import SEQUENCE, TOKENS, mean_of_labels
from harness.models.model import Model, load_encoder
from harness.models.transfer import fetched, in_parts, in_turn, to_device

TEXTS = [
    " ".join(["a cup of tea and a boat on the river"] * (1 + i % 4))[: 5 + 7 * i] for i in range(17)
]
GPU = Device("cuda", "fp32", 1, memory=16)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return families.xlmr(tmp_path / "tiny")


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A GPU that can be chosen: what torch says of it."""
    found = SimpleNamespace(bf16=True, total_memory=int(79.2 * GIB))
    real = torch.empty
    monkeypatch.setattr(torch, "empty", lambda size, device: real(size))
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: found.bf16)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda name: found)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    return found


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Torch's switches, put back as they were."""
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    before = torch.are_deterministic_algorithms_enabled()
    precision = torch.get_float32_matmul_precision()
    yield
    torch.use_deterministic_algorithms(before, warn_only=True)
    torch.set_float32_matmul_precision(precision)


def test_what_a_cpu_puts_into_keys_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither budgets nor deterministic kernels: stores from before there were any stay valid."""
    monkeypatch.setattr(devices, "version_of", lambda package: f"{package} 1")
    for wanted in (False, True):
        for precision, chosen in (("auto", "fp32"), ("fp32", "fp32"), ("bf16", "bf16")):
            device = choose_device("cpu", precision, 3, deterministic=wanted)
            assert device.identity() == {
                "device": "cpu",
                "precision": chosen,
                "threads": 3,
                "torch": "torch 1",
                "transformers": "transformers 1",
            }


def test_auto_is_bf16_where_the_gpu_computes_in_it(gpu: SimpleNamespace) -> None:
    assert choose_device("cuda", "auto", 1).precision == "bf16"
    assert choose_device("cuda", "fp32", 1).precision == "fp32"
    gpu.bf16 = False  # a V100, where torch emulates it
    assert choose_device("cuda", "auto", 1).precision == "fp32"
    assert choose_device("mps", "auto", 1).precision == "fp32"


@pytest.mark.parametrize(
    ("shown", "memory"),
    [(79.2, 64), (79.6, 64), (39.4, 32), (139.8, 128), (15.77, 16), (14.6, 16), (22.0, 16), (0, 0)],
)
def test_memory_is_that_of_the_kind_of_card(
    gpu: SimpleNamespace, shown: float, memory: int
) -> None:
    gpu.total_memory = int(shown * GIB)
    device = choose_device("cuda", "auto", 1, deterministic=True)
    assert device.memory == memory
    assert device.identity()["memory"] == memory
    assert device.identity()["deterministic"] is True
    assert choose_device("cuda", "auto", 1).identity()["deterministic"] is False
    assert choose_device("cpu", "auto", 1).memory == 0


@pytest.mark.parametrize(("wanted", "name"), [(True, "cuda"), (False, "cuda"), (False, "cpu")])
def test_deterministic_kernels_only_where_they_are_wanted(
    wanted: bool, name: str, kernels: None
) -> None:
    on = wanted or name == "cpu"
    torch.use_deterministic_algorithms(not on, warn_only=True)
    torch.set_float32_matmul_precision("high")
    Device(name, "fp32", 1, deterministic=wanted).choose_kernels()
    assert torch.are_deterministic_algorithms_enabled() == on
    assert ("CUBLAS_WORKSPACE_CONFIG" in os.environ) == on
    assert torch.get_float32_matmul_precision() == ("high" if name == "cpu" else "highest")


def test_preparing_a_cpu_changes_no_kernels(kernels: None) -> None:
    threads = torch.get_num_threads()
    for before in (True, False):
        torch.use_deterministic_algorithms(before, warn_only=True)
        Device("cpu", "fp32", threads, deterministic=True).prepare()
        assert torch.are_deterministic_algorithms_enabled() == before
    Device("cuda", "fp32", threads, deterministic=True).prepare()
    assert torch.are_deterministic_algorithms_enabled()


SMALL = SimpleNamespace(hidden_size=384, num_hidden_layers=12, intermediate_size=1536)
LARGE = SimpleNamespace(hidden_size=1024, num_hidden_layers=24, intermediate_size=4096)


def test_the_budget_of_known_cards() -> None:
    sizes = {"small": (SMALL, 118_000_000), "large": (LARGE, 560_000_000)}
    found = {name: [batch_tokens(m, *one) for m in (16, 32, 64)] for name, one in sizes.items()}
    assert found == {"small": [MOST, MOST, MOST], "large": [16_384, MOST, MOST]}
    assert batch_tokens(0, LARGE, 1) == MORE_TOKENS
    assert batch_tokens(1, LARGE, 560_000_000) == FEWEST  # the weights alone are more
    plain = SimpleNamespace(hidden_size=1024, num_hidden_layers=24)
    assert batch_tokens(16, plain, 560_000_000) == 16_384


@given(st.integers(0, 9), st.integers(1, 4096), st.integers(1, 96), st.integers(0, 10**10))
def test_a_budget_is_a_power_of_two_within_bounds(
    power: int, width: int, layers: int, weights: int
) -> None:
    config = SimpleNamespace(hidden_size=width, num_hidden_layers=layers)
    found = batch_tokens(2**power, config, weights)
    assert FEWEST <= found <= MOST
    assert found.bit_count() == 1
    assert found <= batch_tokens(2 ** (power + 1), config, weights)


def test_the_next_batch_is_queued_before_the_last_is_waited_for() -> None:
    seen: list[str] = []

    def begin(item: int) -> list[Any]:
        seen.append(f"begin {item}")
        return [lambda: seen.append(f"wait {item}") or item]

    assert list(in_turn(begin, range(3))) == [0, 1, 2]
    assert seen == ["begin 0", "begin 1", "wait 0", "begin 2", "wait 1", "wait 2"]
    assert list(in_turn(begin, [])) == []


def halves(item: list[int]) -> list[list[int]]:
    middle = len(item) // 2
    return [part for part in (item[:middle], item[middle:]) if part]


@given(st.integers(1, 40), st.integers(1, 8))
def test_batches_are_halved_until_they_fit(count: int, most: int) -> None:
    def begin(item: list[int]) -> Any:
        if len(item) > most:
            raise torch.OutOfMemoryError("full")
        return lambda: item

    parts = [part() for part in in_parts(begin, list(range(count)), halves)]
    assert [i for part in parts for i in part] == list(range(count))
    assert all(len(part) <= most for part in parts)


@pytest.mark.parametrize("error", [RuntimeError("a bug"), MemoryError()])
def test_what_cannot_be_mended_by_halves_is_raised(error: Exception) -> None:
    def begin(item: list[int]) -> Any:
        raise error

    with pytest.raises(type(error)):
        in_parts(begin, [1] if isinstance(error, MemoryError) else [1, 2, 3], halves)


def on_gpu(model: Model, monkeypatch: pytest.MonkeyPatch) -> Model:
    """Return a model that takes its device for a GPU, though tensors stay where they are."""
    monkeypatch.setattr("harness.models.model.to_device", lambda inputs, name: inputs)
    return replace(model, device=GPU)


@pytest.mark.parametrize("full", [False, True], ids=["as planned", "memory runs out"])
def test_embedding_as_on_a_gpu(
    full: bool, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(transfer, "_SAID", set())
    model = load_encoder(
        open_checkpoint(str(path), offline=True), 2, choose_device("cpu", "fp32", 1)
    )
    expected = model.embed(TEXTS, 40)
    other, forward, sizes = on_gpu(model, monkeypatch), model.module.forward, []

    def bounded(input_ids: Any, **more: Any) -> Any:
        sizes.append(input_ids.numel())
        if full and input_ids.numel() > 60:
            raise torch.OutOfMemoryError("full")
        return forward(input_ids, **more)

    monkeypatch.setattr(model.module, "forward", bounded)
    torch.testing.assert_close(
        torch.from_numpy(other.embed(TEXTS, 40)), torch.from_numpy(expected), atol=1e-6, rtol=1e-5
    )
    assert sizes[0] == max(sizes) > 200  # one batch holds all, where a CPU's budget would too
    assert full == (len(sizes) > 1)
    assert caplog.text.count("batches that do not fit are cut in two") == full


@pytest.mark.parametrize("head", [SEQUENCE, TOKENS], ids=["pairs", "tokens"])
def test_inferring_as_on_a_gpu(head: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.models.collator import open_collator
    from harness.models.tokenizer import load_tokenizer

    tokenizer = load_tokenizer(path)
    module = head.build(path, ["a", "b", "c"]).eval()
    collator = open_collator(module, tokenizer, path, head)
    features = [{"input_ids": ids} for ids in tokenizer(TEXTS)["input_ids"]]
    model = Model(module, tokenizer, choose_device("cpu", "fp32", 1), head, collator=collator)
    expected = model.infer(features)
    other, answers = on_gpu(model, monkeypatch), head.answers

    def bounded(self: Any, module: Any, inputs: Any) -> Any:
        if inputs["input_ids"].numel() > 150:
            raise torch.OutOfMemoryError("full")
        return answers(module, inputs)

    monkeypatch.setattr(type(head), "answers", bounded)
    found = other.infer(features)
    for one, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(
            torch.from_numpy(one[0]), torch.from_numpy(wanted[0]), atol=1e-6, rtol=1e-5
        )


def test_copies_to_a_gpu_are_pinned_and_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: seen.append("pinned") or self)
    monkeypatch.setattr(
        torch.Tensor, "to", lambda self, name, **how: seen.append((name, how)) or self
    )
    batch = FlatBatch((3,), (0,))
    inputs = {"input_ids": torch.ones(1, 3), "flat": batch, "share": 0.5}
    assert to_device(inputs, "cpu") is inputs and not seen
    moved = to_device(inputs, "cuda:1")
    assert moved["flat"] is batch and moved["share"] == 0.5
    assert seen == ["pinned", ("cuda:1", {"non_blocking": True})]
    seen.clear()
    to_device(inputs, "mps")
    assert seen == [("mps", {"non_blocking": False})]


def test_where_sentences_lie_is_copied_to_a_device_once() -> None:
    """A list as an index would be copied at each use, and waited for."""
    batch, meta = FlatBatch((4, 2, 2), (1, 0, 2)), torch.device("meta")
    for place in (batch.edges_on, batch.starts_on, batch.order_on):
        assert place(meta).device.type == "meta" and place(meta) is place(meta)
    cpu = torch.device("cpu")
    found = [place(cpu) for place in (batch.edges_on, batch.starts_on, batch.order_on)]
    assert [one.tolist() for one in found] == [[0, 4, 6, 8], [4, 0, 6], [1, 0, 2]]
    assert [one.dtype for one in found] == [torch.int32, torch.int64, torch.int64]


def test_what_is_on_the_device_is_not_copied_again() -> None:
    inputs = to_device({"input_ids": torch.ones(2, 3)}, "meta")
    assert inputs["input_ids"].device.type == "meta"
    assert to_device(inputs, "meta")["input_ids"] is inputs["input_ids"]


def test_answers_of_a_gpu_are_waited_for_only_when_they_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []

    class Event:
        def record(self) -> None:
            seen.append("record")

        def synchronize(self) -> None:
            seen.append("synchronize")

    class OnGpu:
        device = torch.device("cuda")

        def to(self, name: str, *, non_blocking: bool) -> torch.Tensor:
            assert name == "cpu" and non_blocking
            seen.append("copy")
            return torch.tensor([3.0])

    monkeypatch.setattr(torch.cuda, "Event", Event)
    wait = fetched([OnGpu(), OnGpu()])  # type: ignore[list-item]
    assert seen == ["copy", "copy", "record"]
    assert [one.tolist() for one in wait()] == [[3.0], [3.0]]
    assert seen[3:] == ["synchronize"]
    assert [one.tolist() for one in fetched([torch.tensor([1.0])])()] == [[1.0]]
    assert fetched([])() == []


def test_a_mean_over_labels_asks_the_device_nothing() -> None:
    torch.manual_seed(1)
    scores = torch.randn(2, 5, 4, requires_grad=True)
    labels = torch.tensor([[1, IGNORED, 3, 0, IGNORED], [IGNORED, 2, 2, IGNORED, 1]])
    expected = torch.nn.functional.cross_entropy(scores.flatten(0, 1), labels.flatten())
    torch.testing.assert_close(mean_of_labels(scores, labels), expected)
    nothing = mean_of_labels(scores, torch.full((2, 5), IGNORED))
    nothing.backward()
    assert float(nothing.detach()) == 0.0
    assert scores.grad is not None and not scores.grad.any()
    meta = mean_of_labels(scores.to("meta"), labels.to("meta"))  # its numbers cannot be asked for
    assert meta.shape == ()


def varlen_of(seen: list[Any]) -> Any:
    """Return a stand-in for torch's varlen_attn: the same arguments, run by run, on a CPU."""
    from torch.nn.attention.varlen import varlen_attn

    signature = inspect.signature(varlen_attn)

    def standin(*args: Any, **kwargs: Any) -> torch.Tensor:
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        values = given.arguments
        query, key, value = (values[name] for name in ("query", "key", "value"))
        edges = values["cu_seq_q"]
        assert edges.dtype == torch.int32 and edges[0] == 0 and edges[-1] == len(query)
        assert values["cu_seq_k"].equal(edges) and values["window_size"] == (-1, -1)
        assert values["max_q"] == values["max_k"] == int(edges.diff().max())
        assert query.dim() == 3 and all(x.is_contiguous() for x in (query, key, value))
        assert values["enable_gqa"] or query.shape[1] == key.shape[1]
        seen.append(edges)
        parts = []
        for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            q, k, v = (x[start:end].transpose(0, 1).double() for x in (query, key, value))
            k, v = (x.repeat_interleave(len(q) // len(x), 0) for x in (k, v))
            scale = values["scale"] or 1 / math.sqrt(q.shape[-1])
            parts.append(((q @ k.transpose(1, 2) * scale).softmax(-1) @ v).transpose(0, 1))
        return torch.cat(parts).to(query.dtype)

    return standin


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("scaling", [None, 0.3])
def test_varlen_gets_what_torch_takes_and_gives_what_runs_give(
    grouped: bool, scaling: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(3)
    lengths = (7, 7, 4, 1)
    batch = FlatBatch(lengths, (2, 0, 1, 3))
    query = torch.randn(1, 4, sum(lengths), 8)
    key, value = (torch.randn(1, 2 if grouped else 4, sum(lengths), 8) for _ in range(2))
    rows = (query, key, value)
    expected, _ = flat.attend(None, *rows, None, scaling=scaling, flat=batch)
    seen: list[Any] = []
    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", varlen_of(seen))
    monkeypatch.setattr(flat, "_has_varlen", lambda *rows: True)
    found, weights = flat.attend(None, *rows, None, scaling=scaling, flat=batch)
    again, _ = flat.attend(None, *rows, None, scaling=scaling, flat=batch)
    assert weights is None and found.shape == expected.shape
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    assert len(seen) == 2 and seen[0] is seen[1]  # the edges are copied to the device once
    dropped, _ = flat.attend(None, *rows, None, dropout=0.5, scaling=scaling, flat=batch)
    assert len(seen) == 2 and not dropped.equal(again)  # it has no dropout


def test_an_encoder_by_varlen_is_the_encoder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_encoder(
        open_checkpoint(str(path), offline=True), 2, choose_device("cpu", "fp32", 1)
    )
    assert model.batches.flat
    expected = model.embed(TEXTS, 40)
    seen: list[Any] = []
    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", varlen_of(seen))
    monkeypatch.setattr(flat, "_has_varlen", lambda *rows: True)
    torch.testing.assert_close(
        torch.from_numpy(model.embed(TEXTS, 40)), torch.from_numpy(expected), atol=1e-6, rtol=1e-5
    )
    assert seen


def test_varlen_is_taken_only_where_flash_attention_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    able = {"there": True, "capability": (8, 0)}
    monkeypatch.setattr(torch.backends.cuda, "is_flash_attention_available", lambda: able["there"])
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: able["capability"])

    def tensor(kind: torch.dtype, width: int = 64, *, cuda: bool = True) -> Any:
        place = torch.device("cuda", 0) if cuda else torch.device("cpu")
        return SimpleNamespace(is_cuda=cuda, dtype=kind, shape=(1, 4, 9, width), device=place)

    def taken(*rows: Any) -> bool:
        flat._varlen_there.cache_clear()
        return flat._has_varlen(*(rows if len(rows) == 3 else rows * 3))

    half = tensor(torch.bfloat16)
    assert taken(half) and taken(tensor(torch.float16, 256))
    assert not taken(tensor(torch.float32))
    assert not taken(tensor(torch.bfloat16, cuda=False))
    assert not taken(tensor(torch.bfloat16, 20)) and not taken(tensor(torch.bfloat16, 264))
    assert not taken(half, tensor(torch.float32), half)
    able["capability"] = (7, 0)  # a V100
    assert not taken(half)
    able |= {"capability": (9, 0), "there": False}
    assert not taken(half)
    flat._varlen_there.cache_clear()


@pytest.mark.parametrize("line", ["", "deterministic = true\n", "deterministic = false\n"])
def test_a_study_may_ask_for_deterministic_kernels(line: str, tmp_path: Path) -> None:
    from harness.studies.expand import _device
    from harness.studies.study_file import read_study

    file = tmp_path / "one.toml"
    file.write_text(f'benchmark = "mini"\ndevice = "cpu"\n{line}[checkpoints]\ntiny = "x"\n')
    found = _device(read_study(file), 1)
    assert found.deterministic == ("true" in line)
    assert found.precision == "fp32"  # of auto, the default


def test_what_is_asked_for_reaches_the_device(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import harness

    seen: list[Any] = []
    real = devices.choose_device

    def choose(*args: Any, **more: Any) -> Device:
        seen.append((args, more))
        return real(*args, **more)

    monkeypatch.setattr(devices, "choose_device", choose)
    harness.embed(["a boat"], path, device="cpu", deterministic=True, offline=True)
    harness.embed(["a boat"], path, device="cpu", offline=True)
    assert [args[:2] for args, _ in seen] == [("cpu", "auto")] * 2
    assert [more["deterministic"] for _, more in seen] == [True, False]
