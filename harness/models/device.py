"""Where and how to compute: device, precision, threads, seeds."""

from __future__ import annotations

import os
import re
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, NotFinite, unknown

_ALLOWED = os.environ.get("CUDA_VISIBLE_DEVICES", "")
PRECISIONS = ("fp32", "bf16", "fp16")


@dataclass(frozen=True)
class Device:
    """A device and how to compute on it.

    Attributes:
        name: ``cpu``, ``cuda``, ``cuda:1``, ``mps`` …
        precision: ``fp32``, or autocast in ``bf16`` or ``fp16``.
        threads: CPU threads.
        processes: Number of processes that train together, through torchrun.
    """

    name: str
    precision: str
    threads: int
    processes: int = 1

    @property
    def kind(self) -> str:
        """Return the device's type without its number."""
        return self.name.partition(":")[0]

    def identity(self) -> dict[str, Any]:
        """Return what can change the last digits of a result, for step keys."""
        return {
            "device": self.kind,
            "precision": self.precision,
            "threads": self.threads if self.kind == "cpu" else 0,
            "torch": version_of("torch"),
            "transformers": version_of("transformers"),
        }

    def prepare(self) -> None:
        """Set this process's threads."""
        import torch

        torch.set_num_threads(self.threads)
        os.environ["RAYON_NUM_THREADS"] = str(self.threads)  # tokenizers

    def autocast(self) -> AbstractContextManager[Any]:
        """Return the context to run a model in."""
        import torch

        if self.precision == "fp32":
            return nullcontext()
        kind = torch.bfloat16 if self.precision == "bf16" else torch.float16
        return torch.autocast(self.kind, dtype=kind)


def not_finite(row: int, what: str, device: Device) -> NotFinite:
    """Return the error that names an example, and what may help on its device.

    Args:
        row: Number of the example, from 0.
        what: What is not finite.
        device: Where it was computed.
    """
    remedy = "the weights hold such numbers, or overflow"
    if device.precision != "fp32":
        remedy += f" in {device.precision}: try --precision fp32"
    return NotFinite(f"row {row + 1}: not finite: {what} ({remedy})")


@cache
def version_of(package: str) -> str:
    """Return an installed version without importing the package."""
    from importlib.metadata import version  # it brings the mail package

    return version(package)


def choose_device(name: str, precision: str, threads: int, together: int = 1) -> Device:
    """Return the device to use; import torch only if it may not be the CPU.

    Args:
        name: A torch device, or ``auto`` for the first accelerator, else the CPU.
        precision: One of PRECISIONS.
        threads: CPU threads; 0 means those this process may run on.
        together: Processes that train together through torchrun.

    Raises:
        HarnessError: The device or precision is not available here.
    """
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    if name == "auto" and not _accelerated():
        name = "cpu"
    if together == 1:
        name = _one_gpu(name)
    if name != "cpu":
        import torch

        if name == "auto":
            accelerator = torch.accelerator.current_accelerator(check_available=True)
            name = accelerator.type if accelerator else "cpu"
        try:
            torch.empty(1, device=name).item()  # fails on a device without memory (meta)
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            raise HarnessError(f"device {name!r} is not usable here ({error!s:.120})") from error
    if precision == "fp16" and name == "cpu":
        raise HarnessError("fp16 on a CPU loses gradients; use --precision bf16 or fp32")
    return Device(name, precision, threads or cores(), max(together, processes()))


def _accelerated() -> bool:
    """Return whether this machine may have an accelerator, without importing torch."""
    places = map(Path, ("/proc/driver/nvidia", "/dev/kfd", "/dev/dri"))
    return sys.platform != "linux" or any(place.exists() for place in places)


def _one_gpu(name: str) -> str:
    """Let this process see one GPU only, so that the Trainer does not use all of them.

    Under torchrun each process has its own already.
    """
    match = re.fullmatch(r"(?:auto|cuda)(?::([0-9]{1,4}))?", name)
    if processes() > 1 or match is None:
        return name  # if it is unknown, using it will raise an error
    number = int(match[1] or 0)
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    allowed = visible.split(",") if visible else [str(i) for i in range(number + 1)]
    if number >= len(allowed):
        return name  # an unknown device; using it will raise an error
    os.environ["CUDA_VISIBLE_DEVICES"] = allowed[number]
    return "auto" if name == "auto" else "cuda"


def gpus() -> list[str]:
    """Return the numbers of all GPUs that this process was allowed at its start."""
    if _ALLOWED:
        return _ALLOWED.split(",")
    folder = Path("/proc/driver/nvidia/gpus")
    return [str(i) for i, _ in enumerate(folder.iterdir())] if folder.is_dir() else []


def processes() -> int:
    """Return how many processes torchrun started, 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def first_process() -> bool:
    """Return whether this process is the one that predicts, scores and writes."""
    return os.environ.get("RANK", "0") == "0"


def cores() -> int:
    """Return the number of cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS


def thread_share(threads: int, workers: int) -> int:
    """Return the CPU threads of a step: as many as asked for, or a worker's share if 0."""
    return threads or max(1, cores() // max(1, workers))


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch, and ask torch for deterministic kernels."""
    import torch
    from transformers import set_seed

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    set_seed(seed)
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined] # slow


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that memory ran out, on a GPU or in torch's CPU allocator."""
    import torch

    texts = ("can't allocate memory", "not enough memory")
    kinds = (MemoryError, torch.OutOfMemoryError)
    return isinstance(error, kinds) or any(text in str(error) for text in texts)


def hush() -> None:
    """Turn off the libraries' own progress bars; the harness shows its own.

    Through the environment they need not be imported for it, which takes two CPU seconds.
    """
    for name in ("HF_DATASETS_DISABLE_PROGRESS_BARS", "HF_HUB_DISABLE_PROGRESS_BARS"):
        os.environ[name] = "1"
    if "datasets" in sys.modules:
        sys.modules["datasets"].disable_progress_bars()
    if "transformers" in sys.modules:
        sys.modules["transformers"].utils.logging.disable_progress_bar()
