"""How long steps will take: from tokens a second measured on this device, else from arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.models.device import Device
from harness.pipeline.steps.needed import to_do
from harness.pipeline.steps.step import Step
from harness.pipeline.store.store import Store

EFFICIENCY = 0.4  # of a matrix product's speed; 0.3 (bf16 training) to 0.6 (fp32 inference) seen


@dataclass(frozen=True)
class Estimate:
    """A guess.

    Attributes:
        seconds: Of one slot, for all steps that are to be done.
        measured: Share of those seconds that rests on steps of the same kind measured here.
    """

    seconds: float
    measured: float


def estimate(steps: Sequence[Step], store: Store, device: Device) -> Estimate:
    """Return a guess of the seconds that unfinished steps will take.

    A step's tokens (guessed from bytes) over the tokens a second of finished steps of the same
    pace (kind, format, encoder, device). Without any: its floating-point operations
    (``Step.work``), over the speed of a matrix product measured now.

    Args:
        steps: The steps.
        store: Which of them are done, and the paces measured so far.
        device: Where they will run.
    """
    todo = [step for step in to_do(steps, store.has) if step.tokens]
    if not todo:
        return Estimate(0.0, 1.0)
    paces = store.paces()
    known = sum(step.tokens / paces[step.pace] for step in todo if step.pace in paces)
    work = sum(step.work for step in todo if step.pace not in paces)
    guessed = work / (_speed(device) * EFFICIENCY) if work else 0.0
    return Estimate(known + guessed, known / max(known + guessed, 1e-9))


def _speed(device: Device) -> float:
    """Return floating-point operations a second of a square matrix product on the device."""
    import time

    import torch

    device.prepare()
    side = 1024 if device.kind == "cpu" else 4096
    kind = torch.float32 if device.precision == "fp32" else torch.bfloat16
    matrix = torch.ones(side, side, dtype=kind, device=device.name)
    times = []
    for _ in range(4):
        start = time.perf_counter()
        float((matrix @ matrix)[0, 0])
        times.append(time.perf_counter() - start)
    return 2 * side**3 / min(times)
