"""Neighbours and mining: one pass against faiss searched twice and others, in one process.

    python benchmarks/neighbours.py [--sizes 10000x1024,10000x384] [--left E.npy --right F.npy]
        [--large] [--bf16] [--all-threads] [--json FILE]

CPU seconds, interleaved, medians of several rounds; ratios are medians of the rounds' ratios. The
rows are random, half of them translations of one another, or embeddings that are given. The speed
of the blocks' products is measured within the same runs; shares are the parts of a row's time.
sentence-transformers and mteb are timed where they are installed (the extra "benchmarks").
Ratios say nothing of other kinds of CPU: bfloat16 is only quick where the flags name it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import faiss
import numpy as np
import torch
from support import mining_loops

from harness.models.device import cores
from harness.search import BothWays, blocks, faiss_index, nearest_both
from harness.search.matching import one_to_one
from harness.search.mining import Mining, mine
from harness.search.threshold import fit_threshold
from harness.search.top_k import Groups, TopK

Rows = Any
K = 4
BUCC = {  # sentences of the training sets, the foreign language's and English; from memory
    "de": (413_869, 399_337),
    "fr": (369_810, 271_874),
    "ru": (558_401, 460_853),
    "zh": (94_637, 88_860),
}


@dataclass
class Parts:
    """Measures the CPU seconds of the parts of a search; for one thread.

    Attributes:
        product: Of the block products.
        maxima: Of the maxima of groups, both directions'.
        merging: Of reading groups above the floor, and merging what is found.
    """

    product: float = 0.0
    maxima: float = 0.0
    merging: float = 0.0

    @contextmanager
    def counted(self, part: str) -> Iterator[None]:
        """Add the CPU seconds of a block, or of all calls of what this decorates."""
        start = time.process_time()
        yield
        setattr(self, part, getattr(self, part) + time.process_time() - start)

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Count the parts of the searches within."""
        real = blocks.product

        def product(right: torch.Tensor, height: int) -> Callable[[torch.Tensor], torch.Tensor]:
            with self.counted("product"):
                times = real(right, height)
            return self.counted("product")(times)

        with (
            patch.object(blocks, "product", product),
            patch.object(Groups, "of", self.counted("maxima")(Groups.of)),
            patch.object(TopK, "offer", self.counted("merging")(TopK.offer)),
        ):
            yield


@dataclass
class Timed:
    """What the rounds of one row of the table took."""

    seconds: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    parts: list[Parts] = field(default_factory=list)
    answer: Any = None


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000x1024,10000x384")
    parser.add_argument("--left", type=Path)
    parser.add_argument("--right", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", action="store_true", help="40,000 x 1,024, and memory at 50,000")
    parser.add_argument("--bf16", action="store_true", help="the filter, too")
    parser.add_argument("--all-threads", action="store_true")
    parser.add_argument("--matching", type=int, default=300_000, help="sentences; 0 for none")
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--memory", default="", help="the work of this process: HOW ROWS DIMENSIONS"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.memory:
        how, count, width = options.memory.split()
        print(json.dumps(memory_above(how, int(count), int(width))))
        return
    facts = machine()
    print("\n".join(f"{name}: {value}" for name, value in facts.items()))
    tables: list[dict[str, Any]] = []
    sizes = [size for size in options.sizes.split(",") if size]
    sizes += ["40000x1024"] if options.large else []
    for size in [] if options.left else sizes:
        count, width = map(int, size.split("x"))
        rounds = 1 if count > 20_000 else options.rounds
        tables += compare(size, *translations(count, width), options, rounds)
    if options.left:
        given = np.load(options.left), np.load(options.right)
        tables += compare("given", *given, options, options.rounds)
    extrapolate(tables)
    if options.matching:
        tables += matching(options.matching, options.rounds)
    if options.large:
        tables += memory(options.bf16)
    if options.json:
        options.json.write_text(json.dumps({"machine": facts, "rows": tables}, indent=1))


def machine() -> dict[str, str]:
    """Return what a ratio depends on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    info = dict(line.replace("\t", "").split(": ", 1) for line in lines[:27] if ": " in line)
    wanted = "avx2 fma avx512f avx512_vnni avx512_bf16 amx_bf16".split()
    modules = "sentence_transformers", "mteb"
    peers = [f"{name} {version(name)}" for name in modules if importlib.util.find_spec(name)]
    name, family = info.get("model name"), info.get("cpu family")
    return {
        "CPU": f"{name}, family {family} model {info.get('model')}",
        "flags": " ".join(flag for flag in wanted if flag in info.get("flags", "").split()),
        "cores": f"{cores()}, load {os.getloadavg()[0]:.1f}",
        "torch": f"{torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, "
        f"product by {product_by()}",
        "faiss": f"{faiss.__version__}, OpenBLAS {faiss_index.blas_kernel()}, OPENBLAS_CORETYPE="
        f"{os.environ.get('OPENBLAS_CORETYPE', '')}",
        "others": ", ".join(peers) or "not installed",
    }


def product_by() -> str:
    """Return what multiplies blocks of float32 on this CPU."""
    if blocks.prefers_onednn():
        return "oneDNN"
    return f"numpy {np.__version__} (OpenBLAS)" if blocks.prefers_numpy() else "torch.mm"


def translations(count: int, width: int) -> tuple[Rows, Rows]:
    """Return rows that all lie to one side, half of them with a translation."""
    draw = np.random.default_rng(count + width)
    left = draw.standard_normal((count, width), np.float32) + 1
    right = draw.standard_normal((count, width), np.float32) + 1
    right[: count // 2] = left[: count // 2] + 0.6 * (right[: count // 2] - 1)
    draw.shuffle(right)
    return tuple(side / np.linalg.norm(side, axis=1, keepdims=True) for side in (left, right))


def compare(
    name: str, left: Rows, right: Rows, options: argparse.Namespace, rounds: int
) -> list[dict[str, Any]]:
    """Time every way on the same rows; print and return the table."""
    works: dict[str, Callable[[], Any]] = {
        "faiss flat, twice": lambda: faiss_twice(left, right),
        "ours, fp32": lambda: nearest_both(left, right, K, how="fp32", threads=1),
    }
    if rounds > 1:
        works["XTREME's procedure, mined"] = lambda: xtreme_mine(left, right)
        works["ours, fp32, mined"] = lambda: mine(left, right, Mining(K), how="fp32", threads=1)
    if options.bf16 and rounds > 1:
        works["ours, bf16 filter"] = lambda: nearest_both(left, right, K, how="bf16", threads=1)
    peers = others(left, right) if rounds > 1 else {}
    works |= peers
    if options.all_threads:
        works[f"faiss flat, twice, {cores()} threads"] = lambda: faiss_twice(left, right, cores())
        works[f"ours, fp32, {cores()} threads"] = lambda: nearest_both(
            left, right, K, how="fp32", threads=cores()
        )
    found = {label: Timed() for label in works}
    for _ in range(rounds):
        for label, work in works.items():
            if "bf16" in label and found[label].seconds:
                continue  # once: without instructions for it, it is slow
            wall, start = time.perf_counter(), time.process_time()
            if "threads" in label:
                found[label].answer = work()
            else:
                with (parts := Parts()).measured():
                    found[label].answer = work()
                found[label].parts.append(parts)
            found[label].seconds.append(time.process_time() - start)
            found[label].wall.append(time.perf_counter() - wall)
    check(found, peers)
    operations = 2 * len(left) * len(right) * left.shape[1]
    return [row(name, label, found, operations) for label in works]


def row(name: str, label: str, found: dict[str, Timed], operations: int) -> dict[str, Any]:
    """Print and return one row."""
    one = found[label]
    against = found[
        "XTREME's procedure, mined"
        if "mined" in label
        else f"faiss flat, twice, {cores()} threads"
        if "threads" in label
        else "faiss flat, twice"
    ]
    pairs = zip(against.seconds, one.seconds, strict=False)
    ours = found["ours, fp32"].seconds
    facts: dict[str, Any] = {
        "size": name,
        "work": label,
        "cpu_seconds": median(one.seconds),
        "wall_seconds": median(one.wall),
        "ratio": median(a / b for a, b in pairs),
        "times_ours": median(a / b for a, b in zip(one.seconds, ours, strict=False)),
    }
    if one.parts and one.parts[0].product:
        for part in ("product", "maxima", "merging"):
            each = zip(one.parts, one.seconds, strict=True)
            facts[f"{part}_share"] = median(getattr(p, part) / s for p, s in each)
        facts["product_gflops"] = operations / median(p.product for p in one.parts) / 1e9
    if isinstance(one.answer, BothWays):
        facts["fallen"] = one.answer.facts.fallen
    cells = [f"{v:.2f}" if isinstance(v, float) else f"{v}" for v in facts.values()]
    print("| " + " | ".join(f"{key} {cell}" for key, cell in zip(facts, cells, strict=True)) + " |")
    return facts


def check(found: dict[str, Timed], others: Collection[str]) -> None:
    """Refuse times of wrong answers: all neighbours are faiss's but for ties."""
    (ahead, _), (back, _) = found["faiss flat, twice"].answer
    for label, one in found.items():
        if isinstance(one.answer, BothWays):
            assert np.abs(one.answer.forward.scores - ahead).max() < 2e-6, label
            assert np.abs(one.answer.backward.scores - back).max() < 2e-6, label
        if label in others:
            for way, best in zip(one.answer, (ahead, back), strict=True):
                scores = np.array([[near["score"] for near in row] for row in way])
                assert np.abs(scores - best[:, : scores.shape[1]]).max() < 2e-6, label
    if "ours, fp32, mined" not in found:
        return
    plain = {(i, j) for i, j, _ in found["XTREME's procedure, mined"].answer}
    mined = found["ours, fp32, mined"].answer
    ours = set(zip(mined.left.tolist(), mined.right.tolist(), strict=True))
    assert len(plain ^ ours) <= 0.0005 * len(plain), f"{len(plain ^ ours)} other pairs"


def faiss_twice(left: Rows, right: Rows, threads: int = 1) -> list[tuple[Rows, Rows]]:
    """Return the neighbours of both directions as XTREME and LASER find them."""
    faiss.omp_set_num_threads(threads)
    ways = []
    for queries, index in ((left, right), (right, left)):
        flat = faiss.IndexFlatIP(index.shape[1])
        flat.add(index)
        ways.append(flat.search(queries, K))
    faiss.omp_set_num_threads(1)
    return ways


def xtreme_mine(left: Rows, right: Rows) -> list[tuple[int, int, float]]:
    """Return the pairs of XTREME's procedure, rewritten plainly: loops score and match."""
    left, right = left.copy(), right.copy()
    for side in (left, right):
        faiss.normalize_L2(side)
    (ahead, to_right), (back, to_left) = faiss_twice(left, right)
    means = ahead.mean(axis=1), back.mean(axis=1)

    def scored(x: Rows, y: Rows, near: Rows, own: Rows, other: Rows) -> Rows:
        scores = np.zeros(near.shape)
        for i in range(near.shape[0]):
            for j in range(near.shape[1]):
                k = near[i, j]
                scores[i, j] = x[i].dot(y[k]) / ((own[i] + other[k]) / 2)
        return scores

    forward = scored(left, right, to_right, *means)
    backward = scored(right, left, to_left, *means[::-1])
    best = to_right[np.arange(len(left)), forward.argmax(axis=1)]
    best_back = to_left[np.arange(len(right)), backward.argmax(axis=1)]
    i = np.concatenate([np.arange(len(left)), best_back])
    j = np.concatenate([best, np.arange(len(right))])
    scores = np.concatenate([forward.max(axis=1), backward.max(axis=1)])
    used_left: set[int] = set()
    used_right: set[int] = set()
    pairs = []
    for place in np.argsort(-scores):
        a, b = int(i[place]), int(j[place])
        if a not in used_left and b not in used_right:
            used_left.add(a)
            used_right.add(b)
            pairs.append((a, b, float(scores[place])))
    return pairs


def others(left: Rows, right: Rows) -> dict[str, Callable[[], Any]]:
    """Return what else is installed and finds neighbours, both ways."""
    works: dict[str, Callable[[], Any]] = {}
    ways = ((left, right), (right, left))
    if importlib.util.find_spec("sentence_transformers"):
        from sentence_transformers import util

        works["sentence-transformers' semantic_search, twice"] = lambda: [
            util.semantic_search(torch.from_numpy(a), torch.from_numpy(b), top_k=K) for a, b in ways
        ]
    if importlib.util.find_spec("mteb"):
        from mteb._evaluators import BitextMiningEvaluator
        from sentence_transformers import util

        class Cosine:
            """All that the search asks of a model; mteb takes sentence-transformers' own."""

            similarity = staticmethod(util.cos_sim)

        search = BitextMiningEvaluator._similarity_search  # noqa: SLF001 – encoding left out
        warnings.filterwarnings("ignore", message="To copy construct from a tensor")
        works["mteb's bitext evaluator (k = 1), twice"] = lambda: [
            [[one] for one in search(None, a, b, Cosine)] for a, b in ways
        ]
    return works


def extrapolate(tables: list[dict[str, Any]]) -> None:
    """Print what BUCC would take, one thread, by the largest run of 1,024 dimensions."""
    sizes = [row["size"].split("x") for row in tables if row["size"].endswith("x1024")]
    if not sizes:
        return
    most = max(int(rows) for rows, _ in sizes)
    seconds = {row["work"]: row["cpu_seconds"] for row in tables if row["size"] == f"{most}x1024"}
    print(f"| BUCC, training set | sentences | embeddings | CPU hours, from {most:,} rows |")
    for code, (own, english) in BUCC.items():
        hours = [
            f"{work}: {spent * own * english / most**2 / 3600:.2f}"
            for work, spent in seconds.items()
            if work in ("faiss flat, twice", "ours, fp32")
        ]
        size = f"{(own + english) * 4096 / 1e9:.1f} GB"
        print(f"| {code} | {own:,} × {english:,} | {size} | {', '.join(hours)} |")


def matching(count: int, rounds: int) -> list[dict[str, Any]]:
    """Time one-to-one pairs and the threshold of many candidates against the loops."""
    draw = np.random.default_rng(1)
    left = np.concatenate([np.arange(count), draw.integers(0, count, count)])
    right = np.concatenate([draw.integers(0, count, count), np.arange(count)])
    both = draw.random(count) < 0.5  # half of the sentences are each other's best
    right[:count][both] = left[count:][both] = np.flatnonzero(both)
    scores = draw.normal(1, 0.1, 2 * count).astype(np.float32)
    scores[count:][both] = scores[:count][both]
    gold = int(both.sum())
    found: dict[str, list[float]] = {"arrays": [], "loops": []}
    answers: dict[str, Any] = {}
    for _ in range(rounds):
        start = time.process_time()
        taken = one_to_one(left, right, scores)
        correct = left[taken] == right[taken]
        answers["arrays"] = taken.tolist(), fit_threshold(scores[taken], correct, gold)
        found["arrays"].append(time.process_time() - start)
        start = time.process_time()
        places = mining_loops.greedy(left.tolist(), right.tolist(), scores.tolist())
        pairs = [(float(scores[p]), left[p] == right[p]) for p in places]
        answers["loops"] = places, mining_loops.threshold_of(pairs, gold)
        found["loops"].append(time.process_time() - start)
    assert answers["arrays"] == answers["loops"]
    ratio = median(b / a for a, b in zip(found["arrays"], found["loops"], strict=True))
    facts = {name: median(seconds) for name, seconds in found.items()} | {"ratio": ratio}
    print(f"| {count:,} sentences: threshold and matching, CPU s |", facts)
    return [{"work": "threshold and matching", "sentences": count, **facts}]


def memory(bf16: bool) -> list[dict[str, Any]]:
    """Measure peak memory beyond the embeddings, each in a process of its own."""
    works = ["fp32 50000 1024"] + (["bf16 50000 64"] if bf16 else [])
    rows = []
    for work in works:
        command = [sys.executable, __file__, "--memory", work]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        rows.append({"work": f"memory, {work}", "MB": json.loads(done.stdout)})
        print(f"| {rows[-1]['work']} | {rows[-1]['MB']:.0f} MB above the embeddings |")
    return rows


def memory_above(how: str, count: int, width: int) -> float:
    """Return this process's peak during a search, above what it had before, MB."""
    left, right = translations(count, width)
    nearest_both(left[:3000], right[:3000], K, how=how, threads=1)  # libraries take their own
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # Linux forgets the peak
    nearest_both(left, right, K, how=how, threads=1)
    return _status("VmHWM") - before


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


if __name__ == "__main__":
    main()
