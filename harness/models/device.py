"""Where and how to compute: device, precision, threads, seeds."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, NotFinite, unknown

_ALLOWED = os.environ.get("CUDA_VISIBLE_DEVICES", "")
PRECISIONS = ("fp32", "bf16", "fp16", "auto")
GIB = 2**30


@dataclass(frozen=True)
class Device:
    """A device and how to compute on it.

    Attributes:
        name: ``cpu``, ``cuda``, ``cuda:1``, ``mps`` …
        precision: ``fp32``, or autocast in ``bf16`` or ``fp16``.
        threads: CPU threads.
        processes: Number of processes that train together, through torchrun.
        deterministic: Whether an accelerator is to use deterministic kernels alone.
        memory: GiB that an accelerator has, as a power of two; 0 on a CPU or if it is unknown.
    """

    name: str
    precision: str
    threads: int
    processes: int = 1
    deterministic: bool = False
    memory: int = 0

    @property
    def kind(self) -> str:
        """Return the device's type without its number."""
        return self.name.partition(":")[0]

    def identity(self) -> dict[str, Any]:
        """Return what can change the last digits of a result, for step keys.

        On an accelerator its memory decides how large batches are, and so last digits.
        """
        on_cpu = self.kind == "cpu"
        more = {} if on_cpu else {"deterministic": self.deterministic, "memory": self.memory}
        return {
            "device": self.kind,
            "precision": self.precision,
            "threads": self.threads if on_cpu else 0,
            "torch": version_of("torch"),
            "transformers": version_of("transformers"),
        } | more

    def prepare(self) -> None:
        """Set this process's threads and, on an accelerator, its kernels."""
        import torch

        torch.set_num_threads(self.threads)
        os.environ["RAYON_NUM_THREADS"] = str(self.threads)  # tokenizers
        if self.kind != "cpu":
            self.choose_kernels()

    def choose_kernels(self) -> None:
        """Ask torch for deterministic kernels: on a CPU always, else where they are wanted.

        An operation that has none only warns. On an accelerator float32 is float32: no TF32.
        """
        import torch

        wanted = self.deterministic or self.kind == "cpu"
        if wanted:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(mode=wanted, warn_only=True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined] # slow
        if self.kind != "cpu":
            torch.set_float32_matmul_precision("highest")

    @contextmanager
    def kernels(self) -> Iterator[None]:
        """Choose kernels as ``choose_kernels`` does, and put torch's settings back at the end."""
        import torch

        strict = torch.are_deterministic_algorithms_enabled()
        warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
        precision = torch.get_float32_matmul_precision()
        try:
            if self.kind != "cpu":
                self.choose_kernels()
            yield
        finally:
            torch.use_deterministic_algorithms(strict, warn_only=warn_only)
            torch.set_float32_matmul_precision(precision)

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


def choose_device(
    name: str, precision: str, threads: int, together: int = 1, *, deterministic: bool = False
) -> Device:
    """Return the device to use; import torch only if it may not be the CPU.

    Args:
        name: A torch device, or ``auto`` for the first accelerator, else the CPU.
        precision: One of PRECISIONS. ``auto`` is bf16 on an accelerator that computes in it, else
            fp32, never fp16: what was trained in bf16 may overflow in it (mT5 does).
        threads: CPU threads; 0 means those this process may run on.
        together: Processes that train together through torchrun.
        deterministic: Whether an accelerator is to use deterministic kernels alone; a CPU does.

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
    if precision == "auto":
        precision = "bf16" if _has_bf16(name) else "fp32"
    count = max(together, processes())
    return Device(name, precision, threads or cores(), count, deterministic, _memory(name))


def _has_bf16(name: str) -> bool:
    """Return whether a device computes in bf16, not merely emulates it."""
    if name == "cpu":
        return False
    import torch

    kind = name.partition(":")[0]
    if kind == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return kind == "xpu" and torch.xpu.is_bf16_supported(including_emulation=False)


def _memory(name: str) -> int:
    """Return an accelerator's GiB of memory as a power of two, 0 if it is unknown.

    Its whole memory, not what is free: that is a property of the device alone. A tenth is added
    before it is rounded down, since a card of 80 GB shows some 79.2 GiB, and one of 16 GB 15.8.
    """
    kind = name.partition(":")[0]
    if kind not in ("cuda", "xpu"):
        return 0
    import torch

    module = torch.cuda if kind == "cuda" else torch.xpu
    total = int(1.1 * module.get_device_properties(name).total_memory / GIB)
    return 2 ** (total.bit_length() - 1) if total else 0


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
    """Seed Python, NumPy and torch."""
    from transformers import set_seed

    set_seed(seed)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that memory ran out, on a GPU or in torch's CPU allocator."""
    import torch

    texts = (
        "can't allocate memory",
        "not enough memory",
        "CUBLAS_STATUS_ALLOC_FAILED",
        "backend out of memory",  # MPS
    )
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
