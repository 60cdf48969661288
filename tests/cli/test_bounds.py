"""Every number that a user or a file gives has bounds, and is held to them."""

import math
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from harness import recipes, registry
from harness.api import evaluate
from harness.bounds import BOUNDS, COUNT, SEED, SHARE, WEIGHT, Bounds, Either, shown
from harness.cli.arguments import parameters_of
from harness.cli.checklist_command import checklist_command
from harness.cli.compare_command import compare_command
from harness.cli.eval_command import demo_command, evaluate_command
from harness.cli.export_command import export_command
from harness.cli.import_command import import_command
from harness.cli.leaderboard_command import build_command
from harness.cli.look_commands import check_command, score_command, tasks_command
from harness.cli.main import COMMANDS as INSTALLED
from harness.cli.mewslix_command import mewslix_command
from harness.cli.mine_command import mine_command
from harness.cli.pack_command import pack_command
from harness.cli.review_command import review_command
from harness.cli.store_commands import check_store_command, prune_command
from harness.cli.study_commands import (
    plan_command,
    power_command,
    run_command,
    submit_command,
    table_command,
)
from harness.cli.train_command import train_command
from harness.cli.validate_command import validate_command
from harness.cli.verify_command import verify_command
from harness.errors import HarnessError
from harness.recipes import SETTINGS, Setting, Settings, read_by
from harness.studies import study_file as studies
from harness.studies.study_file import Study, read_study

Write = Callable[..., Path]
Run = Callable[..., tuple[int, str, str]]
EXPECTED = {name: one.expected for name, one in SETTINGS.items()}
NUMBERS = {name: bounds for name, bounds in EXPECTED.items() if isinstance(bounds, Bounds)}
NUMBERS |= {name: one.kinds[0] for name, one in EXPECTED.items() if isinstance(one, Either)}
KEYS = studies.KEYS | studies.OF_AN_INTERMEDIATE | {"seed": SEED, "weight": WEIGHT}
OF_STUDIES = {name: bounds for name, bounds in KEYS.items() if isinstance(bounds, Bounds)}
STUDY = """{top}
[checkpoints]
c = "somewhere"
[intermediate.a]
train = ["mnli"]
{inside}
"""


def edges(bounds: Bounds) -> tuple[list[float], list[float]]:
    """Numbers that must just be taken, and that must just be refused."""
    if bounds.whole:
        low, high = int(bounds.low), int(bounds.high)
        assert (low, high) == (bounds.low, bounds.high) and not bounds.above and not bounds.below
        return [low, high], [low - 1, high + 1, 10**18, 10**30, -(10**30)]
    low, high = bounds.low, bounds.high
    first = math.nextafter(low, math.inf) if bounds.above else low
    last = math.nextafter(high, -math.inf) if bounds.below else high
    outside = [math.nextafter(first, -math.inf), math.nextafter(last, math.inf)]
    return [first, last], [*outside, math.inf, -math.inf, math.nan, 10**400]


def test_no_number_is_without_bounds() -> None:
    for entry in fields(Settings):
        if re.search(r"\b(int|float)\b", str(entry.type)):
            assert entry.name in NUMBERS, f"{entry.name} of recipes has no bounds"
            assert EXPECTED[entry.name].words or "str" not in str(entry.type)
    for entry in fields(Study):
        if entry.type in ("int", "float"):
            assert entry.name in OF_STUDIES, f"{entry.name} of studies has no bounds"
    for bounds in [*NUMBERS.values(), *OF_STUDIES.values()]:
        assert -math.inf < bounds.low < bounds.high <= 2**32
    assert len(NUMBERS) >= 22 and len(OF_STUDIES) >= 7


def test_every_default_is_within_its_bounds() -> None:
    for name in SETTINGS:
        assert Settings().value(name) in EXPECTED[name], name
    with pytest.raises(ValueError, match="volume: default 0"):
        Setting("volume", 0, Bounds(1, 10), "How loud.")


def test_every_setting_says_what_it_is_and_who_reads_it() -> None:
    assert [*SETTINGS, "own"] == [entry.name for entry in fields(Settings)]
    for one in SETTINGS.values():
        assert one.help[0].isupper() and one.help.endswith("."), one.name
        assert "\n" not in one.help
    kinds = ("training", "set", "mixture", "format", "plan")
    assert sorted(name for kind in kinds for name in read_by(kind)) == sorted(SETTINGS)
    assert read_by("set") == ("batch_size", "max_tokens", "train_examples", "dev_examples")
    assert read_by("mixture") == ("sampling", "cap", "temperature")
    assert read_by("plan") == ("keep_head",)
    forms = [registry.task(name).format for name in registry.task_names()]
    forms += [registry.training(name).format for name in registry.training_names()]
    read = {name for form in forms for name in form.reads} | {"language_exponent"}
    read |= {"negatives", "mask_same"}  # they are values of a dual encoder's format (``settled``)
    assert read == set(read_by("format"))


def place_and_bound(path: Path, line: int, text: str, value: object, more: str = "") -> str:
    said = re.escape(shown(value))
    text = re.escape(text + more)
    return rf"{re.escape(str(path))}:{line}:1: .*= {said}; expected {text}$"


@pytest.mark.parametrize("name", NUMBERS)
def test_a_recipes_number_is_held_to_its_bounds(name: str, write: Write) -> None:
    inside, outside = edges(NUMBERS[name])
    for value in inside:
        recipe = recipes.load(str(write("recipe.toml", f"[default]\n{name} = {value!r}\n")))
        assert getattr(recipe.default, name) == value
    for value in outside:
        path = write("recipe.toml", f"[default]\n{name} = {value!r}\n")
        with pytest.raises(HarnessError) as caught:
            recipes.load(str(path))
        help_ = f". {SETTINGS[name].help}"
        place = place_and_bound(path, 2, str(EXPECTED[name]), value, help_)
        assert re.match(place, str(caught.value))


def test_the_message_says_the_bound(write: Write) -> None:
    path = write("recipe.toml", f"about = 'x'\n[default]\naccumulate = {10**18}\n")
    with pytest.raises(HarnessError) as caught:
        recipes.load(str(path))
    said = f"{path}:3:1: accumulate = {10**18}; expected a whole number from 1 to 1024."
    assert str(caught.value) == f"{said} Batches whose gradients are added up for one update."


def of_a_study(name: str, value: object) -> str:
    line = {
        "seed": f"seeds = [{value!r}]",
        "weight": f"weights.mnli = {value!r}",
    }.get(name, f"{name} = {value!r}")
    top = name in {*studies.KEYS, "seed"}
    return STUDY.format(top=line if top else "", inside="" if top else line)


@pytest.mark.parametrize("name", OF_STUDIES)
def test_a_studys_number_is_held_to_its_bounds(name: str, write: Write) -> None:
    inside, outside = edges(OF_STUDIES[name])
    for value in inside:
        study = read_study(write("study.toml", of_a_study(name, value)))
        given = {
            "seed": study.seeds[0],
            "mlm": study.intermediate[1].mlm,
            "weight": study.intermediate[1].weights.get("mnli"),
        }
        assert (given[name] if name in given else getattr(study, name)) == value
    for value in outside:
        path = write("study.toml", of_a_study(name, value))
        with pytest.raises(HarnessError) as caught:
            read_study(path)
        line = 1 if name in {*studies.KEYS, "seed"} else 6
        assert re.match(
            place_and_bound(path, line, str(OF_STUDIES[name]), value), str(caught.value)
        )


@pytest.mark.parametrize(
    "text",
    [f"threads = 0x{'f' * 6000}", f"seeds = [0x{'f' * 6000}]", f"data = 0x{'f' * 6000}"],
    ids=["number", "list", "text"],
)
def test_a_number_that_python_cannot_write_is_one_line(text: str, write: Write) -> None:
    with pytest.raises(HarnessError, match="a number of thousands of digits"):
        read_study(write("study.toml", STUDY.format(top=text, inside="")))


COMMANDS = {
    ("eval", "x"): evaluate_command,
    ("demo",): demo_command,
    ("train", "mnli", "--from", "x", "--output", "out"): train_command,
    ("score", "x", "--labels", "x"): score_command,
    ("mine", "x", "x", "--from", "x"): mine_command,
    ("tasks",): tasks_command,
    ("data", "check", "x"): check_command,
    ("data", "mewslix", "x", "x"): mewslix_command,
    ("study", "plan", "x"): plan_command,
    ("study", "run", "x"): run_command,
    ("study", "table", "x"): table_command,
    ("study", "power", "x"): power_command,
    ("checklist", "x"): checklist_command,
    ("compare", "x"): compare_command,
    ("store", "check"): check_store_command,
    ("store", "prune", "x"): prune_command,
    ("study", "submit", "x", "--output", "x"): submit_command,
    ("submission", "validate", "x"): validate_command,
    ("submission", "verify", "x"): verify_command,
    ("submission", "review", "--base", "x"): review_command,
    ("submission", "pack", "x", "--slug", "x"): pack_command,
    ("submission", "import", "x"): import_command,
    ("submission", "export", "x", "--format", "eee"): export_command,
    ("leaderboard", "build", "--output", "x"): build_command,
}
OPTIONS = {
    (*words, f"--{parameter.name.replace('_', '-')}"): BOUNDS[parameter.name]
    for words, command in COMMANDS.items()
    for parameter in parameters_of(command)
    if {int, float} & {parameter.kind, *get_args(parameter.kind)}
}


def test_every_number_of_the_command_line_is_seen() -> None:
    assert set(INSTALLED.values()) == set(COMMANDS.values())
    names = {words[-1] for words in OPTIONS}
    assert names == {
        "--seed",
        "--threads",
        "--limit",
        "--max-steps",
        "--mlm",
        "--cases",
        "--workers",
        "--seed-sd",
        "--neighbours",
        "--max-length",
        "--threshold",
        "--tried",
        "--parameters",
    }


@pytest.mark.parametrize("words", OPTIONS, ids=" ".join)
def test_an_options_number_is_held_to_its_bounds(words: tuple[str, ...], run: Run) -> None:
    bounds = OPTIONS[words]
    for value in (bounds.low - 1, bounds.high + 1, 10**30, "many"):
        code, out, err = run(*words, value)
        assert (code, out) == (2, "") and err.count("\n") == 1
        assert err.startswith("error: ") and words[-1] in err and f"expected {bounds}" in err


def test_a_share_of_one_is_refused_on_the_command_line(run: Run, tmp_path: Path) -> None:
    words = ("train", "mnli", "--from", "x", "--output", tmp_path / "out", "--mlm")
    for value, said in (("1", f"--mlm: '1': expected {SHARE}"), ("nan", "--mlm")):
        code, out, err = run(*words, value)
        assert (code, out) == (2, "") and said in err and err.count("\n") == 1


@pytest.mark.parametrize("layer", ["1001", "-1", "9" * 5000, "²", "1.5", "Last"])
def test_a_layer_out_of_bounds_is_one_line(layer: str) -> None:
    with pytest.raises(HarnessError, match="expected a whole number from 0 to 1000 or usual"):
        evaluate("nowhere", benchmark="mini", layer=layer)


def test_a_sampling_weight_out_of_bounds_is_one_line(run: Run, tmp_path: Path) -> None:
    for value in ("1e7", "1e-7", "1e400", "-1"):
        words = ("train", "mnli", "--from", "x", "--output", tmp_path / "out")
        code, out, err = run(*words, "--sampling", f"mnli={value}")
        assert (code, out) == (2, "") and f"a weight, {WEIGHT}" in err


def test_bounds_in_words() -> None:
    assert str(COUNT) == "a whole number from 0 to 1000000000"
    assert str(SHARE) == "a number from 0 to below 1"
    assert str(EXPECTED["learning_rate"]) == "a number above 0 to 10"
    assert str(EXPECTED["sampling"]) == "one of uniform, proportional, capped, weights"
    assert str(EXPECTED["freeze_words"]) == "true or false"
