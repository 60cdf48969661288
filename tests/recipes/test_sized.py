"""Settings by the encoder's size: what a recipe has in ``smaller``, below 24 layers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import recipes, registry
from harness.errors import HarnessError
from harness.recipes import Recipe

Write = Callable[[str, str | bytes], Path]
RECIPE = """[training.copa]
learning_rate = 3e-5
epochs = 5
[smaller.training.copa]
learning_rate = 2e-5
[smaller.intermediate.mnli]
batch_size = 64
"""


@pytest.fixture
def recipe(write: Write) -> Recipe:
    return recipes.load(str(write("r.toml", RECIPE)))


def copa_of(recipe: Recipe) -> tuple[float, int]:
    copa = registry.task("xcopa").training
    assert copa is not None
    settings = recipe.settings(copa.format, copa)
    return settings.learning_rate, settings.epochs


def test_smaller_encoders_have_their_own_settings(recipe: Recipe) -> None:
    mnli = registry.training("mnli")
    for layers, rate, batch in ((1, 2e-5, 64), (23, 2e-5, 64), (24, 3e-5, 32), (48, 3e-5, 32)):
        sized = recipe.sized(layers)
        assert copa_of(sized) == (rate, 5)
        assert sized.intermediate_settings(mnli).batch_size == batch
        assert (sized.name, sized.digest, sized.smaller) == ("r", recipe.digest, {})


def test_what_a_study_lays_over_a_recipe_holds_at_any_size(recipe: Recipe) -> None:
    changed = recipe.changed({"training": {"copa": {"learning_rate": 1e-6}}})
    assert copa_of(changed.sized(12)) == copa_of(changed.sized(24)) == (1e-6, 5)
    assert recipe.changed({"default": {"epochs": 9}}).sized(12).default.epochs == 9
    other = recipe.changed({"training": {"copa": {"epochs": 9}}})
    assert (copa_of(other.sized(12)), copa_of(other.sized(24))) == ((2e-5, 9), (3e-5, 9))


def test_xtremes_nine_tasks_are_learnt_alike_at_any_size() -> None:
    recipe = recipes.load("xtreme")
    assert set(recipe.smaller["training"]) == {"mewslix-pairs", "socialiqa", "copa"}
    for name in registry.benchmark("xtreme").task_names():
        task = registry.task(name)
        both = [recipe.sized(one).settings(task.format, task.training) for one in (12, 24)]
        assert both[0] == both[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[smaller.default]\nepochs = 1\n",
            ":1:2: unknown key 'default' (known: training, intermediate)",
        ),
        ("[smaller.training.cop]\nepochs = 1\n", ":1:2: unknown key 'cop'; did you mean copa?"),
        ("[smaller.training.copa]\nepoch = 1\n", ":2:1: unknown key 'epoch'; did you mean epochs?"),
        ("[smaller.training.copa]\nepochs = 0\n", ":2:1: epochs = 0; expected"),
        ("[smaller.training]\ncopa = 1\n", ":2:1: 1 stands where a table of settings should"),
        ("smaller = 1\n", ":1:1: 1 stands where a table of tables should"),
        ("[smaler.training.copa]\n", ":1:2: unknown key 'smaler'; did you mean smaller?"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, said: str, write: Write) -> None:
    path = write("r.toml", text)
    with pytest.raises(HarnessError) as caught:
        recipes.load(str(path))
    assert str(caught.value).startswith(f"{path}{said}")
