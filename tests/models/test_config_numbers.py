"""Numbers in config.json that no model has are refused before transformers sees them."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.models.config_numbers import MOST_BYTES, check_numbers


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.json"


def check(path: Path, config: Any) -> str:
    """What is said of a config, "" if it is taken."""
    path.write_text(json.dumps(config))
    try:
        check_numbers(path, json.loads(path.read_text()))
    except HarnessError as error:
        said = str(error)
        assert (
            said.startswith(f"{path}: ") and "\n" not in said and len(said) < len(str(path)) + 250
        )
        return said.removeprefix(f"{path}: ")
    return ""


def nested(depth: int, inner: object = 1) -> Any:
    for level in range(depth):
        inner = [inner] if level % 2 else {"a": inner}
    return inner


BROKEN = {
    "whole number": ({"vocab_size": 2**31 + 1}, "vocab_size = 2147483649; expected a whole number"),
    "below": ({"x": -(2**31) - 1}, "x = -2147483649; expected a whole number from -2147483648"),
    "huge": ({"x": 10**4000}, "x = 1000000000000"),
    "in a table": ({"a": {"b": 10**12}}, "a.b = 1000000000000; expected"),
    "in a list": ({"a": [1, [2, 10**12]]}, "a.1.1 = 1000000000000; expected"),
    "alone": (10**12, " = 1000000000000; expected"),
    "labels": (
        {"num_labels": 10**12},
        "num_labels = 1000000000000; expected a whole number from 0",
    ),
    "labels, just": ({"num_labels": 100_001}, "num_labels = 100001; expected"),
    "labels below 0": ({"num_labels": -1}, "num_labels = -1; expected"),
    "names": ({"id2label": {str(i): "" for i in range(100_001)}}, "larger than 1 MiB"),
    "infinite": ({"dropout": math.inf}, "dropout = inf; expected a finite number"),
    "minus infinite": ({"a": [-math.inf]}, "a.0 = -inf; expected a finite number"),
    "not a number": ({"a": {"b": math.nan}}, "a.b = nan; expected a finite number"),
    "deep": (nested(51), "nested more than 50 deep"),
    "much deeper": (nested(400), "nested more than 50 deep"),
    **{
        name: ({name: 10_001}, f"{name} = 10001; expected a whole number from -1 to 10000")
        for name in "num_hidden_layers num_layers n_layers n_layer num_decoder_layers"
        " encoder_layers decoder_layers layers num_mtp_layers".split()
    },
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_number_that_no_model_has_is_one_line(case: str, path: Path) -> None:
    config, said = BROKEN[case]
    assert said in check(path, config)


TAKEN = {
    "edges": {"a": 2**31, "b": -(2**31), "num_labels": 100_000, "n_layer": 10_000, "layers": 0},
    "floats": {"a": 1e300, "b": -0.0, "layer_norm_eps": 1e-12},
    "switches": {"num_labels": True, "use_layers": False},
    "texts": {"layers": "100000", "num_labels": None},
    "places of layers": {"feature_layers": [-1, -2, 20_000]},
    "deep enough": nested(50),
    "names": {"id2label": {str(i): "x" for i in range(20_000)}},
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_a_model_may_have_is_taken(case: str, path: Path) -> None:
    assert check(path, TAKEN[case]) == ""


@pytest.mark.parametrize("names", ["id2label", "label2id"])
def test_names_of_labels_are_counted(
    names: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.models.config_numbers.MOST_LABELS", 3)
    assert check(path, {names: {"a": 0, "b": 1, "c": 2}}) == ""
    said = check(path, {names: {"a": 0, "b": 1, "c": 2, "d": 3}})
    assert said == f"{names} has 4 entries; expected 3 at most"
    assert check(path, {names: [0, 0, 0, 0]}) == said


def test_the_size_of_the_file_counts(path: Path) -> None:
    path.write_text("{}" + " " * (MOST_BYTES - 2))
    check_numbers(path, {})
    path.write_text("{}" + " " * (MOST_BYTES - 1))
    with pytest.raises(HarnessError, match="larger than 1 MiB"):
        check_numbers(path, {})


def test_tiny_checkpoints_are_taken(tiny: Path, tiny_bert: Path) -> None:
    for folder in (tiny, tiny_bert):
        path = folder / "config.json"
        check_numbers(path, json.loads(path.read_text()))
