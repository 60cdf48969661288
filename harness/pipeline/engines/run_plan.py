"""Running the unfinished steps of a plan on an engine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from harness.errors import HarnessError
from harness.models.device import first_process, processes
from harness.pipeline.engines.run_step import InProcessEngine
from harness.pipeline.engines.schedule import Engine, Progress, Report, run_all
from harness.pipeline.steps.needed import to_do
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step


@dataclass(frozen=True)
class EngineChoice:
    """The engine that steps run on.

    Attributes:
        workers: Worker processes on this machine; 1 runs the steps in this process.
        ray: Address of a Ray cluster, ``auto`` for the one of this machine, "" for none.
    """

    workers: int = 1
    ray: str = ""

    def __post_init__(self) -> None:
        """Refuse two engines at once.

        Raises:
            HarnessError: Two were asked for.
        """
        if self.ray and self.workers > 1:
            raise HarnessError("--ray and --workers: a cluster's slots are its own; choose one")
        if processes() > 1 and (self.ray or self.workers > 1):
            raise HarnessError("torchrun with --ray or --workers: choose one")

    def engine(self, runtime: Runtime) -> Engine:
        """Return the engine; its libraries are imported only now.

        Raises:
            HarnessError: The engine is not available.
        """
        if processes() > 1:
            from harness.pipeline.engines.torchrun_child import FirstProcess

            return FirstProcess(runtime)
        if self.ray:
            from harness.pipeline.engines.ray_cluster import RayEngine

            return RayEngine(runtime, self.ray)
        if self.workers > 1:
            from harness.pipeline.engines.local import LocalEngine

            return LocalEngine(runtime, self.workers)
        return InProcessEngine(runtime)


IN_PROCESS = EngineChoice()


def run_plan(
    steps: Sequence[Step], runtime: Runtime, progress: Progress, choice: EngineChoice = IN_PROCESS
) -> Report:
    """Run the unfinished steps of a plan and go on after failures.

    Under torchrun all processes train together; only the first one predicts, scores and writes.

    Args:
        steps: All steps, parents before children.
        runtime: What they work with.
        progress: Receives each step's progress.
        choice: The engine.

    Raises:
        HarnessError: The disk is full or forbidden, or, under torchrun, a step failed.
    """
    if not first_process():
        from harness.pipeline.engines.torchrun_child import follow

        follow(steps, runtime)
        return Report()
    store = runtime.store
    store.sweep()
    todo = to_do(steps, store.sound)
    report = Report()
    if not todo and processes() == 1:
        return report
    try:
        with closing(choice.engine(runtime)) as engine:
            progress.opened(len(todo))
            report = run_all(todo, engine, progress)
    except KeyboardInterrupt:
        total, left = len(steps), len(to_do(steps, store.has))
        progress.interrupted(total - left, total, store.address)
        raise
    finally:
        progress.closed(report)
    return report
