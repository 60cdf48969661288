"""The real encoder on real rows, on small sizes."""

from pathlib import Path

import pytest

from harness import recipes, registry
from harness.data.folder import FolderSource
from harness.display.progress import Bars
from harness.models.checkpoint import Checkpoint, open_checkpoint
from harness.models.device import choose_device
from harness.models.model import load_encoder
from harness.pipeline.evaluate import evaluate
from harness.pipeline.plan import make_plan
from harness.pipeline.request import Request
from harness.pipeline.store.store import Store

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def source(real_data: Path) -> FolderSource:
    return FolderSource(real_data / "xtreme", real_data / "labels")


@pytest.fixture(scope="module")
def e5(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """multilingual-e5-small at 4 bits, pruned to the rows used here."""
    from xtreme_tasks.mini.encoder import demo_checkpoint

    data = real_data / "xtreme"
    texts = [data / f"tatoeba/{code}-en.{side}" for code in ("de", "zh")
             for side in (code, "en")]  # fmt: skip
    texts += [data / f"udpos/{name}.tsv" for name in ("train-en", "dev-en", "test-de", "test-zh")]
    folder = demo_checkpoint(texts, tmp_path_factory.mktemp("e5"))
    return open_checkpoint(str(folder), offline=True)


def outcome(request: Request, folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    plan = make_plan(request)
    done = evaluate(request, plan, Store(folder / "store"), folder / "out", Bars())
    return {name: task.languages for name, task in done.tasks.items()}


def test_tatoeba_with_last_layer_mean_pooling(
    e5: Checkpoint, source: FolderSource, tmp_path: Path
) -> None:
    request = Request(
        checkpoint=e5, benchmark=registry.benchmark("xtreme"), source=source,
        recipe=recipes.load("quick"), device=choose_device("cpu", "fp32", 1),
        tasks=("tatoeba",), languages=("de", "zh"),
    )  # fmt: skip
    found = outcome(request, tmp_path)["tatoeba"]
    for code, known in {"de": 97.1, "zh": 90.8}.items():
        assert abs(found[code]["accuracy"] - known) <= 0.3, found
        assert found[code]["inverse_accuracy"] < 5  # nobody searched the other way


def test_a_middle_layer_is_worse_and_pooling_is_the_mean(
    e5: Checkpoint, source: FolderSource
) -> None:
    """The layer asked for is the one that is pooled, special tokens included."""
    import torch

    text = ["Der Fluss ist nach dem Regen breiter geworden.", "雨后河水变宽了。"]
    model = load_encoder(e5, "last", choose_device("cpu", "fp32", 1))
    for layer in (0, 7, 12):
        model.layer = layer
        found = torch.tensor(model.embed(text, 128))
        for row, sentence in zip(found, text, strict=True):
            with torch.inference_mode():
                inputs = model.tokenizer(sentence, return_tensors="pt")
                state = model.module(**inputs, output_hidden_states=True).hidden_states[layer][0]
            assert torch.allclose(
                row, torch.nn.functional.normalize(state.mean(0), dim=0), atol=1e-5
            )


def test_tags_learnt_from_english_transfer(
    e5: Checkpoint, source: FolderSource, tmp_path: Path
) -> None:
    request = Request(
        checkpoint=e5, benchmark=registry.benchmark("xtreme"), source=source,
        recipe=recipes.load("quick"), device=choose_device("cpu", "fp32", 1),
        tasks=("udpos",), languages=("de", "zh"), limit=60, max_steps=75,
    )  # fmt: skip
    found = outcome(request, tmp_path)["udpos"]
    assert found["de"]["token_accuracy"] > 60
    assert found["zh"]["token_accuracy"] > 25
