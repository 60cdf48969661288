"""One training in several processes on this machine, started by torchrun."""

from __future__ import annotations

import ctypes
import pickle
import signal
import subprocess
import sys

from harness.errors import HarnessError
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step

TASK = "task.pickle"


def launch(step: Step, runtime: Runtime) -> None:
    """Run a training step with ``runtime.device.processes`` processes.

    Raises:
        HarnessError: They ended without a result.
    """
    with runtime.store.aside() as folder:
        task = folder / TASK
        task.write_bytes(pickle.dumps((step, runtime)))
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command += ["--nproc-per-node", str(runtime.device.processes)]
        command += ["-m", "harness.pipeline.engines.torchrun_child", str(task)]
        process = subprocess.run(
            command, check=False, capture_output=True, text=True, preexec_fn=end_with_parent
        )
        errors = [path.read_text() for path in sorted(folder.glob(f"{TASK}.*"))]
    if not runtime.store.has(step):
        message = (errors or process.stderr.strip().splitlines()[-1:] or ["nothing"])[0]
        raise HarnessError(f"torchrun ended with code {process.returncode}: {message:.400}")


def end_with_parent() -> None:
    """Have this process killed when its parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG of prctl(2)
