"""What a study will most likely show, before it is run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tabulate import tabulate

from harness import registry
from harness.comparison import spreads_of
from harness.comparison.table import AVERAGE
from harness.studies.study_file import BASELINE
from harness.studies.study_results import entries_of

if TYPE_CHECKING:
    from harness.pipeline.store.store import Store
    from harness.statistics.power import Spreads
    from harness.studies.expand import StudyPlan
    from harness.studies.study_file import Study

SEED_SD = 0.6  # points, of a run's score over seeds; an assumption
SEEDS = (1, 2, 3, 5, 10)


@dataclass(frozen=True)
class Power:
    """The smallest true effects that a study shows with 80 % power; prints as a table.

    Attributes:
        study: The study.
        spreads: Target to what its runs and items vary by, and where that is known from.
        rows: Rows that share their spreads: settings and baseline of a checkpoint and recipe.
        seeds: Seeds of the study.
        shared: Whether they are enough to share them.
    """

    study: str
    spreads: dict[str, tuple[Spreads, str]]
    rows: int
    seeds: int
    shared: bool

    def smallest(self, target: str, seeds: int) -> float:
        """Return the smallest effect on a target or on the mean of all, points."""
        from harness.statistics.power import Spreads, planned_effect

        if target == AVERAGE:
            spreads = Spreads.of_mean([one for one, _ in self.spreads.values()])
        else:
            spreads = self.spreads[target][0]
        rows = self.rows - (2 - spreads.sides)  # without a baseline that is not trained
        return planned_effect(seeds, spreads, rows * (seeds - 1) if self.shared else None)

    def __str__(self) -> str:
        """Return the table."""
        columns = sorted({*SEEDS, self.seeds})
        names = [*self.spreads, *([AVERAGE] if len(self.spreads) > 1 else [])]
        body = []
        for name in names:
            cells = [_text(self.smallest(name, k)) for k in columns]
            spreads, origin = self.spreads.get(name, (None, ""))
            known = (
                [f"{spreads.clusters:,.0f}", f"{math.sqrt(spreads.run):.2f}"]
                if spreads
                else ["", ""]
            )
            body.append([name, *known, *cells, origin])
        head = ["target", "clusters", "s.d. of a run", *(f"k={k}" for k in columns), "spreads"]
        align = ("left", *["right"] * (len(head) - 2), "left")
        table: str = tabulate(body, head, "simple", disable_numparse=True, colalign=align)
        how = f"shared by {self.rows} rows" if self.shared else "of each row alone"
        return (
            f"{self.study}: the smallest true effect (points) that k seeds a row show with 80 %"
            f" power, two-sided 5 %; spreads of runs {how}; the study has {self.seeds} seeds\n"
            f"{table}"
        )

    @property
    def line(self) -> str:
        """Return the line for the mean of all targets."""
        target = AVERAGE if len(self.spreads) > 1 else next(iter(self.spreads))
        assumed = all(origin == "assumed" for _, origin in self.spreads.values())
        return (
            f"smallest effect on {target if target != AVERAGE else 'the mean of all targets'} with"
            f" 80 % power: {_text(self.smallest(target, self.seeds))} points"
            f" ({self.seeds} {'seeds' if self.seeds > 1 else 'seed'},"
            f" {'spreads assumed' if assumed else 'spreads from the store'})"
        )


def _text(effect: float) -> str:
    return "–" if math.isinf(effect) else f"{effect:.1f}"


def power_of(
    study: Study, plan: StudyPlan | None, store: Store | None, seed_sd: float = SEED_SD
) -> Power:
    """Return what a study would show, by the spreads in the store where it has a target.

    Args:
        study: The study.
        plan: Its plan; None without data.
        store: Where finished steps are; None without a plan.
        seed_sd: Standard deviation of a run's score that is assumed elsewhere, points.
    """
    from harness.statistics.moderation import LEAST_RESIDUAL
    from harness.statistics.power import Spreads

    benchmark = registry.benchmark(study.benchmark)
    names = study.targets or tuple(
        name for name in benchmark.task_names() if name in registry.task_names()
    )
    known: dict[str, Spreads] = {}
    if plan is not None and store is not None:
        known = spreads_of(list(entries_of(plan, store).values()), names, BASELINE)
    spreads = {}
    for name in names:
        design = registry.task(name).design
        assumed = Spreads.of_clusters(
            design.clusters,
            seed_sd,
            design.item_sd,
            design.mixture_sd,
            sides=2.0 if benchmark.training_of(registry.task(name)) else 1.0,
        )
        spreads[name] = (known[name], "store") if name in known else (assumed, "assumed")
    rows, seeds = len(study.intermediate), len(study.seeds)
    return Power(
        study=study.name,
        spreads=spreads,
        rows=rows,
        seeds=seeds,
        shared=sum(rows - 3 + one.sides for one, _ in spreads.values()) >= LEAST_RESIDUAL,
    )
