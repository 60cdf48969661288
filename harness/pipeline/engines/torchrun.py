"""One training in several processes on this machine, through torchrun, as a setting of the step.

``python -m harness.pipeline.engines.torchrun FILE`` is what torchrun starts; FILE is a pickle
that ``launch`` has just written aside in the store, nothing from outside.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError

TASK = "task.pickle"
WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.pipeline.steps.runtime import Runtime
    from harness.pipeline.steps.step import Step
    from harness.pipeline.store.store import Store


def launch(step: Step, store: Store, bench: Runtime) -> None:
    """Do a training step with ``bench.device.processes`` processes.

    Raises:
        HarnessError: They ended without a result.
    """
    with store.aside() as folder:
        task = folder / TASK
        task.write_bytes(pickle.dumps((step, store, bench.source, bench.device)))
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command += ["--nproc-per-node", str(bench.device.processes)]
        command += ["-m", "harness.pipeline.engines.torchrun", str(task)]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, preexec_fn=end_with_parent
        )
        why = [path.read_text() for path in sorted(folder.glob(f"{TASK}.*"))]
    if not store.has(step):
        said = (why or done.stderr.strip().splitlines()[-1:] or ["nothing"])[0]
        raise HarnessError(f"torchrun ended with code {done.returncode}: {said:.400}")


def end_with_parent() -> None:
    """Let this process be killed when its parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(WITH_PARENT, signal.SIGKILL)


class _Quiet:
    """Progress that shows nothing."""

    @contextmanager
    def step(self, step: Step, place: int, total: int) -> Iterator[Callable[[int, int], None]]:
        """Take reports and say nothing."""
        yield lambda done, whole: None


def main(task: Path) -> None:
    """Run one step in this process of torchrun's."""
    from harness.pipeline.engines.run_step import run
    from harness.pipeline.steps.runtime import Runtime

    end_with_parent()
    step, store, source, device = pickle.loads(task.read_bytes())  # noqa: S301 - see above
    try:
        run([step], store, Runtime(source, device), _Quiet())
    except Exception as error:
        rank = os.environ.get("RANK", "0")
        task.with_name(f"{TASK}.{rank}").write_text(f"{error or type(error).__name__}")
        os._exit(1)  # an orderly end would wait for processes that wait for this one


if __name__ == "__main__":
    main(Path(sys.argv[1]))
