"""How long steps will take: from tokens a second measured on this device, else from arithmetic."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from harness.data.memory import Memory
from harness.models.device import Device
from harness.pipeline.steps.needed import to_do
from harness.pipeline.steps.step import Step
from harness.pipeline.store.store import Store

EFFICIENCY = 0.4  # of a matrix product's speed; measured: 0.3 (bf16 training) to 0.6 (inference)


@dataclass(frozen=True)
class Estimate:
    """An estimate of the time that steps take.

    Attributes:
        seconds: Time on one slot, for all unfinished steps.
        measured: Share of those seconds that is based on steps of the same pace measured here.
    """

    seconds: float
    measured: float


def estimate(steps: Sequence[Step], store: Store, device: Device, memory: Memory) -> Estimate:
    """Return an estimate of the time that unfinished steps take.

    It is a step's tokens (guessed from bytes) divided by the tokens per second of finished steps
    of the same pace (kind, format, encoder, device). Without such steps, it is the floating-point
    operations (``Step.work``) divided by the speed of a matrix product, measured once on a device.

    Args:
        steps: The steps.
        store: Knows which of them are finished, and the paces measured so far.
        device: Where they will run.
        memory: Remembers the speed, so that later plans import no torch for it.
    """
    todo = [step for step in to_do(steps, store.has) if step.tokens]
    paces = store.paces()
    known = sum(step.tokens / paces[step.pace] for step in todo if step.pace in paces)
    work = sum(step.work for step in todo if step.pace not in paces)
    guessed = work / (_speed(device, memory) * EFFICIENCY) if work else 0.0
    return Estimate(known + guessed, known / max(known + guessed, 1e-9))


def _speed(device: Device, memory: Memory) -> float:
    """Return the floating-point operations per second of a square matrix product on the device."""
    name = f"speed of a product {json.dumps(device.identity(), sort_keys=True)}"
    known = memory.recall(name)
    if isinstance(known, float) and known > 0:
        return known
    speed = _measured(device)
    memory.keep(name, speed)
    memory.save()
    return speed


def _measured(device: Device) -> float:
    """Measure the speed of a product, in floating-point operations per second."""
    import timeit

    import torch

    device.prepare()
    side = 1024 if device.kind == "cpu" else 4096
    kind = torch.float32 if device.precision == "fp32" else torch.bfloat16
    matrix = torch.ones(side, side, dtype=kind, device=device.name)
    times = timeit.repeat(lambda: float((matrix @ matrix)[0, 0]), number=1, repeat=4)
    return 2 * side**3 / min(times)
