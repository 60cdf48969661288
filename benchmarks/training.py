"""Training against its peer: the same encoder, rows and settings, each run a process of its own.

    python benchmarks/training.py --checkpoint DIR [--data DIR] [--set mnli] [--seeds 5]

The peer is ``transformers.Trainer`` with a collator that pads each batch to its longest, and random
order, as its users have it: every row of the word table is a parameter. Ours is
`harness.training.loop.train` with ``freeze_words`` off. Both learn the same rows of an English set,
drawn once, tokenised by the same ``Format.encode``, with AdamW, warm-up and linear decay alike,
and start from the same fresh head, drawn anew for each seed; they differ in the draws of order and
dropout, and in that ours are flat. Both score dev once, at the end, by the same code: what they
reach at equal updates. ``share`` is the speed of the linear layers (six operations
a weight and token), as if they took all the time, over that of a matrix product in the same
process.

Measured is ``Trainer.train``, on both sides, less that dev check (ours writes its weights there);
``start`` is the rest: loading, tokenising, building, and for ours a copy of the weights. Memory is
the peak of the whole process, dev check included.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from inference import gemm

from harness.data.source import Rows
from harness.errors import HarnessError
from harness.training.spec import SetSpec, TrainingSpec

DATA = Path(os.environ.get("XTREME_DATA") or ROOT.parent / "shared" / "data")
MODES = ("peer fp32", "ours fp32", "ours bf16", "peer bf16")  # the others are held to the first
COLLATORS = {  # of the peer, by head
    "AutoModelForSequenceClassification": "DataCollatorWithPadding",
    "AutoModelForQuestionAnswering": "DataCollatorWithPadding",
    "AutoModelForTokenClassification": "DataCollatorForTokenClassification",
}


@dataclass(frozen=True)
class Run:
    """What one training took and reached."""

    examples: int  # learnt from, every epoch counted
    updates: int
    tokens: int  # of all training batches, padding included
    cpu: float  # CPU seconds of the training, over all threads
    wall: float  # its seconds
    start: float  # CPU seconds around it, without imports and reading rows
    dev: float  # headline score, percent
    memory: float  # peak resident memory of the process, MB
    share: float  # of a matrix product's speed, as if linear layers took all the time


@contextmanager
def timed(spent: list[float]) -> Iterator[None]:
    """Add up CPU and wall seconds of a block, or of all calls of what this decorates."""
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    spent[0] += time.process_time() - cpu
    spent[1] += time.perf_counter() - wall


def training_of(options: argparse.Namespace) -> tuple[TrainingSpec, Rows]:
    """Return what both sides learn; HarnessError if checkpoint or data are missing or unfit."""
    from harness import registry
    from harness.data.folder import FolderSource
    from harness.data.source import training_rows
    from harness.models.checkpoint import open_checkpoint
    from harness.recipes import Settings

    checkpoint = open_checkpoint(str(options.checkpoint), offline=True)
    is_target = options.set in registry.task_names()
    training = registry.task(options.set).training if is_target else registry.training(options.set)
    if training is None or training.format.head.auto not in COLLATORS:
        raise HarnessError(
            f"{options.set}: nothing the peer's collators could pad is learnt for it"
        )
    held_out = registry.task(training.held_out) if training.held_out else None
    rows = training_rows(FolderSource(options.data / "xtreme"), training, held_out)
    settings = Settings(
        learning_rate=options.learning_rate,
        epochs=options.epochs,
        batch_size=options.batch,
        max_tokens=options.batch * options.max_length,  # so that only batch_size bounds a batch
        max_length=options.max_length,
        stride=96,
        warmup=0.1,
        weight_decay=0.01,
        check_every=10**9,  # so that dev is checked at the end alone
    )
    train = rows.train.shuffle(seed=0).select(range(options.train))  # files may be sorted
    dev = rows.dev.shuffle(seed=0).select(range(options.dev))
    spec = TrainingSpec(checkpoint, (SetSpec(training, settings),), settings, options.seed)
    return spec, Rows(train, dev)


def fresh_head(spec: TrainingSpec) -> dict[str, Any]:
    """Return the weights of the head that `harness.training.loop.train` starts from."""
    from transformers import set_seed

    from harness.models.heads import parts_of

    form = spec.sets[0].training.format
    set_seed(spec.seed)
    parts = parts_of(form.head.build(spec.checkpoint.path, form.labels))
    return {f"{n}.{k}": v for n, part in parts.items() for k, v in part.state_dict().items()}


def peer(
    spec: TrainingSpec,
    rows: Rows,
    head: dict[str, Any],
    device: Any,
    folder: str,
    check: list[float],
) -> tuple[int, float]:
    """Train as users of the Trainer do; return the updates and the dev score, timed apart."""
    import transformers

    from harness.declarations import headline
    from harness.models.loading import quiet
    from harness.models.model import Model
    from harness.models.tokenizer import load_tokenizer

    form, settings, path = spec.sets[0].training.format, spec.settings, spec.checkpoint.path
    transformers.set_seed(spec.seed)
    tokenizer = load_tokenizer(path)
    auto = getattr(transformers, form.head.auto)
    with quiet():
        model = auto.from_pretrained(path, num_labels=len(form.labels) or 2, dtype="float32")
    unlike = model.load_state_dict(head, strict=False)
    drawn = [name for name, _ in model.named_parameters() if name not in unlike.missing_keys]
    assert sorted(drawn) == sorted(head), "the two sides have other heads"
    arguments = transformers.TrainingArguments(
        output_dir=folder,
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup,
        weight_decay=settings.weight_decay,
        seed=spec.seed,
        use_cpu=True,
        bf16=device.precision == "bf16",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    features = form.encode(rows.train, tokenizer, settings, training=True)
    collator = getattr(transformers, COLLATORS[form.head.auto])(tokenizer)
    trainer = transformers.Trainer(model, arguments, collator, features)
    trainer.train()
    with timed(check):
        trained = Model(model.eval(), tokenizer, device, form.head)
        answers = form.predict(trained, {"test": rows.dev}, settings)
        scores = form.score(form.gold(rows.dev), answers, "en")
    return trainer.state.global_step, headline(form.metric, scores)


def run_once(options: argparse.Namespace) -> Run:
    """Train once, in this process, in the mode ``options.one``."""
    from transformers import Trainer

    from harness.models.device import choose_device, hush
    from harness.training.dev_eval import DevEvaluation
    from harness.training.loop import train

    side, precision = options.one.split()
    hush()
    spec, rows = training_of(options)
    device = choose_device("cpu", precision, options.threads)
    device.prepare()
    speed = [gemm(384), gemm(384)]
    whole, loop, check = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]
    tokens, step = 0, Trainer.training_step

    def counted(self: Any, model: Any, inputs: Any, *more: Any) -> Any:
        nonlocal tokens
        tokens += inputs["input_ids"].numel()
        return step(self, model, inputs, *more)

    Trainer.training_step, Trainer.train = counted, timed(loop)(Trainer.train)
    DevEvaluation.check = timed(check)(DevEvaluation.check)
    head = fresh_head(spec) if side == "peer" else {}
    with tempfile.TemporaryDirectory() as folder, timed(whole):
        if side == "peer":
            updates, score = peer(spec, rows, head, device, folder, check)
            loop = [a + b for a, b in zip(loop, check, strict=True)]  # ours checks dev within it
        else:
            out = Path(folder, "out")
            done = train(spec, [rows], device, Path(folder), out, lambda updates, total: None)
            updates, score = done["updates"], done["dev_score"]
    examples = len(rows.train) * spec.settings.epochs
    cpu, wall = loop[0] - check[0], loop[1] - check[1]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    speed += [gemm(384), gemm(384)]
    share = 6.0 * spec.checkpoint.body * tokens / cpu / statistics.median(speed)
    return Run(examples, updates, tokens, cpu, wall, whole[0] - loop[0], score, memory, share)


def in_own_process(mode: str, seed: int, threads: int) -> Run:
    """Train once in a process of its own (its peak is at least ours: no torch in this one)."""
    command = [sys.executable, __file__, *sys.argv[1:], "--one", mode, "--seed", str(seed)]
    env = os.environ | {"OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing said"])[-1]
        raise HarnessError(f"{mode}, seed {seed} (exit status {done.returncode}): {said}")
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def report(runs: dict[str, list[Run]], threads: int) -> str:
    """The machine, and a markdown table of the modes; ratios and differences are to the first."""
    from tabulate import tabulate

    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    names = [line.partition(": ")[2] for line in info.splitlines() if "model name" in line]
    versions = [f"{n} {importlib.metadata.version(n)}" for n in ("torch", "transformers")]
    rows, first = [], runs[MODES[0]]
    base = {name: statistics.mean(getattr(run, name) for run in first) for name in asdict(first[0])}
    for mode, some in runs.items():
        mean = {name: statistics.mean(getattr(run, name) for run in some) for name in base}
        gaps = [run.dev - other.dev for run, other in zip(some, first, strict=True)]
        error = statistics.stdev(gaps) / len(gaps) ** 0.5 if len(gaps) > 1 else float("nan")
        row = {"mode": mode, "examples / CPU s": f"{mean['examples'] / mean['cpu']:.2f}"}
        row["ratio"] = f"{base['cpu'] / mean['cpu']:.2f}"
        row |= {f"{name}, s": f"{mean[name]:.1f}" for name in ("cpu", "wall", "start")}
        row["share"] = f"{100 * mean['share']:.0f} %"
        row["tokens / example"] = f"{mean['tokens'] / mean['examples']:.1f}"
        row["dev"] = f"{mean['dev']:.2f}"
        row["less peer, ± s.e."] = f"{statistics.mean(gaps):+.2f} ± {error:.2f}"
        row["peak MB"] = f"{mean['memory']:.0f}"
        row["ratio of peaks"] = f"{mean['memory'] / base['memory']:.2f}"
        rows.append(row)
    flag = "avx512_bf16" if "avx512_bf16" in info.split() else "no avx512_bf16"
    return (
        f"- threads: {threads}; CPUs: {os.cpu_count()}, {(names or ['unknown'])[0]}, {flag}\n"
        f"- Python {platform.python_version()}, {', '.join(versions)}\n"
        f"- seeds: {len(first)}; each: {first[0].examples} examples, {first[0].updates} updates\n\n"
    ) + tabulate(rows, headers="keys", tablefmt="github", disable_numparse=True)


def main() -> int:
    """Runs every mode with every seed, one after the other, and prints the table."""
    parser = argparse.ArgumentParser(description="Measure training against transformers' Trainer.")
    add = parser.add_argument
    add("--checkpoint", type=Path, required=True, help="folder of an encoder")
    add("--data", type=Path, default=DATA, help="folder with xtreme/ and intermediate/")
    add("--set", default="mnli", help="training set (mnli, squad), or a target to learn (udpos)")
    add("--learning-rate", type=float, default=1e-4)
    counts = {"train": 600, "dev": 300, "epochs": 2, "batch": 16, "max-length": 128}
    for name, count in (counts | {"seeds": 5, "threads": 2}).items():
        add(f"--{name}", type=int, default=count, help=f"default {count}")
    add("--modes", nargs="+", choices=MODES[1:], default=MODES[1:], help=f"held to {MODES[0]}")
    add("--one", choices=MODES, help=argparse.SUPPRESS)
    add("--seed", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    runs: dict[str, list[Run]] = {mode: [] for mode in (MODES[0], *options.modes)}
    try:
        if options.one:
            print(json.dumps(asdict(run_once(options))))
            return 0
        for mode, seed in [(m, s) for s in range(1, options.seeds + 1) for m in runs]:
            run = in_own_process(mode, seed, options.threads)
            print(f"{mode}, seed {seed}: {json.dumps(asdict(run))}", file=sys.stderr)
            runs[mode].append(run)
        if len({run.updates for some in runs.values() for run in some}) > 1:
            raise HarnessError("the two sides did not do the same number of updates")
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 2
    print(report(runs, options.threads))
    return 0


if __name__ == "__main__":
    sys.exit(main())
