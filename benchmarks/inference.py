"""Inference on a CPU against its peers: CPU seconds, side by side in one process, interleaved.

    python benchmarks/inference.py --checkpoint E5 --data DIR [--works embed,xnli,udpos,feed]

``embed`` encodes Tatoeba's sentences, against sentence-transformers' ``encode``: the library if it
is installed, else its steps written out (batches of 32 in order of length, padded, mean of the last
layer). ``xnli`` and ``udpos`` predict under a fresh head, against a transformers pipeline.
``budgets`` runs encoders of random weights and of several widths under several tokens a batch.
``feed`` has no model at all: how many sentences are tokenised and cut into batches.

Each round runs every side once; printed are medians, and medians of the rounds' ratios. ``share``
is the speed of the linear layers, as if they took all the time, over that of a matrix product of
their size in the same rounds.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

WIDTHS = {384: 12, 768: 12, 1024: 16}  # dimensions, and heads
BUDGETS = (256, 512, 1024, 2048)
LONGEST = 128  # tokens of an input
BATCH = 32  # of the peers


@dataclass(frozen=True)
class Side:
    """One of the things that are compared.

    Attributes:
        name: What it is.
        work: Does the whole work once.
        flops: Of its linear layers, for one whole work; 0 where that is not known.
    """

    name: str
    work: Callable[[], Any]
    flops: float = 0.0


def main() -> None:
    """Print the machine, and a table for each work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--works", default="embed,xnli,udpos,budgets,feed")
    parser.add_argument("--examples", type=int, default=240)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    from harness.models.device import choose_device

    options.device = choose_device("cpu", options.precision, options.threads)
    options.device.prepare()
    print(machine(), flush=True)
    works = {"embed": embed, "xnli": predict, "udpos": predict, "budgets": budgets, "feed": feed}
    for name in options.works.split(","):
        sides, count, width = works[name](options, name)
        print(f"\n{name}: {count} examples, {options.precision}, {options.threads} threads\n")
        print(table(sides, count, width, options.rounds), flush=True)


def machine() -> str:
    """Return the CPU, its flags that matter, and the libraries."""
    import torch
    import transformers

    info = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    values = {line.partition("\t")[0].strip(): line.partition(": ")[2] for line in info}
    wanted = ("avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16")
    flags = [flag for flag in wanted if flag in values.get("flags", "").split()]
    libraries = f"torch {torch.__version__}, transformers {transformers.__version__}"
    if importlib.util.find_spec("sentence_transformers"):
        libraries += f", sentence-transformers {version('sentence-transformers')}"
    return (
        f"{values.get('model name')}, family {values.get('cpu family')}, model"
        f" {values.get('model')} ({', '.join(flags)}); {libraries};"
        f" OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', '')}"
    )


def table(sides: Sequence[Side], count: int, width: int, rounds: int) -> str:
    """Run every side in every round, and return a markdown table; ratios are to the first."""
    spent: dict[str, list[float]] = {side.name: [] for side in sides}
    speed = []
    for side in sides:
        side.work()
    for _ in range(rounds):
        speed.append(gemm(width))
        for side in sides:
            start = time.process_time()
            side.work()
            spent[side.name].append(time.process_time() - start)
    lines = ["| side | examples / CPU s | ratio | share |", "|---|---|---|---|"]
    first = spent[sides[0].name]
    for side in sides:
        own = spent[side.name]
        ratio = statistics.median(a / b for a, b in zip(first, own, strict=True))
        each = [side.flops / t / s for t, s in zip(own, speed, strict=True)]
        share = f"{100 * statistics.median(each):.0f} %" if side.flops else ""
        rate = count / statistics.median(own)
        lines.append(f"| {side.name} | {rate:,.1f} | {ratio:.2f} | {share} |")
    lines.append(f"\n(matrix product: {statistics.median(speed) / 1e9:.0f} GFLOP/s)")
    return "\n".join(lines)


def gemm(width: int) -> float:
    """Return the operations a CPU second of a product of 512 tokens by a feed-forward layer."""
    import torch

    states, weight = torch.randn(512, width), torch.randn(width, 4 * width)
    count = max(1, int(2e9 / (8 * 512 * width * width)))
    torch.mm(states, weight)
    start = time.process_time()
    for _ in range(count):
        torch.mm(states, weight)
    return count * 8 * 512 * width * width / (time.process_time() - start)


def linear_flops(model: Any, tokens: int) -> float:
    """Return the operations of an encoder's linear layers for so many tokens."""
    import torch

    from harness.models.cpu_weights import PackedLinear

    kinds = (torch.nn.Linear, PackedLinear)
    sizes = [m.in_features * m.out_features for m in model.modules() if isinstance(m, kinds)]
    pooler = getattr(model.base_model, "pooler", None)  # it works on few tokens
    few = (
        sum(m.in_features * m.out_features for m in pooler.modules() if isinstance(m, kinds))
        if (pooler is not None)
        else 0
    )
    return 2.0 * tokens * (sum(sizes) - few)


def sentences(data: Path, count: int) -> list[str]:
    """Return Tatoeba's sentences in three languages, and longer ones of two each."""
    texts: list[str] = []
    for code in ("de", "ja", "hi"):
        file = data / "tatoeba" / f"{code}-en.{code}"
        texts += file.read_text("utf-8").splitlines()[: count // 4]
    return (
        texts + [f"{a} {b}" for a, b in zip(texts, texts[count // 4 :], strict=False)][: count // 4]
    )


def embed(options: argparse.Namespace, name: str) -> tuple[list[Side], int, int]:
    """Ours against sentence-transformers', the last layer and the seventh of twelve."""
    import numpy as np

    from harness.models.checkpoint import open_checkpoint
    from harness.models.model import load_encoder

    checkpoint = open_checkpoint(str(options.checkpoint), offline=True)
    texts = sentences(options.data, options.examples)
    models = {
        layer: load_encoder(checkpoint, layer, options.device) for layer in ("last", "xtreme")
    }
    padded = load_encoder(checkpoint, "last", options.device)
    padded.collator = replace(padded.batches, flat=False)
    peer = encoder_peer(checkpoint, texts)
    lengths = models["last"].tokenizer(texts, truncation=True, max_length=LONGEST)["input_ids"]
    tokens = sum(map(len, lengths))
    difference = np.abs(peer() - models["last"].embed(texts, LONGEST)).max()
    print(f"\n(largest difference to the peer's embeddings {difference:.1e}; {tokens} tokens)")

    def side(what: str, model: Any) -> Side:
        flops = linear_flops(model.module, tokens)
        return Side(what, lambda: model.embed(texts, LONGEST), flops)

    sides = [
        Side("sentence-transformers' encode", peer, linear_flops(models["last"].module, tokens)),
        side("ours, padded", padded),
        side("ours", models["last"]),
        side(f"ours, hidden state {models['xtreme'].layer}", models["xtreme"]),
    ]
    return sides, len(texts), models["last"].module.config.hidden_size


def encoder_peer(checkpoint: Any, texts: list[str]) -> Callable[[], Any]:
    """Return sentence-transformers' encode, or its steps written out."""
    import numpy as np
    import torch

    from harness.models.model import read_encoder
    from harness.models.tokenizer import load_tokenizer

    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        pass
    else:
        library = SentenceTransformer(str(checkpoint.path), device="cpu")
        library.max_seq_length = LONGEST
        return lambda: library.encode(texts, batch_size=BATCH, normalize_embeddings=True)
    model, tokenizer = read_encoder(checkpoint.path).eval(), load_tokenizer(checkpoint.path)
    order = np.argsort([-len(text) for text in texts])

    def work() -> Any:
        out = np.zeros((len(texts), model.config.hidden_size), dtype=np.float32)
        for start in range(0, len(texts), BATCH):
            some = order[start : start + BATCH]
            inputs = tokenizer(
                [texts[i] for i in some], padding=True, truncation=True, max_length=LONGEST,
                return_tensors="pt",
            )  # fmt: skip
            with torch.no_grad():
                states = model(**inputs).last_hidden_state
                mask = inputs["attention_mask"].unsqueeze(-1).float()
                mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            out[some] = torch.nn.functional.normalize(mean, dim=1).numpy()
        return out

    return work


def predict(options: argparse.Namespace, name: str) -> tuple[list[Side], int, int]:
    """Ours against a transformers pipeline: pairs of XNLI, or words of UD."""
    import transformers

    from harness import registry
    from harness.data.folder import open_folder
    from harness.models.checkpoint import open_checkpoint
    from harness.models.collator import open_collator
    from harness.models.cpu_weights import prepare_weights
    from harness.models.model import Model
    from harness.models.multi_head import build_multi_head
    from harness.models.tokenizer import load_tokenizer
    from harness.recipes import Settings

    task, settings = registry.task(name), Settings(max_length=LONGEST)
    checkpoint = open_checkpoint(str(options.checkpoint), offline=True)
    rows = open_folder(options.data, None).examples(task, "test", "de")
    rows = rows.select(range(min(options.examples, len(rows))))
    tokenizer, form = load_tokenizer(checkpoint.path), task.format
    plain, module = (build_multi_head(checkpoint, [form], 1, {}).models[0].eval() for _ in range(2))
    collator = open_collator(module, tokenizer, checkpoint.path, form.head)
    features = form.encode(rows, tokenizer, settings, training=False)
    tokens = sum(len(feature["input_ids"]) for feature in features)
    flops = linear_flops(plain.base_model, tokens)
    cast = prepare_weights(module, options.device, form.head)
    model = Model(module, tokenizer, options.device, form.head, collator=collator, cast=cast)
    padded = replace(model, collator=replace(collator, flat=False))
    kind = "text-classification" if name == "xnli" else "token-classification"
    pipe = transformers.pipeline(kind, model=plain, tokenizer=tokenizer, device="cpu")
    inputs: list[Any]
    if name == "xnli":
        pairs = zip(rows["sentence1"], rows["sentence2"], strict=True)
        inputs = [{"text": a, "text_pair": b} for a, b in pairs]
    else:
        inputs = [" ".join(words) for words in rows["tokens"]]
    sides = [
        Side("transformers pipeline, batches of 32", lambda: pipe(inputs, batch_size=BATCH), flops),
        Side("transformers pipeline, one by one", lambda: pipe(inputs, batch_size=1), flops),
        Side("ours, padded", lambda: form.predict(padded, {"test": rows}, settings), flops),
        Side("ours", lambda: form.predict(model, {"test": rows}, settings), flops),
    ]
    return sides, len(rows), module.config.hidden_size


def budgets(options: argparse.Namespace, name: str) -> tuple[list[Side], int, int]:
    """Encoders of two layers and random weights, under several tokens a batch."""
    import torch
    import transformers

    from harness.models import model as models
    from harness.models.collator import open_collator
    from harness.models.model import Model
    from harness.models.tokenizer import load_tokenizer

    tokenizer = load_tokenizer(options.checkpoint)
    texts = sentences(options.data, options.examples)
    sides = []

    def side(model: Model, width: int, budget: int, flops: float) -> Side:
        def work() -> None:
            models.INFERENCE_TOKENS["cpu"] = budget
            model.embed(texts, LONGEST)

        return Side(f"{width} dimensions, {budget} tokens a batch", work, flops)

    lengths = tokenizer(texts, truncation=True, max_length=LONGEST)["input_ids"]
    for width, heads in WIDTHS.items():
        torch.manual_seed(1)
        config = transformers.XLMRobertaConfig(
            vocab_size=len(tokenizer), hidden_size=width, num_hidden_layers=2,
            num_attention_heads=heads, intermediate_size=4 * width, pad_token_id=1,
            max_position_embeddings=514, type_vocab_size=1,
        )  # fmt: skip
        encoder = transformers.XLMRobertaModel(config, add_pooling_layer=False).eval()
        collator = open_collator(encoder, tokenizer, options.checkpoint)
        model = Model(encoder, tokenizer, options.device, layer=2, collator=collator)
        flops = linear_flops(encoder, sum(map(len, lengths)))
        sides += [side(model, width, budget, flops) for budget in BUDGETS]
    return sides, len(texts), 768


def feed(options: argparse.Namespace, name: str) -> tuple[list[Side], int, int]:
    """Tokenising alone, as fast as the library can, and up to batches, with no model behind."""
    import torch

    from harness.models.collator import padding_collator
    from harness.models.model import Model
    from harness.models.tokenizer import load_tokenizer

    class Nothing(torch.nn.Module):
        """Gives states of one dimension, all of them 1."""

        config = argparse.Namespace(hidden_size=1)

        def forward(self, input_ids: Any, **_: Any) -> Any:
            return argparse.Namespace(hidden_states={0: torch.ones(*input_ids.shape, 1)})

    tokenizer = load_tokenizer(options.checkpoint)
    texts = sentences(options.data, options.examples) * (10_000 // options.examples + 1)
    collator = replace(padding_collator(tokenizer), flat=True, pad=1)
    model = Model(Nothing(), tokenizer, options.device, layer=0, collator=collator)
    encode = tokenizer.backend_tokenizer.encode_batch_fast
    sides = [
        Side("encode_batch_fast alone", lambda: encode(texts)),
        Side(
            "the tokenizer's call, lists", lambda: tokenizer(texts, truncation=True, max_length=128)
        ),
        Side("ours, to embeddings of nothing", lambda: model.embed(texts, LONGEST)),
    ]
    return sides, len(texts), 384


if __name__ == "__main__":
    main()
