"""A dual encoder is measured by the pooling that it was trained with, wherever that was said."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import families

from harness import recipes, registry
from harness.data.memory import Memory
from harness.data.open_source import open_source
from harness.models.checkpoint import open_checkpoint
from harness.models.device import choose_device
from harness.pipeline import plan
from harness.pipeline.plan_training import Intermediate, intermediate_step
from harness.pipeline.request import Request
from harness.pipeline.steps.pool_step import PoolStep
from harness.pipeline.steps.train_step import TrainStep

Call = Callable[..., tuple[int, str, str]]
BENCHMARK = registry.benchmark("xtreme-r-mini")


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


def test_an_encoder_of_two_layers_gets_the_settings_of_smaller_ones(planned: Any) -> None:
    code, err, steps = planned("[smaller.training.squad-passages]\nbatch_size = 5")
    assert code == 0, err
    (trained,) = [step for step in steps if isinstance(step, TrainStep)]
    assert trained.spec.sets[0].settings.batch_size == 5


def test_another_pooling_for_the_task_is_refused(planned: Any) -> None:
    code, err, _ = planned('[format."passage retrieval"]\npooling = "mean"')
    assert code == 2 and err.count("\n") == 1
    assert "pooling mean: lareqa is measured with what its dual encoder is trained with" in err


def asked_of(path: Path, recipe: Path) -> Request:
    return Request(
        open_checkpoint(str(path), offline=True), BENCHMARK,
        open_source(None, None, BENCHMARK, Memory(), offline=True), recipes.load(str(recipe)),
        choose_device("cpu", "fp32", 1), tasks=("lareqa",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("family", "first", "said"),
    [
        ("tiny", (), "tiny-xlmr: its files hold no pooler"),
        ("tiny", ("socialiqa",), ""),
        ("tiny", ("mnli",), "tiny-xlmr after mnli: its files hold no pooler"),
        ("tiny", ("mnli", "squad-passages"), ""),
        ("tiny_bert", (), ""),
        ("tiny_bert", ("mnli",), ""),
        ("tiny_bert", ("squad",), "tiny-mbert after squad: its files hold no pooler"),
        ("distilbert", ("squad",), "distilbert after squad: its family has no pooler"),
    ],
)
def test_a_pooler_that_is_learnt_from_scratch_is_said(
    family: str, first: tuple[str, ...], said: str, request: Any, quickest: Path, tmp_path: Path
) -> None:
    if family == "distilbert":
        path = families.distilbert(tmp_path / family)
    else:
        path = request.getfixturevalue(family)
    asked = asked_of(path, quickest)
    if first:
        before = intermediate_step(asked, Intermediate("before", first), [])
        asked = replace(asked, start=before)
    notes: list[str] = []
    intermediate_step(asked, Intermediate("pairs", ("squad-passages",)), notes)
    found = [note for note in notes if "pooler" in note]
    assert [note.startswith(said) for note in found] == ([True] if said else [])


def test_the_stage_before_counts_for_it(
    tiny: Path, quickest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = registry.task("lareqa")
    assert task.training is not None
    staged = replace(task, training=replace(task.training, after=registry.training("mnli")))
    monkeypatch.setattr(registry, "task", lambda name: staged)
    notes = [note for note in plan.make_plan(asked_of(tiny, quickest)).notes if "pooler" in note]
    assert [note.partition(":")[0] for note in notes] == ["tiny-xlmr after mnli"]


def test_what_two_trainings_share_is_said_once(tiny: Path, quickest: Path) -> None:
    asked = replace(asked_of(tiny, quickest), tasks=("lareqa", "mewslix"))
    notes = [note for note in plan.make_plan(asked).notes if "hold no pooler" in note]
    assert len(notes) == 1
