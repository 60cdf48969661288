"""The engine on a Ray cluster; the store is a folder that all nodes see, or an fsspec URL."""

from __future__ import annotations

from concurrent.futures import Future

from harness.errors import HarnessError
from harness.pipeline.engines.apart import ApartEngine, perform_apart, thread_variables
from harness.pipeline.engines.run_step import Ended
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step

RETRIES = 3  # for a step whose node or process was lost


class RayEngine(ApartEngine):
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
        device, cpus = runtime.device, ray.cluster_resources().get("CPU", 1)
        # one more than the CPUs take, so that none waits for the next step
        super().__init__(runtime, max(1, int(cpus // device.threads)) + 1)
        self.ray = ray
        self.task = ray.remote(
            num_cpus=device.threads,
            num_gpus=device.processes if device.kind == "cuda" else 0,
            max_retries=RETRIES,
            runtime_env={"env_vars": thread_variables(device.threads)},
        )(perform_apart)
        self.shared = ray.put(runtime)

    def submit(self, slot: int, step: Step) -> Future[Ended]:
        """Submit a step to the cluster, whatever the slot."""
        future: Future[Ended] = self.task.remote(step, self.shared).future()
        return future

    def lost(self, error: Exception) -> str:
        """Return how often a step's node or process was lost."""
        return f"lost {RETRIES + 1} times ({type(error).__name__})"

    def close(self) -> None:
        """Leave the cluster."""
        self.ray.shutdown()
