"""Tokens a second of encoding and training, and the share of what the device can do.

    python benchmarks/forward.py --checkpoint DIR [--data DIR] [--device auto] [--precision auto]

``encode`` embeds Tatoeba's sentences: ours against sentence-transformers, with torch's attention
and with flash_attention_2. ``train`` learns UD-POS: ours against transformers' Trainer with dynamic
padding, and with DataCollatorWithFlattening (positions from 2, as XLM-R has them) and
flash_attention_2. What is not installed, or what the device cannot run, is a row that says so. All
sides are in one process; each round runs each once; printed are medians.

Tokens are those of the texts, special ones included and padding not, the same for all sides. They
are counted by wall-clock time on an accelerator and by CPU seconds on a CPU. A share is the speed
of the linear layers (two operations a weight and token, six in training), as if they took all the
time, over that of a matrix product measured in the same rounds, and over the peak of the device's
data sheet. On an accelerator ours comes with deterministic kernels too, for what they cost.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from inference import BATCH, LONGEST, encoder_peer, linear_flops, machine, sentences
from training import training_of

from harness.errors import HarnessError
from harness.models.device import PRECISIONS, Device, choose_device, hush

DATA = Path(os.environ.get("XTREME_DATA") or ROOT.parent / "shared" / "data")
PEAKS = {  # dense bf16, TFLOP/s, by a part of the name that torch gives; the first that fits counts
    "H200 NVL": 836,
    "H200": 989,
    "H100 NVL": 836,
    "H100 PCIe": 756,
    "H100": 989,
    "A100": 312,
    "L40S": 362,
    "L4": 121,
    "A40": 150,
    "A30": 165,
    "A10": 125,
    "V100": 125,  # fp16: it has no bf16
    "T4": 65,  # fp16, likewise
}
"""As NVIDIA's data sheets have them (without sparsity), for cards with SXM where a name says no
other; those of A100, A40 and A30 were looked up again, the others are from memory."""
FLASH = "flash_attention_2"
KINDS = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


@dataclass(frozen=True)
class Side:
    """One of the things that are compared.

    Attributes:
        name: What it is.
        work: Does the whole work once and returns the seconds of it; None if it cannot be run.
        lacks: Why it cannot.
    """

    name: str
    work: Callable[[], float] | None
    lacks: str = ""


def main() -> int:
    """Print the machine, and a table for each work."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--checkpoint", type=Path, required=True, help="folder of an encoder")
    add("--data", type=Path, default=DATA, help="folder with xtreme/")
    add("--device", default="auto")
    add("--precision", choices=PRECISIONS, default="auto")
    add("--works", default="encode,train")
    add("--learning-rate", type=float, default=1e-4)
    counts = {"sentences": 400, "train": 128, "batch": 16, "max-length": 128}
    for name, count in (counts | {"rounds": 3, "threads": 1}).items():
        add(f"--{name}", type=int, default=count, help=f"default {count}")
    options = parser.parse_args()
    options.set, options.epochs, options.dev, options.seed = "udpos", 1, 8, 1
    hush()
    try:
        device = choose_device(options.device, options.precision, options.threads)
        device.prepare()
        print(f"{described(device)}\n{machine()}", flush=True)
        for name in options.works.split(","):
            sides, tokens, flops, width = {"encode": encode, "train": train}[name](options, device)
            print(f"\n{name}: {tokens:,} tokens, {device.precision}, {device.name}\n")
            print(table(sides, tokens, flops, (device, width, options.rounds)), flush=True)
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def described(device: Device) -> str:
    """Return what the device is, and its peak."""
    peak = peak_of(device)
    said = f"peak by its data sheet {peak / 1e12:.0f} TFLOP/s" if peak else "peak not known here"
    return f"{name_of(device)}; {said}; {device.memory or '?'} GiB by kind"


def name_of(device: Device) -> str:
    """Return an accelerator's name as torch gives it, else the kind of the device."""
    import torch

    return torch.cuda.get_device_name(device.name) if device.kind == "cuda" else device.kind


def peak_of(device: Device) -> float:
    """Return the operations a second of a GPU's data sheet, 0 if it is not in the table."""
    name = name_of(device)
    words = name.replace("-", " ").split()
    fitting = (peak for part, peak in PEAKS.items() if set(part.split()) <= set(words))
    return 1e12 * next(fitting, 0)


def spent(device: Device, work: Callable[[], Any]) -> float:
    """Return the seconds that work takes: of a CPU its own, else those of a clock."""
    import torch

    if device.kind == "cpu":
        start = time.process_time()
        work()
        return time.process_time() - start
    device.choose_kernels()  # a side before may have wanted others
    torch.accelerator.synchronize()
    begun = time.perf_counter()
    work()
    torch.accelerator.synchronize()
    return time.perf_counter() - begun


def product_speed(device: Device, width: int) -> float:
    """Return the operations a second of a matrix product in the device's precision.

    On a CPU that of 512 tokens by a feed-forward layer of the encoder's, and in float32 if that is
    quicker (where bf16 is emulated), else of large matrices.
    """
    import torch

    kinds = {KINDS[device.precision]} | ({"float32"} if device.kind == "cpu" else set())
    sizes = (512, width, 4 * width) if device.kind == "cpu" else (8192, 8192, 8192)
    flops = 2.0 * sizes[0] * sizes[1] * sizes[2]
    count = max(1, int((2e9 if device.kind == "cpu" else 2e13) / flops))
    best = 0.0
    for kind in kinds:
        left, right = (
            torch.randn(shape, device=device.name).to(getattr(torch, kind))
            for shape in (sizes[:2], sizes[1:])
        )
        torch.mm(left, right)
        product = partial(torch.mm, left, right)
        taken = spent(device, lambda work=product: [work() for _ in range(count)])  # type: ignore[misc]
        best = max(best, count * flops / taken)
    return best


def table(sides: Sequence[Side], tokens: int, flops: float, run: tuple[Device, int, int]) -> str:
    """Run every side in every round, and return a markdown table; ratios are to the first peer.

    Args:
        sides: What is compared.
        tokens: Tokens of a whole work.
        flops: Operations of its linear layers.
        run: The device, the encoder's width and how many rounds there are.
    """
    device, width, rounds = run
    seconds: dict[str, list[float]] = {side.name: [] for side in sides if side.work}
    speeds = []
    for number in range(rounds + 1):  # the first only warms up
        speed = product_speed(device, width)
        for side in sides:
            if side.work is not None:
                taken = side.work()
                if number:
                    seconds[side.name].append(taken)
        if number:
            speeds.append(speed)
    unit = "CPU s" if device.kind == "cpu" else "s"
    lines = [
        f"| side | tokens / {unit} | ratio | of the product | of the peak |",
        "|---|---|---|---|---|",
    ]
    peers = [own for name, own in seconds.items() if not name.startswith("ours")]
    for side in sides:
        own = seconds.get(side.name)
        if own is None:
            lines.append(f"| {side.name} | {side.lacks} | | | |")
            continue
        first = peers[0] if peers else own
        ratio = statistics.median(a / b for a, b in zip(first, own, strict=True))
        share = statistics.median(flops / t / s for t, s in zip(own, speeds, strict=True))
        peak = peak_of(device)
        of_peak = f"{100 * flops / statistics.median(own) / peak:.0f} %" if peak else ""
        rate = f"{tokens / statistics.median(own):,.0f}"
        lines.append(f"| {side.name} | {rate} | {ratio:.2f} | {100 * share:.0f} % | {of_peak} |")
    lines.append(f"\n(matrix product: {statistics.median(speeds) / 1e9:,.0f} GFLOP/s)")
    return "\n".join(lines)


def ours(device: Device) -> list[tuple[str, Device]]:
    """Return the ways to run ours: on an accelerator with deterministic kernels, too."""
    ways = [("ours", device)]
    if device.kind != "cpu":
        ways.append(("ours, deterministic kernels", replace(device, deterministic=True)))
    return ways


def flash_lacks(device: Device, package: str = "") -> str:
    """Return why flash_attention_2 (of a package) cannot be run here, "" if it can."""
    from importlib.util import find_spec

    from transformers.utils import is_flash_attn_2_available

    if package and find_spec(package) is None:
        return f"{package} is not installed"
    if not is_flash_attn_2_available():
        return "flash-attn is not installed"
    if device.kind != "cuda" or device.precision == "fp32":
        return "flash-attn needs a GPU in half precision"
    return ""


def encode(options: argparse.Namespace, device: Device) -> tuple[list[Side], int, float, int]:
    """Return ours and sentence-transformers', with tokens, operations and width."""
    from harness.models.checkpoint import open_checkpoint
    from harness.models.model import load_encoder

    checkpoint = open_checkpoint(str(options.checkpoint), offline=True)
    texts = sentences(options.data / "xtreme", options.sentences)
    model = load_encoder(checkpoint, "last", device)
    lengths = model.tokenizer(texts, truncation=True, max_length=LONGEST)["input_ids"]
    tokens, width = sum(map(len, lengths)), model.module.config.hidden_size

    def work(way: Device) -> float:
        return spent(way, lambda: replace(model, device=way).embed(texts, LONGEST))

    sides = [Side(name, partial(work, way)) for name, way in ours(device)]
    sides += encode_peers(checkpoint, texts, device)
    return sides, tokens, linear_flops(model.module, tokens), width


def encode_peers(checkpoint: Any, texts: list[str], device: Device) -> list[Side]:
    """Return sentence-transformers' sides; on a CPU its steps written out if it is not there."""
    import torch

    name = "sentence-transformers"
    sides = []
    for attention in ("sdpa", FLASH):
        package = "sentence_transformers"
        lacks = flash_lacks(device, package) if attention == FLASH else ""
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError:
            lacks = f"{package} is not installed"
        if lacks and attention == "sdpa" and device.kind == "cpu":
            steps = partial(spent, device, encoder_peer(checkpoint, texts))
            sides.append(Side(f"{name}' steps written out, fp32", steps))
        elif lacks:
            sides.append(Side(f"{name}, {attention}", None, lacks))
        else:
            kind = getattr(torch, KINDS[device.precision])
            more = {"attn_implementation": attention, "dtype": kind}
            library = SentenceTransformer(
                str(checkpoint.path), device=device.name, model_kwargs=more
            )
            library.max_seq_length = LONGEST

            def work(library: Any = library) -> float:
                return spent(device, lambda: library.encode(texts, batch_size=BATCH))

            sides.append(Side(f"{name}, {attention}", work))
    return sides


def train(options: argparse.Namespace, device: Device) -> tuple[list[Side], int, float, int]:
    """Return ours and the Trainer's, with tokens, operations and width."""
    from harness.models.loading import load_config
    from harness.models.tokenizer import load_tokenizer

    spec, rows = training_of(options)
    form, path = spec.sets[0].training.format, spec.checkpoint.path
    features = form.encode(rows.train, load_tokenizer(path), spec.settings, training=True)
    tokens = sum(len(feature["input_ids"]) for feature in features)

    def own(way: Device) -> float:
        return of_training(lambda folder: train_ours(spec, rows, way, folder), way)

    def peer(attention: str) -> float:
        return of_training(
            lambda folder: train_peer(spec, features, device, (folder, attention)), device
        )

    sides = [Side(name, partial(own, way)) for name, way in ours(device)]
    sides.append(Side("Trainer, dynamic padding", partial(peer, "sdpa")))
    lacks = flash_lacks(device)
    name = f"Trainer, DataCollatorWithFlattening, {FLASH}"
    sides.append(Side(name, None if lacks else partial(peer, FLASH), lacks))
    width = load_config(path).hidden_size
    return sides, tokens, 6.0 * spec.checkpoint.body * tokens, width


def of_training(run: Callable[[Path], None], device: Device) -> float:
    """Return the seconds within ``Trainer.train`` of a run, less those of its dev check."""
    from transformers import Trainer

    from harness.training.dev_eval import DevEvaluation

    taken, checked = [0.0], [0.0]

    def timed(function: Any, into: list[float]) -> Any:
        def call(*args: Any, **more: Any) -> None:
            into[0] += spent(device, lambda: function(*args, **more))

        return call

    before = Trainer.train, DevEvaluation.check
    Trainer.train = timed(Trainer.train, taken)
    DevEvaluation.check = timed(DevEvaluation.check, checked)
    try:
        with tempfile.TemporaryDirectory() as folder:
            run(Path(folder))
    finally:
        Trainer.train, DevEvaluation.check = before
    return taken[0] - checked[0]


def train_ours(spec: Any, rows: Any, device: Device, folder: Path) -> None:
    """Train once as the harness does."""
    from harness.training import loop

    loop.train(spec, [rows], device, folder, folder / "out", lambda updates, total: None)


def train_peer(spec: Any, features: Sequence[Any], device: Device, how: tuple[Path, str]) -> None:
    """Train once as users of the Trainer do, with a folder and an attention."""
    import transformers

    from harness.models.loading import quiet
    from harness.models.tokenizer import load_tokenizer

    form, settings, path = spec.sets[0].training.format, spec.settings, spec.checkpoint.path
    folder, attention = how
    transformers.set_seed(spec.seed)
    with quiet():
        model = getattr(transformers, form.head.auto).from_pretrained(
            path, num_labels=len(form.labels), dtype="float32", attn_implementation=attention
        )
    arguments = transformers.TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        seed=spec.seed,
        use_cpu=device.kind == "cpu",
        bf16=device.precision == "bf16",
        fp16=device.precision == "fp16",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    if attention == FLASH:
        collator = transformers.DataCollatorWithFlattening(
            return_flash_attn_kwargs=True, position_ids_start=2
        )
    else:
        collator = transformers.DataCollatorForTokenClassification(load_tokenizer(path))
    trainer = transformers.Trainer(model, arguments, collator, features)
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train()


if __name__ == "__main__":
    sys.exit(main())
