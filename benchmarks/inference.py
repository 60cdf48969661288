"""Inference on a CPU by the batch's budget of tokens: CPU seconds, peak memory, what flips.

    python benchmarks/inference.py --checkpoint E5 --data DIR --budgets 512,8192

Embeds Tatoeba's German and English sentences (last layer, mean) and classifies XNLI's German test
pairs under a fresh head, each budget and work in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
WORKS = ("embed", "infer")


def main() -> None:
    """Run each budget and work in its own process; print ratios to the largest budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--budgets", default="512,8192")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--one", default="", help="the work and budget of this process")
    options = parser.parse_args()
    if options.one:
        work, _, budget = options.one.partition(" ")
        print(json.dumps(measured(options, work, int(budget))))
        return
    budgets = sorted(int(word) for word in options.budgets.split(","))
    print("| work | tokens a batch | examples / CPU s | ratio | MB above the model | flips |")
    print("|---|---|---|---|---|---|")
    for work in WORKS:
        found = {}
        for budget in budgets:
            command = [sys.executable, *sys.argv, "--one", f"{work} {budget}"]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found[budget] = json.loads(done.stdout.splitlines()[-1])
        last = found[budgets[-1]]
        for budget, one in found.items():
            flips = sum(a != b for a, b in zip(one["answers"], last["answers"], strict=True))
            print(
                f"| {work} | {budget} | {one['rate']:.1f} | {one['rate'] / last['rate']:.2f}"
                f" | {one['memory']:.0f} | {flips} of {len(one['answers'])} |"
            )


def measured(options: argparse.Namespace, work: str, budget: int) -> dict[str, object]:
    """Return rate, memory and answers of a work under a budget."""
    from harness import registry
    from harness.data.folder import open_folder
    from harness.models import model as models
    from harness.models.checkpoint import open_checkpoint
    from harness.models.device import choose_device
    from harness.models.multi_head import build_multi_head
    from harness.recipes import Settings

    models.INFERENCE_TOKENS["cpu"] = budget
    device = choose_device("cpu", "fp32", options.threads)
    device.prepare()
    checkpoint = open_checkpoint(str(options.checkpoint), offline=True)
    model = models.load_encoder(checkpoint, "last", device)
    task = registry.task("tatoeba" if work == "embed" else "xnli")
    if work == "infer":
        model.module = build_multi_head(checkpoint, [task.format], 1, {}).models[0].eval()
        model.head = task.format.head
    rows = {"test": open_folder(options.data, None).examples(task, "test", "de")}
    Path("/proc/self/clear_refs").write_text("5")  # Linux forgets the peak: loading took more
    before, start = _peak(), time.process_time()
    answers = task.format.predict(model, rows, Settings(max_length=128))
    seconds = time.process_time() - start
    return {"rate": len(rows["test"]) / seconds, "memory": _peak() - before, "answers": answers}


def _peak() -> float:
    """Return this process's peak memory since it was forgotten, MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    main()
