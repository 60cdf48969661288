"""One slot: this process itself."""

from __future__ import annotations

from harness.pipeline.engines.schedule import Outcome
from harness.pipeline.engines.workers import Site, perform
from harness.pipeline.steps.step import Step


class InProcessEngine:
    """An engine that does a step as soon as it is started."""

    slots = 1

    def __init__(self, site: Site) -> None:
        """Take what steps need."""
        self.site = site
        self.ended: list[Outcome] = []

    def start(self, slot: int, step: Step) -> None:
        """Do a step."""
        self.ended.append(Outcome(slot, step, *perform(step, self.site)))

    def wait(self) -> list[Outcome]:
        """Return the step that has ended."""
        ended, self.ended = self.ended, []
        return ended

    def close(self) -> None:
        """Nothing is held."""
