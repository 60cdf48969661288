"""The engine on a Ray cluster; the store is a folder that all nodes see, or an fsspec URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.pipeline.engines.run_step import TOLD_EVERY, Ended, perform_apart, progress_of
from harness.pipeline.engines.schedule import Moved, Outcome

if TYPE_CHECKING:
    from harness.pipeline.steps.runtime import Runtime
    from harness.pipeline.steps.step import Step

RETRIES = 3  # for a step whose node or process was lost


class RayEngine:
    """An engine that runs steps as Ray tasks."""

    def __init__(self, runtime: Runtime, address: str) -> None:
        """Join a cluster.

        Args:
            runtime: What the tasks work with.
            address: Ray's address of the cluster, or ``auto`` for the one of this machine.

        Raises:
            HarnessError: Ray is not installed, or there is no cluster.
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
        device = runtime.device
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        self.task = ray.remote(
            num_cpus=device.threads,
            num_gpus=device.processes if device.kind == "cuda" else 0,
            max_retries=RETRIES,
            runtime_env={"env_vars": {name: str(device.threads) for name in names}},
        )(perform_apart)
        self.runtime = runtime
        self.shared = ray.put(runtime)
        self.running: dict[Any, tuple[int, Step]] = {}

    @property
    def slots(self) -> int:
        """Return how many steps to submit at once: one more than the cluster's CPUs take."""
        cpus = self.ray.cluster_resources().get("CPU", 1)
        return max(1, int(cpus // self.runtime.device.threads)) + 1

    def start(self, slot: int, step: Step) -> None:
        """Submit a step to the cluster."""
        self.running[self.task.remote(step, self.shared)] = (slot, step)

    def wait(self, moved: Moved) -> list[Outcome]:
        """Wait until a step has ended; return its outcome."""
        while True:
            done, _ = self.ray.wait(list(self.running), num_returns=1, timeout=TOLD_EVERY)
            if done:
                return [self._outcome(reference) for reference in done]
            for _, step in self.running.values():  # where the store is a folder that all see
                if progress := progress_of(self.runtime.store, step):
                    moved(step, *progress)

    def _outcome(self, reference: Any) -> Outcome:
        slot, step = self.running.pop(reference)
        try:
            ended = self.ray.get(reference)
        except Exception as error:
            ended = Ended(0.0, f"lost {RETRIES + 1} times ({type(error).__name__})")
        return Outcome(slot, step, *ended)

    def close(self) -> None:
        """Leave the cluster."""
        self.ray.shutdown()
