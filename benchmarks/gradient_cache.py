"""What the gradient cache costs and saves: a step of a dual encoder, plain and in pieces.

    OMP_NUM_THREADS=1 python benchmarks/gradient_cache.py CHECKPOINT [--pairs 32] [--pieces 4]
        [--steps 5]

Each way runs in a process of its own, so that the peak of its memory is its own; memory is what is
above the loaded model and its gradients. Exits with 1 when a bound is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", "0")  # what is freed is given back

SLOWER, SMALLER = 1.45, 0.5  # of the plain step's time, and of its memory, at most


def main() -> None:
    """Measure both ways, print them, compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--pairs", type=int, default=32)
    parser.add_argument("--pieces", type=int, default=4)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--alone", action="store_true", help="measure this number of pieces here")
    args = parser.parse_args()
    if args.alone:
        print(json.dumps(measure(args)))
        return
    ways = {}
    for pieces in (1, args.pieces):
        words = [str(args.checkpoint), "--pairs", str(args.pairs), "--steps", str(args.steps)]
        words += ["--pieces", str(pieces), "--alone"]
        command = [sys.executable, __file__, *words]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        ways[pieces] = json.loads(text.splitlines()[-1])
        seconds, mib = (ways[pieces][name] for name in ("seconds", "mib"))
        print(f"{pieces} pieces: {seconds:.2f} CPU s a step, {mib:.0f} MiB", flush=True)
    plain, cached = ways[1], ways[args.pieces]
    time_share, memory_share = (cached[name] / plain[name] for name in ("seconds", "mib"))
    print(f"in pieces: {time_share:.2f} x the time, {memory_share:.2f} x the memory")
    sys.exit(time_share > SLOWER or memory_share > SMALLER)


def measure(args: argparse.Namespace) -> dict[str, float]:
    """Return the CPU seconds of a step and the MiB that steps take at most."""
    import torch

    from harness.data.layouts import AnswerSentences
    from harness.formats import DualEncoder
    from harness.models.checkpoint import open_checkpoint
    from harness.models.collator import open_collator
    from harness.models.multi_head import build_multi_head, only_used_rows
    from harness.models.tokenizer import load_tokenizer
    from harness.recipes import Settings
    from harness.training.batch_maker import BatchMaker
    from harness.training.batch_plan import BatchPlan

    torch.set_num_threads(1)
    form = DualEncoder(layout=AnswerSentences())
    checkpoint = open_checkpoint(str(args.checkpoint), offline=True)
    tokenizer = load_tokenizer(checkpoint.path)
    multi = build_multi_head(checkpoint, [form], 1, {})
    collator = open_collator(multi.models[0], tokenizer, checkpoint.path, form.head)
    rows = AnswerSentences().to_dataset(_pairs(args.pairs))
    features = form.encode(rows, tokenizer, Settings(max_length=64, max_query=64), training=True)
    plan = BatchPlan([features], [], set(), 0, [], [float(args.pairs)])
    only_used_rows(multi, plan.vocabulary() | {tokenizer.pad_token_id})
    maker = BatchMaker(plan, (collator,), (form.head,), tokenizer, 1, args.pieces)
    multi.train()
    batch: Any = [(0, i, 0, feature) for i, feature in enumerate(features)]
    for weight in multi.parameters():
        weight.grad = torch.zeros_like(weight)
    Path("/proc/self/clear_refs").write_text("5")  # the peak from now on
    before, begun = _memory("VmRSS"), 0.0
    for step in range(args.steps + 1):
        if step == 1:  # the first one warms up
            begun = time.process_time()
        (inputs,) = maker(batch)["pieces"]
        inputs.pop("share")
        multi(**inputs).backward()
    return {"seconds": (time.process_time() - begun) / args.steps, "mib": _memory("VmHWM") - before}


def _pairs(number: int) -> dict[str, list[str]]:
    """Return pairs of words drawn at random."""
    draw = random.Random(1)
    words = "the old mill by river was sold in winter and nobody knows why it rained".split()
    texts = [[" ".join(draw.choices(words, k=60)) for _ in range(number)] for _ in range(2)]
    names = [str(i) for i in range(number)]
    return {"id": names, "query": texts[0], "passage": texts[1], "context": names}


def _memory(name: str) -> float:
    """Return a number of Linux's on this process's memory, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith(f"{name}:"))
    return int(found.split()[1]) / 1024


if __name__ == "__main__":
    main()
