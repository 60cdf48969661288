"""The processes that torchrun has started: the first one runs the plan, all of them train.

``torchrun.launch`` starts ``python -m harness.pipeline.engines.torchrun_child FILE``; FILE is a
pickle that it has just written in the store, never a file from outside. Under
``torchrun -m harness eval`` the same two functions are used.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from harness.models.device import Device, first_process
from harness.pipeline.engines.run_step import Ended, InProcessEngine, do, run_in
from harness.pipeline.engines.torchrun import TASK, end_with_parent
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step

LONGEST_WAIT = timedelta(hours=12)  # for other processes while the first one predicts


class FirstProcess(InProcessEngine):
    """The engine of torchrun's first process, which runs every step; the others only train.

    A failure ends the run, since the others may be waiting in the middle of a training.
    """

    def __init__(self, runtime: Runtime) -> None:
        """Store the runtime and prepare its device."""
        super().__init__(runtime)
        self.agree = agreement(runtime.device)
        self.failed = False

    def perform(self, step: Step) -> Ended:
        """Run a step; trainings run together with the other processes."""
        self.failed = True
        if not step.in_all_processes:
            ended = Ended(do(step, self.runtime))
        else:
            self.agree(step.key)
            ended = Ended(do(step, self.runtime, self.agree))
            self.agree(None)  # wait until the step is in the store
        self.failed = False
        return ended

    def close(self) -> None:
        """Tell the other processes to end."""
        super().close()
        if not self.failed:
            self.agree("")


def follow(steps: Sequence[Step], runtime: Runtime) -> None:
    """Take part, in another process, in the trainings that torchrun's first process begins."""
    runtime.device.prepare()
    by_key = {step.key: step for step in steps}
    agree = agreement(runtime.device)
    while key := agree(None):
        if work := agree(None):
            with runtime.store.aside() as folder:
                run_in(folder, by_key[key], runtime, Path(work))
        agree(None)
    runtime.forget()


def agreement(device: Device) -> Callable[[Any], Any]:
    """Return a function that gives every process of torchrun the first one's value."""
    from accelerate import PartialState
    from accelerate.utils import broadcast_object_list

    state = PartialState(cpu=device.kind == "cpu", timeout=LONGEST_WAIT)

    def agree(value: Any) -> Any:
        values = broadcast_object_list([value], from_process=0)
        state.wait_for_everyone()  # the sender may end and close before the others have it all
        return values[0]

    return agree


def main(task: Path) -> None:
    """Run one step in this process of torchrun."""
    end_with_parent()
    step, runtime = pickle.loads(task.read_bytes())  # noqa: S301 - see above
    try:
        if first_process():
            with closing(FirstProcess(runtime)) as engine:
                engine.perform(step)
        else:
            follow([step], runtime)
    except Exception as error:
        task.with_name(f"{TASK}.{os.environ['RANK']}").write_text(
            f"{error or type(error).__name__}"
        )
        os._exit(1)  # an orderly end would wait for processes that wait for this one


if __name__ == "__main__":
    main(Path(sys.argv[1]))
