"""Training in stages: Social IQa, then COPA, each an ordinary step; the last weights of both."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.causes import write_xcopa
from support.entries import restate
from support.trainings import SETTINGS, device, ignore, rows_of, spec_of

from harness import recipes, registry
from harness.data.folder import FolderSource
from harness.data.memory import Memory
from harness.declarations import Task, TrainingSet
from harness.errors import HarnessError
from harness.models.checkpoint import open_checkpoint
from harness.models.device import choose_device
from harness.pipeline.plan import Plan, make_plan
from harness.pipeline.plan_training import Intermediate, intermediate_step, target_step
from harness.pipeline.request import Request
from harness.pipeline.steps.predict_step import PredictStep
from harness.pipeline.steps.train_step import TrainStep, started
from harness.studies.expand import plan_study
from harness.studies.study_file import read_study
from harness.studies.study_submit import _started_from, _target_trainings
from harness.submission.checks import findings_of
from harness.submission.entries import incoming_of
from harness.submission.findings import ERROR
from harness.submission.record import training_of
from harness.training import dev_eval, loop
from harness.training.resume import History

Run = Callable[..., tuple[int, str, str]]
LAST = '[training.socialiqa]\nchoose = "last"\n[training.copa]\nchoose = "last"\nepochs = 2\n'


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_xcopa(tmp_path_factory.mktemp("xcopa") / "data")


@pytest.fixture(scope="module")
def recipe(quickest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "last.toml"
    path.write_text(quickest.read_text() + LAST)
    return path


def request(tiny: Path, data: Path, recipe: Path, **more: Any) -> Request:
    return Request(
        checkpoint=open_checkpoint(str(tiny), offline=True),
        benchmark=registry.benchmark("xtreme-r"),
        source=FolderSource(data / "xtreme", data / "labels"),
        recipe=recipes.load(str(recipe)),
        device=choose_device("cpu", "fp32", 1),
        **{"tasks": ("xcopa",), "seed": 1} | more,
    )


def trainings(plan: Plan) -> list[TrainStep]:
    return [step for step in plan.steps if isinstance(step, TrainStep)]


def test_a_plan_has_both_stages(tiny: Path, data: Path, recipe: Path) -> None:
    asked = request(tiny, data, recipe)
    plan = make_plan(asked)
    first, second = trainings(plan)
    assert (first.name, second.name) == ("train socialiqa", "train copa")
    assert first.parents == () and second.parents == (first,)
    assert first.spec.sets[0].kept is None and second.spec.sets[0].kept == 0
    predicted = list(plan.predictions["xcopa"].values())
    assert [one.parents for one in predicted] == [(second,)] * 2
    assert plan.steps.index(first) < plan.steps.index(second) < plan.steps.index(predicted[0])
    assert training_of("last", [one.spec for one in trainings(plan)]).selection == "last"
    usual = replace(asked, recipe=recipes.load("quick"))
    assert training_of("quick", [s.spec for s in trainings(make_plan(usual))]).selection == (
        "english-dev"
    )


def test_the_first_stage_is_shared_and_decides_the_second(
    tiny: Path, data: Path, recipe: Path
) -> None:
    asked = request(tiny, data, recipe)
    first, second = trainings(make_plan(asked))
    steps: dict[str, TrainStep] = {}
    target_step(asked, registry.training("socialiqa"), steps)  # as another task's own set
    copa = registry.task("xcopa").training
    assert copa is not None
    again = target_step(asked, copa, steps)
    assert list(steps) == ["socialiqa", "copa"]
    assert (steps["socialiqa"].key, again.key) == (first.key, second.key)
    alone = target_step(asked, replace(copa, after=None), {})
    assert alone.parents == () and alone.key != second.key
    slower = asked.recipe.changed({"training": {"socialiqa": {"learning_rate": 1e-6}}})
    others = trainings(make_plan(replace(asked, recipe=slower)))
    assert others[0].key != first.key and others[1].key != second.key
    assert others[1].identity() == second.identity()  # by its parent alone


def test_a_stage_of_another_kind_gives_its_encoder_alone(
    tiny: Path, data: Path, recipe: Path
) -> None:
    shutil.copytree(data.parent / "data", data.parent / "more", dirs_exist_ok=True)
    from support.places import MINI

    shutil.copytree(MINI / "xtreme/squad", data.parent / "more/xtreme/squad", dirs_exist_ok=True)
    asked = request(tiny, data.parent / "more", recipe)
    after: TrainingSet = replace(registry.training("squad"), held_out="")
    copa = registry.task("xcopa").training
    assert copa is not None
    step = target_step(asked, replace(copa, after=after), {})
    assert step.parents[0].name == "train squad" and step.spec.sets[0].kept is None


def test_a_missing_stage_is_told(tiny: Path, tmp_path: Path, recipe: Path) -> None:
    data = write_xcopa(tmp_path / "data")
    shutil.rmtree(data / "intermediate")
    with pytest.raises(HarnessError, match=r"socialiqa: no train data .* copa is learnt after it$"):
        make_plan(request(tiny, data, recipe))


def test_a_task_that_fails_on_its_own_set_leaves_no_earlier_stage(
    tiny: Path, tmp_path: Path, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another task that learns from the first stage's set still gets its step."""
    data = write_xcopa(tmp_path / "data")
    (data / "xtreme/xcopa/train-en.jsonl").unlink()
    xcopa = registry.task("xcopa")
    tasks: dict[str, Task] = {
        "xcopa": xcopa,
        "xnli": replace(xcopa, name="xnli", training=registry.training("socialiqa")),
    }
    monkeypatch.setattr(registry, "task", lambda name: tasks[name])
    monkeypatch.setattr(registry, "task_names", lambda: tuple(tasks))
    plan = make_plan(request(tiny, data, recipe, tasks=()))
    assert "xcopa" in plan.skipped and [s.name for s in trainings(plan)] == ["train socialiqa"]
    assert plan.predictions["xnli"]["et"].training in plan.steps


def test_a_set_with_stages_is_no_intermediate_task(
    tiny: Path, data: Path, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copa = registry.task("xcopa").training
    monkeypatch.setattr(registry, "training", lambda name: copa)
    with pytest.raises(HarnessError, match=r"^copa is learnt after socialiqa, as a target's set"):
        intermediate_step(request(tiny, data, recipe), Intermediate("copa", ("copa",)), [])


STUDY = """benchmark = "xtreme-r"
recipes = ["{recipe}"]
data = "{data}"
languages = ["et"]
targets = ["xcopa"]
seeds = [1]
device = "cpu"
threads = 1
[checkpoints]
tiny = "{tiny}"
[intermediate]
socialiqa = ["socialiqa"]
"""


def test_a_study_whose_setting_is_the_first_stage_runs_both(
    tiny: Path, data: Path, recipe: Path, tmp_path: Path
) -> None:
    path = tmp_path / "stages.toml"
    path.write_text(STUDY.format(recipe=recipe, data=data, tiny=tiny))
    whole = plan_study(read_study(path), Memory(tmp_path / "memory"), offline=True)
    baseline, treated = whole.cells
    first, second = trainings(baseline.plan)
    before, *own = trainings(treated.plan)
    assert before.name == "train intermediate socialiqa (seed 1)"
    assert [one.name.partition(" (")[0] for one in own] == ["train socialiqa", "train copa"]
    assert own[0].parents == (before,) and own[1].parents == (own[0],)
    assert len({step.key for step in (first, second, before, *own)}) == 5
    assert _started_from(treated, whole) is before and _started_from(baseline, whole) is None
    steps: list[PredictStep] = list(treated.plan.predictions["xcopa"].values())
    assert _target_trainings(steps, whole) == [own[1].spec, own[0].spec]
    assert training_of("last", _target_trainings(steps, whole)).selection == "last"


def test_a_study_has_the_settings_of_each_checkpoints_size(
    tiny: Path, data: Path, quickest: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "sized.toml"
    smaller = "[smaller.training.copa]\nlearning_rate = 1e-6\n"
    recipe.write_text(quickest.read_text() + smaller)
    path = tmp_path / "sized-study.toml"
    path.write_text(STUDY.format(recipe=recipe, data=data, tiny=tiny))
    whole = plan_study(read_study(path), Memory(tmp_path / "memory"), offline=True)
    rates = [one.spec.settings.learning_rate for one in trainings(whole.cells[0].plan)]
    assert rates == [1e-3, 1e-6]


@pytest.fixture(scope="module")
def evaluated(
    tiny: Path, data: Path, recipe: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A whole run on two languages, with its store beside it."""
    from support.command_line import in_process

    folder = tmp_path_factory.mktemp("evaluated")
    code, out, err = in_process(
        "eval", tiny, "--benchmark", "xtreme-r", "--tasks", "xcopa", "--data", data,
        "--recipe", recipe, "--device", "cpu", "--threads", 1, "--languages", "et,qu",
        "--store", folder / "store", "--output", folder / "out",
    )  # fmt: skip
    assert code == 0, err
    assert "train    socialiqa" in err + out and "train    copa" in err + out
    return folder


def test_the_second_stage_starts_from_encoder_and_head_of_the_first(
    tiny: Path, data: Path, recipe: Path, evaluated: Path
) -> None:
    import torch
    from safetensors.torch import load_file

    from harness.models.tokenizer import load_tokenizer
    from harness.pipeline.store.store import Store

    store = Store(evaluated / "store")
    first, second = trainings(make_plan(request(tiny, data, recipe, seed=42)))
    place = store.fetched(first)
    spec = replace(second.spec, checkpoint=started(second.spec.checkpoint, (place,)))
    model, _ = loop._model(spec, load_tokenizer(tiny))
    head = load_file(place / "heads" / "0" / "model.safetensors")
    encoder = load_file(place / "model.safetensors")
    assert {name.partition(".")[0] for name in head} == {"classifier"}
    assert any(name.startswith("pooler.") for name in encoder)
    weights = dict(model.models[0].named_parameters())
    for name, value in head.items():
        assert torch.equal(weights[name], value)
    for name, value in encoder.items():
        assert torch.equal(weights[f"{model.models[0].base_model_prefix}.{name}"], value), name
    learnt = load_file(store.fetched(second) / "heads" / "0" / "model.safetensors")
    assert learnt.keys() == head.keys() and not torch.equal(
        learnt["classifier.weight"], head["classifier.weight"]
    )
    config = json.loads((store.fetched(second) / "heads/0/config.json").read_text())
    assert config["id2label"] == {"0": "0", "1": "1"}


def test_the_entry_of_a_run_is_validated_and_verified(
    evaluated: Path, data: Path, tmp_path: Path, run: Run
) -> None:
    file = evaluated / "out/predictions/xcopa/test-qu.jsonl"
    lines = file.read_text("utf-8").splitlines()
    assert len(lines) == 60 and set(lines) <= {'{"label": 0}', '{"label": 1}'}
    value = json.loads((evaluated / "out/submission.json").read_text("utf-8"))
    assert value["training"]["selection"] == "last"
    words = ("--slug", "small", "--licence", "CC-BY-4.0", "--submitter", "Lab")
    code, _, err = run("submission", "pack", evaluated / "out", *words, "--output", tmp_path)
    assert code == 0, err
    code, out, err = run("submission", "validate", tmp_path / "small")
    assert code == 0, out + err
    code, out, err = run("submission", "verify", tmp_path / "small", "--labels", data / "labels")
    assert code == 0, out + err
    verified = json.loads((tmp_path / "small/verified.json").read_text("utf-8"))
    gold = [i % 2 for i in range(60)]
    found = [json.loads(line)["label"] for line in lines]
    right = 100 * sum(one == other for one, other in zip(gold, found, strict=True)) / 60
    assert f"{right:.4f}"[:5] in json.dumps(verified)


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ('{"label": 2}', {"P402"}),
        ("", {"P403"}),
        ("0", {"P402"}),
        ('{"label": 0', {"X107"}),
        ("[1", {"X107"}),
        ('{"label": NaN}', {"X107"}),
        ('{"label": 0, "label": 1}', {"X107"}),
        ("[" * 60 + "]" * 60, {"X107"}),
        ('{"label": 0, "x": "' + "a" * 100_001 + '"}', {"X103"}),
        ('{"label": 1' + "0" * 60 + "}", {"X107"}),
    ],
)
def test_a_bad_line_of_an_entry_is_told_with_code_and_line(
    line: str, codes: set[str], evaluated: Path, tmp_path: Path, run: Run
) -> None:
    words = ("--slug", "small", "--licence", "CC-BY-4.0", "--submitter", "Lab")
    code, _, err = run("submission", "pack", evaluated / "out", *words, "--output", tmp_path)
    assert code == 0, err
    (file,) = (tmp_path / "small").rglob("test-qu.jsonl")
    lines = file.read_text("utf-8").splitlines()
    lines[4] = line
    file.write_text("\n".join([*lines, ""]), "utf-8")
    restate(tmp_path / "small")
    found = findings_of(incoming_of(tmp_path / "small"))
    errors = [one for one in found if one.severity is ERROR]
    assert {one.code for one in errors} == codes and {one.line for one in errors} == {5}
    assert all(one.file.endswith("test-qu.jsonl") for one in errors)


# -- the setting choose ----------------------------------------------------------------------------


def test_the_weights_after_the_last_update_are_kept_where_the_recipe_chooses_them(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.torch import load_file

    results = {}
    for choose in ("best", "last"):
        scores = iter([60.0, 10.0])
        monkeypatch.setattr(dev_eval, "headline", lambda metric, found, scores=scores: next(scores))
        spec = spec_of(tiny, replace(SETTINGS, choose=choose))
        work, out = tmp_path / choose / "work", tmp_path / choose / "out"
        results[choose] = loop.train(spec, rows_of(spec), device(), work, out, ignore)
        assert {path.name for path in work.glob("best-*")} == {
            f"best-{results[choose]['best_update']}"
        }
    best, last = results["best"], results["last"]
    assert best["dev_checks"]["steps"] == last["dev_checks"]["steps"]
    assert (best["best_update"], best["dev_score"]) == (best["dev_checks"]["steps"][0], 60.0)
    assert (last["best_update"], last["dev_score"]) == (last["updates"], 10.0)
    weights = [load_file(tmp_path / one / "out/heads/0/model.safetensors") for one in results]
    assert any(not weights[0][name].equal(weights[1][name]) for name in weights[0])


def test_which_check_counts() -> None:
    history = History([3, 6, 9], [10.0, 30.0, 20.0])
    assert (history.chosen("best"), history.chosen_update("best")) == (1, 6)
    assert (history.chosen("last"), history.chosen_update("last")) == (2, 9)
    for choose in ("best", "last"):
        assert (History().chosen(choose), History().chosen_update(choose)) == (-1, -1)
