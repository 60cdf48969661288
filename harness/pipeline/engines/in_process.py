"""One slot: this process itself."""

from __future__ import annotations

from harness.pipeline.engines.run_step import Ended, perform
from harness.pipeline.engines.schedule import Moved, Outcome
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step


class InProcessEngine:
    """An engine that does a step while it is waited for."""

    slots = 1

    def __init__(self, runtime: Runtime) -> None:
        """Take what steps work with."""
        runtime.device.prepare()
        self.runtime = runtime
        self.begun: list[tuple[int, Step]] = []

    def start(self, slot: int, step: Step) -> None:
        """Take a step."""
        self.begun.append((slot, step))

    def wait(self, moved: Moved) -> list[Outcome]:
        """Do the step."""
        slot, step = self.begun.pop()
        self.runtime.report = lambda done, total: moved(step, done, total)
        return [Outcome(slot, step, *self.perform(step))]

    def perform(self, step: Step) -> Ended:
        """Do a step in this process."""
        return perform(step, self.runtime)

    def close(self) -> None:
        """Free the loaded model."""
        self.runtime.forget()
