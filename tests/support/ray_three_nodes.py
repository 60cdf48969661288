"""A study on a real Ray of three nodes, one of them killed on the way; run by test_ray.py.

``python ray_three_nodes.py STUDY STORE`` prints one line of JSON. STORE is a folder or URL.
"""

import json
import os
import signal
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="0")
KILL_AFTER = 5  # steps
LONGEST = 800  # seconds, after which everything is ended whatever it does
PATIENCE = 600  # seconds for Ray to find a node or to miss one; it is told, not timed


class Watch:
    """Kills a node once some steps are done, while the others are in hand."""

    def __init__(self, kill) -> None:
        self.kill, self.done, self.thread = kill, 0, None
        self.errors: list[str] = []

    def begun(self, step) -> None:
        """Say nothing."""

    def moved(self, step, done: int, total: int) -> None:
        """Say nothing."""

    def ended(self, outcome, done: int, total: int) -> None:
        self.done += 1
        if outcome.error:
            self.errors.append(f"{outcome.step.name}: {outcome.error}")
        print(f"[{done}/{total}] {outcome.step.name} {outcome.error}", file=sys.stderr, flush=True)
        if self.done == KILL_AFTER:
            self.thread = threading.Thread(target=self.kill)
            self.thread.start()


def interrupted(*_: object) -> None:
    raise SystemExit(143)


def main(file: Path, where: str) -> None:
    import ray
    from ray.cluster_utils import Cluster as Nodes

    from harness import places
    from harness.data.memory import Memory
    from harness.pipeline.engines.ray_cluster import RayEngine
    from harness.pipeline.engines.schedule import run_all
    from harness.pipeline.steps.needed import to_do
    from harness.pipeline.steps.runtime import Runtime
    from harness.pipeline.store.remote import open_store
    from harness.studies.expand import plan_study
    from harness.studies.study_file import read_study

    signal.signal(signal.SIGTERM, interrupted)
    whole = plan_study(read_study(file), Memory(places.memory()))
    store = open_store(where)
    nodes = Nodes()
    try:
        small = {"num_cpus": 1, "object_store_memory": 100 << 20, "include_dashboard": False}
        nodes.add_node(**small)
        others = [nodes.add_node(**small) for _ in range(2)]
        nodes.wait_for_nodes(timeout=PATIENCE)
        killed = threading.Event()

        def kill() -> None:
            nodes.remove_node(others[-1], allow_graceful=False)
            killed.set()

        watch = Watch(kill)
        runtime = Runtime(store, whole.request.source, whole.request.device)
        with closing(RayEngine(runtime, nodes.address)) as engine:
            alive = [node for node in ray.nodes() if node["Alive"]]
            slots = engine.slots
            report = run_all(to_do(whole.steps, store.sound), engine, watch)
            watch.thread.join()
            limit = time.monotonic() + PATIENCE
            while len(left := [n for n in ray.nodes() if n["Alive"]]) > 2:
                if time.monotonic() > limit:
                    break
                time.sleep(0.5)
        print(json.dumps({
            "nodes": len(alive), "left": len(left), "slots": slots, "killed": killed.is_set(),
            "ran": report.ran, "failed": watch.errors, "skipped": len(report.skipped),
            "steps": len(whole.steps),
        }), flush=True)  # fmt: skip
    finally:
        ray.shutdown()
        nodes.shutdown()


if __name__ == "__main__":
    timer = threading.Timer(LONGEST, os.kill, (os.getpid(), signal.SIGTERM))
    timer.daemon = True
    timer.start()
    main(Path(sys.argv[1]), sys.argv[2])
    timer.cancel()
