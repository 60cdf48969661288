"""A Ray cluster: steps as tasks; the store is a folder that all nodes see, or an fsspec URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.pipeline.engines.schedule import Outcome
from harness.pipeline.engines.workers import Site, perform

if TYPE_CHECKING:
    from harness.pipeline.steps.step import Step

RETRIES = 3  # of a step whose node or process was lost


class RayEngine:
    """An engine of Ray tasks."""

    def __init__(self, site: Site, address: str) -> None:
        """Join a cluster.

        Args:
            site: What the tasks need.
            address: Ray's address of the cluster, or ``auto`` for the one of this machine.

        Raises:
            HarnessError: Ray is not installed, or no cluster is there.
        """
        try:
            import ray
        except ImportError as error:
            raise HarnessError("--ray needs Ray: pip install 'xtreme-harness[ray]'") from error
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise HarnessError(
                f"no Ray cluster at {address!r} ({error!s:.100}); start one with ray start --head"
            ) from error
        self.ray = ray
        threads = site.device.threads
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        self.task = ray.remote(
            num_cpus=threads,
            num_gpus=site.device.processes if site.device.kind == "cuda" else 0,
            max_retries=RETRIES,
            runtime_env={"env_vars": {name: str(threads) for name in names}},
        )(_task)
        self.site = ray.put(site)
        self.threads = threads
        self.running: dict[Any, tuple[int, Step]] = {}

    @property
    def slots(self) -> int:
        """How many steps may be in hand at once: all that the cluster's CPUs take, and one more."""
        cpus = self.ray.cluster_resources().get("CPU", 1)
        return max(1, int(cpus // self.threads)) + 1

    def start(self, slot: int, step: Step) -> None:
        """Hand a step to the cluster."""
        self.running[self.task.remote(step, self.site)] = (slot, step)

    def wait(self) -> list[Outcome]:
        """Wait until a step has ended; return it."""
        done, _ = self.ray.wait(list(self.running), num_returns=1)
        return [self._outcome(reference) for reference in done]

    def _outcome(self, reference: Any) -> Outcome:
        slot, step = self.running.pop(reference)
        try:
            seconds, error = self.ray.get(reference)
        except Exception as lost:
            seconds, error = 0.0, f"lost {RETRIES + 1} times ({type(lost).__name__})"
        return Outcome(slot, step, seconds, error)

    def close(self) -> None:
        """Leave the cluster."""
        self.ray.shutdown()


def _task(step: Step, site: Site) -> tuple[float, str]:
    """Do a step on whatever node Ray has chosen."""
    return perform(step, site)
