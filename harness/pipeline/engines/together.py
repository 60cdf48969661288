"""One training in several processes on this machine, through torchrun, as a setting of the step.

``python -m harness.pipeline.engines.together FILE`` is what torchrun starts; FILE is a pickle
that ``launch`` has just written aside in the store, nothing from outside.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.pipeline.step import Step
    from harness.pipeline.store import Store
    from harness.pipeline.workbench import Workbench


def launch(step: Step, store: Store, bench: Workbench) -> None:
    """Do a training step with ``bench.device.processes`` processes.

    Raises:
        HarnessError: They ended without a result.
    """
    with store.aside() as folder:
        task = folder / "task.pickle"
        task.write_bytes(pickle.dumps((step, store, bench.source, bench.device)))
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command += ["--nproc-per-node", str(bench.device.processes)]
        command += ["-m", "harness.pipeline.engines.together", str(task)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    if store.find(step) is None:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise HarnessError(f"{step.name}: torchrun ended with code {done.returncode}: {said:.200}")


class _Quiet:
    """Progress that shows nothing."""

    @contextmanager
    def step(self, step: Step, place: int, total: int) -> Iterator[Callable[[int, int], None]]:
        """Take reports and say nothing."""
        yield lambda done, whole: None


def main(task: Path) -> None:
    """Run one step in this process of torchrun's."""
    from harness.pipeline.engines.local import run
    from harness.pipeline.workbench import Workbench

    step, store, source, device = pickle.loads(task.read_bytes())  # noqa: S301 - see above
    run([step], store, Workbench(source, device), _Quiet())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
