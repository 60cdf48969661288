"""The intervals cover the truth in simulated studies: a short form of benchmarks/coverage.py."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import numpy as np
import pytest
from support.places import ROOT

SLACK = 1.5  # points of coverage that fewer worlds may miss by


@pytest.fixture(scope="module")
def simulation() -> Iterator[ModuleType]:
    """The benchmark as a module; another has its name already."""
    spec = spec_from_file_location("simulation", ROOT / "benchmarks" / "coverage.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    sys.modules["simulation"] = module  # where its data classes look for their module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["simulation"]


@pytest.mark.slow
@pytest.mark.parametrize("runs", [3, 5, 10])
@pytest.mark.parametrize("share", [0.2, 0.8])
@pytest.mark.parametrize(
    ("tail", "sds", "low", "high"),
    [
        ("normal", (1, 1), 95, 95),
        ("normal", (2, 1), 95, 95),
        ("t5", (1, 1), 95, 97),
        ("skewed", (1, 1), 95, 97),
        ("normal", (1, 0), 95, 98),
    ],
)
def test_two_rows_alone(
    simulation: ModuleType,
    runs: int,
    share: float,
    tail: str,
    sds: tuple[int, int],
    low: float,
    high: float,
) -> None:
    covered = simulation.covered_alone(runs, share, tail, 0.0, sds, worlds=4000)
    assert low - SLACK <= covered <= high + SLACK


@pytest.mark.slow
@pytest.mark.parametrize("name", ["XNLI-like, runs rule", "small test, items rule"])
def test_single_answers(simulation: ModuleType, name: str) -> None:
    covered, _ = simulation.covered_items(simulation.SHAPES[name], 3, worlds=1500)
    assert covered == pytest.approx(95, abs=SLACK)


@pytest.mark.slow
@pytest.mark.parametrize(("runs", "unequal"), [(1, 0.0), (3, 0.0), (3, 0.4), (10, 0.0)])
def test_studies_that_share_spreads(simulation: ModuleType, runs: int, unequal: float) -> None:
    found = simulation.family(runs, 9, 9, unequal, studies=150, alone=False)
    assert 100 * found.covered / found.studies == pytest.approx(95, abs=SLACK)
    if runs > 1:
        assert 100 * found.bh_false / found.studies <= 6 + SLACK
        assert 100 * found.bh_true / found.studies > 45


@pytest.mark.slow
@pytest.mark.parametrize("gap", [0.0, 1.0])
def test_rank_intervals(simulation: ModuleType, gap: float) -> None:
    holds, width = simulation.ranks_hold(gap, studies=150)
    assert holds >= 94 - SLACK
    assert width <= 9


def test_what_is_simulated_is_what_is_shipped(simulation: ModuleType) -> None:
    """The many worlds at once have the interval of ``difference`` world by world."""
    from harness.statistics import difference, moderate

    theta, z = simulation.plain(
        np.random.default_rng(0), (20, 2, 3), np.ones(2), 3.0, 4.0, clusters=30
    )
    means, made = simulation.two_rows(theta, z, 30)
    for i in range(20):
        one = simulation.panel(theta[i], z[i], (False, False))
        runs = moderate(one.variances, 2).of(one.variances, 2)
        shipped = difference(one, 0, 1, runs)
        assert shipped.estimate == pytest.approx(means[i])
        assert shipped.half == pytest.approx(made.half_width()[i])
