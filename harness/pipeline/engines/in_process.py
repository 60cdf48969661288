"""The engine that runs steps in this process, in one slot."""

from __future__ import annotations

from harness.pipeline.engines.run_step import Ended, perform
from harness.pipeline.engines.schedule import Moved, Outcome
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step


class InProcessEngine:
    """An engine that runs a step in ``wait``."""

    slots = 1

    def __init__(self, runtime: Runtime) -> None:
        """Store the runtime and prepare its device."""
        runtime.device.prepare()
        self.runtime = runtime
        self.begun: list[tuple[int, Step]] = []

    def start(self, slot: int, step: Step) -> None:
        """Store the step for ``wait``."""
        self.begun.append((slot, step))

    def wait(self, moved: Moved) -> list[Outcome]:
        """Run the step and return its outcome."""
        slot, step = self.begun.pop()
        self.runtime.report = lambda done, total: moved(step, done, total)
        return [Outcome(slot, step, *self.perform(step))]

    def perform(self, step: Step) -> Ended:
        """Run a step in this process."""
        return perform(step, self.runtime)

    def close(self) -> None:
        """Free the loaded model."""
        self.runtime.forget()
