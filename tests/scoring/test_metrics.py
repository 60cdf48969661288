"""The ``evaluate`` modules load without a network and compute what `harness.scoring` does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import metrics, scoring

evaluate = pytest.importorskip("evaluate")

Load = Callable[[str], Any]


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Load]:
    """Loads a module by name, offline, with every cache in a folder of these tests.

    ``evaluate`` copies a module into a package, ``evaluate_modules``, and imports it from there;
    a copy that another test imported earlier would be looked for in that test's folder.
    """
    folder = tmp_path_factory.mktemp("evaluate")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate.config, "HF_EVALUATE_OFFLINE", True)
        patch.setattr(evaluate.config, "HF_MODULES_CACHE", str(folder / "modules"))
        patch.syspath_prepend(str(folder / "modules"))
        for name in [name for name in sys.modules if name.startswith("evaluate_modules")]:
            patch.delitem(sys.modules, name)
        yield lambda name: evaluate.load(metrics.path(name), cache_dir=str(folder / "cache"))
        for name in [name for name in sys.modules if name.startswith("evaluate_modules")]:
            del sys.modules[name]


def test_every_module_has_a_path_and_nothing_else_has() -> None:
    for name in metrics.NAMES:
        assert (Path(metrics.path(name)) / f"{name}.py").is_file()
    with pytest.raises(ValueError, match="no metric 'bleu'"):
        metrics.path("bleu")


def test_accuracy(load: Load) -> None:
    gold, guess = ["entailment", "neutral", "neutral"], ["entailment", "neutral", "x"]
    result = load("xtreme_accuracy").compute(predictions=guess, references=gold)
    assert result == scoring.accuracy(gold, guess)


def test_tagging(load: Load) -> None:
    gold = [["CCONJ", "NOUN"], ["B-PER", "I-PER", "O"]]
    guess = [["SCONJ", "NOUN"], ["I-PER", "I-PER", "O"]]
    result = load("xtreme_tagging").compute(predictions=guess, references=gold)
    accuracy = scoring.token_accuracy(gold, guess)
    assert result == {**scoring.chunk_scores(gold, guess), "accuracy": accuracy}
    assert 0 < result["f1"] < 100


GOLD = {"1": ["the cat", "a dog"], "2": ["北京大学"], "3": ["..."]}
REFERENCES = [
    {"id": key, "answers": {"text": texts, "answer_start": [0] * len(texts)}}
    for key, texts in GOLD.items()
]


def predictions(texts: list[str | None]) -> list[dict[str, str | None]]:
    """Predictions in the form of the SQuAD metric."""
    return [{"id": key, "prediction_text": text} for key, text in zip(GOLD, texts, strict=True)]


def test_question_answering(load: Load) -> None:
    module = load("xtreme_qa")
    guess = predictions(["dog", "北京。", ""])
    texts = {"1": "dog", "2": "北京。", "3": ""}
    squad = module.compute(predictions=guess, references=REFERENCES)
    assert squad == scoring.squad_scores(GOLD, texts)
    mlqa = module.compute(predictions=guess, references=REFERENCES, style="mlqa", language="zh")
    assert mlqa == scoring.mlqa_scores(GOLD, texts, "zh")
    assert mlqa != squad


def test_no_answer_is_a_missing_prediction(load: Load) -> None:
    module = load("xtreme_qa")
    result = module.compute(predictions=predictions(["dog", "x", None]), references=REFERENCES)
    assert result == scoring.squad_scores(GOLD, {"1": "dog", "2": "x"})


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"style": "bleu"}, "not 'bleu'"), ({"style": "mlqa"}, "needs language=")],
)
def test_question_answering_refuses_settings(
    load: Load, settings: dict[str, str], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        load("xtreme_qa").compute(
            predictions=predictions(["", "", ""]), references=REFERENCES, **settings
        )


@pytest.mark.parametrize("style", ["squad", "mlqa"])
def test_question_answering_counts_every_question_of_an_id(load: Load, style: str) -> None:
    guess = [{"id": "1", "prediction_text": "dog"}, {"id": "2", "prediction_text": "x"}]
    asked = [REFERENCES[0], REFERENCES[1], REFERENCES[0]]
    result = load("xtreme_qa").compute(
        predictions=guess + guess[:1], references=asked, style=style, language="en"
    )
    assert result == {"exact_match": 200 / 3, "f1": 200 / 3}


def test_mining(load: Load) -> None:
    gold = [["de-1", "en-1"], ["de-2", "en-2"]]
    mined = [["de-1", "en-1"], ["de-2", "en-3"], ["de-4", "en-4"]]
    module = load("xtreme_mining")
    result = module.compute(predictions=[mined], references=[gold])
    pairs = [[(a, b) for a, b in side] for side in (gold, mined)]
    assert result == scoring.pair_scores(*pairs)
    with pytest.raises(ValueError, match="two ids"):
        module.compute(predictions=[[["de-1"]]], references=[gold])
