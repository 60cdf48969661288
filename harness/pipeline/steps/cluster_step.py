"""The step that finds which test examples of a task belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from harness.declarations import Task
from harness.formats.common import values_of
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step, format_identity
from harness.submission.cluster_sums import clusters_of

CLUSTERS = "clusters.safetensors"


@dataclass(frozen=True, eq=False, kw_only=True)
class ClusterStep(Step):
    """Put test examples that share an item or a passage into clusters, once for all runs.

    Attributes:
        task: The task.
        data: A hash of the test examples of each language.
    """

    kind: ClassVar[str] = "cluster"
    unit: ClassVar[str] = "languages"
    asked_for: ClassVar[bool] = False

    task: Task
    data: Mapping[str, str]

    def identity(self) -> Mapping[str, Any]:
        """Return what decides the clusters: also the format's values that change no result."""
        form: Any = self.task.format
        return {
            "task": self.task.name,
            "format": format_identity(form) | values_of(form),
            "data": self.data,
        }

    def run(self, folder: Path, parents: tuple[Path, ...], runtime: Runtime) -> dict[str, Any]:
        """Find the clusters and write them."""
        form, source = self.task.format, runtime.source
        clusters = clusters_of(
            self.data, lambda code: form.keys(source.examples(self.task, "test", code))
        )
        clusters.save(folder / CLUSTERS)
        return {"joint": clusters.joint}
