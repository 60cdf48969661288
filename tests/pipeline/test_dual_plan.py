"""A dual encoder is measured by the pooling that it was trained with, wherever that was said."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.pipeline import plan
from harness.pipeline.steps.pool_step import PoolStep
from harness.pipeline.steps.train_step import TrainStep

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def planned(
    run: Call, tiny: Path, quickest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, list[Any]]]:
    """Plan mini's LAReQA with lines added to a recipe."""
    made: list[Any] = []
    make = plan.make_plan
    monkeypatch.setattr(plan, "make_plan", lambda request: made.append(make(request)) or made[-1])

    def call(lines: str) -> tuple[int, str, list[Any]]:
        recipe = tmp_path / "recipe.toml"
        recipe.write_text(f"{quickest.read_text()}\n{lines}\n")
        code, _, err = run(
            "eval", tiny, "--benchmark", "xtreme-r-mini", "--tasks", "lareqa", "--recipe", recipe,
            "--device", "cpu", "--dry-run", "--store", tmp_path / "store",
        )  # fmt: skip
        return code, err, made[-1].steps if made else []

    return call


@pytest.mark.parametrize("pooling", ["mean", "cls", "pooler", "auto"])
def test_the_pooling_of_the_training_counts(planned: Any, pooling: str) -> None:
    code, err, steps = planned(f'[format."dual encoder"]\npooling = "{pooling}"')
    assert code == 0, err
    (trained,) = [step for step in steps if isinstance(step, TrainStep)]
    learnt = trained.spec.sets[0].training.format.pooling
    assert learnt == ("pooler" if pooling == "auto" else pooling)
    assert {step.encoding.settings.pooling for step in steps if isinstance(step, PoolStep)} == {
        learnt
    }


def test_another_pooling_for_the_task_is_refused(planned: Any) -> None:
    code, err, _ = planned('[format."passage retrieval"]\npooling = "mean"')
    assert code == 2 and err.count("\n") == 1
    assert "pooling mean: lareqa is measured with what its dual encoder is trained with" in err
