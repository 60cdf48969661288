"""Multiple choice, masked language modelling, and questions without an answer."""

import random
import re
import string
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.places import MINI
from support.trainings import inputs_of

from harness import registry
from harness.data.folder import FolderSource
from harness.data.layouts import Choices, Lines, Squad
from harness.data.source import training_rows
from harness.errors import HarnessError
from harness.formats import MaskedLM, MultipleChoice, SpanExtraction
from harness.formats.masked_lm import mask
from harness.formats.multiple_choice import options
from harness.models.batching import IGNORED
from harness.models.checkpoint import open_checkpoint
from harness.models.device import choose_device
from harness.models.heads import WORDS
from harness.models.model import Model
from harness.models.multi_head import build_multi_head, load_trained
from harness.models.tokenizer import load_tokenizer
from harness.recipes import Settings
from harness.scoring import squad2_scores
from harness.training.batch_plan import size
from harness.training.loop import train
from harness.training.spec import SetSpec, TrainingSpec

SETTINGS = Settings(learning_rate=1e-3, batch_size=4, max_length=40, stride=12, max_question=8)
PACKAGED = FolderSource(MINI / "xtreme")


@pytest.fixture(params=["tiny", "tiny_bert"])
def family(request):
    return request.getfixturevalue(request.param)


def device():
    return choose_device("cpu", "fp32", 1)


def loaded(path, form):
    """A model whose scores differ by far more than rounding does."""
    import torch

    multi = build_multi_head(open_checkpoint(str(path), offline=True), [form], 3, {})
    with torch.no_grad():
        for weight in multi.parameters():
            weight.mul_(12 if weight.ndim > 1 else 1)
    return Model(multi.models[0].eval(), load_tokenizer(path), device(), form.head)


# -- multiple choice -------------------------------------------------------------------------------


def questions(count, number=18):
    draw = random.Random(count)
    words = "river market winter mill bridge baker train garden".split()

    def text(longest):
        return " ".join(draw.choices(words, k=draw.randint(1, longest)))

    return Choices().to_dataset(
        {
            "context": [text(60) if i % 3 else "" for i in range(number)],
            "question": [text(6) + "?" if i % 3 != 1 else "" for i in range(number)],
            "choices": [[text(12) for _ in range(count)] for _ in range(number)],
            "label": [str(draw.randrange(count)) for _ in range(number)],
        },
    )


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_predictions_are_those_of_the_whole_three_dimensional_input(count, family):
    import torch

    form, rows = MultipleChoice(labels=options(count)), questions(count)
    model = loaded(family, form)
    assert type(model.module).__name__.endswith("ForMultipleChoice")
    features = form.encode(rows, model.tokenizer, SETTINGS, training=True)
    batch = inputs_of([(0, i, 0, f) for i, f in enumerate(features)], model.tokenizer, form.head)
    assert batch.pop("head") == 0 and len(batch["input_ids"]) == len(rows) * count
    batch = {k: v if k == "labels" else v.view(len(rows), count, -1) for k, v in batch.items()}
    with torch.inference_mode():
        output = model.module(**batch)
    assert output.logits.shape == (len(rows), count)
    found = form.predict(model, {"test": rows}, SETTINGS)
    flat = [
        {k: v[i] for k, v in f.items() if k != "labels"} for f in features for i in range(count)
    ]
    alone = np.array([scores[0][0] for scores in model.infer(flat)]).reshape(-1, count)
    np.testing.assert_allclose(alone, output.logits.numpy(), atol=1e-4)
    assert found == [str(i) for i in output.logits.argmax(1).tolist()]
    assert len(set(found)) == count
    accuracy = 100 * np.mean([a == b for a, b in zip(rows["label"], found, strict=True)])
    assert form.score(form.gold(rows), found, "en") == {"accuracy": pytest.approx(accuracy)}


def test_options_are_pairs_with_what_they_belong_to(family):
    form, rows = MultipleChoice(labels=options(3)), questions(3)
    tokenizer = load_tokenizer(family)
    features = form.encode(rows, tokenizer, replace(SETTINGS, max_length=500), training=True)
    assert len(features) == len(rows)
    assert [f["labels"] for f in features] == [int(label) for label in rows["label"]]
    for row, feature in zip(rows, features, strict=True):
        for choice, ids in zip(row["choices"], feature["input_ids"], strict=True):
            if row["context"] and row["question"]:
                first, second = row["context"], f"{row['question']} {choice}"
            else:
                first, second = row["context"] or row["question"], choice
            assert ids == tokenizer(first, second)["input_ids"]
    cut = form.encode(rows, tokenizer, SETTINGS, training=False)
    assert all(len(ids) <= SETTINGS.max_length for f in cut for ids in f["input_ids"])
    assert all("labels" not in feature for feature in cut)
    longest = max(len(ids) for ids in features[1]["input_ids"])
    assert size(features[1]) == 3 * longest
    assert size(features[1], padded=False) == sum(len(ids) for ids in features[1]["input_ids"])


def test_choices_are_written_and_read(tmp_path):
    form = MultipleChoice(labels=options(3))
    form.write(["0", "2", "1"], tmp_path / "x.tsv")
    assert form.read(tmp_path / "x.tsv") == ["0", "2", "1"]
    (tmp_path / "x.tsv").write_text("0\n3\n")
    with pytest.raises(HarnessError, match=r"x.tsv:2: '3' is none of the labels 0, 1, 2"):
        form.read(tmp_path / "x.tsv")
    with pytest.raises(HarnessError, match="2 predictions for 3 labelled questions"):
        form.score(["0", "1", "2"], ["0", "1"], "en")
    rows = questions(3).remove_columns("label").add_column("label", [None] * 18)
    assert form.gold(rows) is None


# -- masks -----------------------------------------------------------------------------------------


def masked(tokenizer, text, seed):
    return mask(dict(tokenizer(text)), tokenizer, random.Random(seed))


def test_masks_are_bert_s(family):
    """15 % of the tokens; of those 80 % masked, 10 % random, 10 % left; never a special one."""
    tokenizer = load_tokenizer(family)
    texts = [text for path in sorted((MINI / "intermediate/mlm").glob("*.txt"))
             for text in path.read_text("utf-8").splitlines()]  # fmt: skip
    tokens, kinds = 0, Counter()
    special = set(tokenizer.all_special_ids)
    for number, text in enumerate(texts):
        plain = tokenizer(text)["input_ids"]
        found = masked(tokenizer, text, number)
        assert len(found["labels"]) == len(found["input_ids"]) == len(plain)
        for before, after, label in zip(plain, found["input_ids"], found["labels"], strict=True):
            if label == IGNORED:
                assert before == after
                continue
            assert label == before and before not in special
            kinds["mask" if after == tokenizer.mask_token_id else after == before] += 1
        tokens += sum(token not in special for token in plain)
        assert any(label != IGNORED for label in found["labels"])
    share = sum(kinds.values()) / tokens
    assert 0.14 < share < 0.165, share
    assert 0.77 < kinds["mask"] / sum(kinds.values()) < 0.83
    assert 0.07 < kinds[False] / sum(kinds.values()) < 0.13
    assert 0.07 < kinds[True] / sum(kinds.values()) < 0.13


@given(seed=st.integers(0, 1 << 30), words=st.lists(st.sampled_from("ab river der".split())))
def test_at_least_one_token_is_masked_where_there_is_any(tiny, seed, words):
    tokenizer = load_tokenizer(tiny)
    text = " ".join(words)
    found = masked(tokenizer, text, seed)
    assert found == masked(tokenizer, text, seed)
    assert any(label != IGNORED for label in found["labels"]) == bool(words)
    assert found["input_ids"][0] == tokenizer.cls_token_id
    assert found["input_ids"][-1] == tokenizer.sep_token_id


def test_masks_differ_by_seed_and_pass_and_by_nothing_else(tiny):
    tokenizer = load_tokenizer(tiny)
    texts = ["The old bridge over the river is closed in winter."] * 4
    rows = Lines().to_dataset({"text": texts, "language": ["en"] * 4})
    features = MaskedLM().encode(rows, tokenizer, SETTINGS, training=True)
    assert {feature["language"] for feature in features} == {"en"}

    def labels(seed, turn, order=(0, 1, 2, 3)):
        batch = inputs_of([(2, i, turn, features[i]) for i in order], tokenizer, WORDS, seed)
        assert "language" not in batch and batch["head"] == 2
        return batch["labels"].tolist()

    first = labels(1, 0)
    assert labels(1, 0) == first and len({str(row) for row in first}) > 1
    assert labels(1, 0, (3, 2, 1, 0)) == first[::-1]
    assert labels(1, 1) != first and labels(2, 0) != first


# -- masked language modelling ---------------------------------------------------------------------


@pytest.mark.slow
def test_masked_language_modelling_lowers_its_loss(family, tmp_path):
    settings = replace(
        SETTINGS, learning_rate=3e-3, epochs=12, batch_size=16, check_every=1000, max_tokens=2048
    )
    training = registry.training("mlm[en,de]")
    rows = training_rows(PACKAGED, training)
    losses = []
    for epochs in (1, 12):
        checkpoint = open_checkpoint(str(family), offline=True)
        one = SetSpec(training, settings)
        spec = TrainingSpec(checkpoint, (one,), replace(settings, epochs=epochs), 1)
        work = tmp_path / f"work{epochs}"
        work.mkdir()
        result = train(spec, [rows], device(), work, tmp_path / f"out{epochs}", lambda a, b: None)
        losses.append(result["losses"][training.name])
    assert losses[1] < losses[0] - 0.5
    model = load_trained(tmp_path / "out12", training.format.head, 0, device())
    found = training.format.predict(model, {"test": rows.dev}, settings)
    masks = sum(
        len(masked_places(model.tokenizer, row["text"], i)) for i, row in enumerate(rows.dev)
    )
    assert len(found) == masks > 0
    score = training.format.score(training.format.gold(rows.dev), found, "en")
    assert score["accuracy"] == pytest.approx(result["dev_score"])
    table = model.module.get_input_embeddings().weight
    assert model.module.get_output_embeddings().weight is table  # tied, also when loaded again


def masked_places(tokenizer, text, number):
    cut = dict(tokenizer(text, truncation=True, max_length=SETTINGS.max_length))
    found = mask(cut, tokenizer, random.Random(f"0 {number}"))
    return [i for i, label in enumerate(found["labels"]) if label != IGNORED]


def test_the_loss_at_masked_places_alone_is_the_loss(family):
    """The shortcut around all other places' scores gives transformers' own loss."""
    import torch

    form = MaskedLM()
    multi = build_multi_head(open_checkpoint(str(family), offline=True), [form], 3, {}).eval()
    tokenizer = load_tokenizer(family)
    rows = Lines().to_dataset(
        {"text": ["The river.", "An old mill by it."], "language": ["en"] * 2}
    )
    features = form.encode(rows, tokenizer, SETTINGS, training=True)
    batch = inputs_of([(0, i, 0, f) for i, f in enumerate(features)], tokenizer, WORDS, 5)
    head = batch.pop("head")
    with torch.no_grad():
        ours = multi(head, **batch)
        theirs = multi.models[0](**batch).loss
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)


@pytest.mark.parametrize("call", ["read", "read_gold"])
def test_nothing_is_evaluated_by_masks(call):
    assert not hasattr(MaskedLM(), call)


# -- questions without an answer -------------------------------------------------------------------


def test_unanswerable_is_a_span_on_the_first_token(family):
    context = "The old mill stands on the bank of the river near the market."
    rows = Squad().to_dataset(
        {
            "id": ["a", "n"],
            "context": [context] * 2,
            "question": ["Where is the mill?", "Who owns it?"],
            "answers": [["bank of the river"], []],
            "starts": [[context.index("bank")], []],
        },
    )
    form, tokenizer = SpanExtraction(no_answer=True), load_tokenizer(family)
    wide = replace(SETTINGS, max_length=120)
    first, second = form.encode(rows, tokenizer, wide, training=True)
    assert (second["start_positions"], second["end_positions"]) == (0, 0)
    assert 0 < first["start_positions"] <= first["end_positions"]
    ids = first["input_ids"][first["start_positions"] : first["end_positions"] + 1]
    assert ids == tokenizer("bank of the river", add_special_tokens=False)["input_ids"]


class Planted(Model):
    """A model whose scores are set: a span's, and the null span's."""

    def infer(self, features):
        self.report(len(features), len(features))
        found = []
        for feature in features:
            start = np.full(len(feature["input_ids"]), -9.0, dtype=np.float32)
            end = start.copy()
            place = len(start) - 3  # of the context
            start[place] = end[place] = 2.0
            start[0] = end[0] = self.null[len(found) % len(self.null)]
            found.append([start, end])
        return found


@pytest.mark.parametrize(
    ("no_answer", "null", "empty"),
    [(True, 3.0, True), (True, 1.0, False), (True, 2.0, False), (False, 3.0, False)],
)
def test_nothing_is_predicted_where_the_null_span_wins(no_answer, null, empty, tiny):
    form = SpanExtraction(no_answer=no_answer)
    model = Planted(None, load_tokenizer(tiny), device())
    model.null = [null]
    columns = {"id": ["q"], "context": ["the old mill by the river"], "question": ["What?"]}
    rows = Squad().to_dataset(columns | {"answers": [[]], "starts": [[]]})
    answer = form.predict(model, {"test": rows}, SETTINGS)["q"]
    assert (answer == "") is empty
    assert answer in columns["context"][0]


def test_the_null_score_of_a_question_is_its_lowest_window_s(tiny):
    """As in run_squad.py: one window that is sure of an answer suffices."""
    form, words = SpanExtraction(no_answer=True), "river mill market bridge " * 20
    model = Planted(None, load_tokenizer(tiny), device())
    rows = Squad().to_dataset(
        {"id": ["q"], "context": [words], "question": ["What?"], "answers": [[]], "starts": [[]]},
    )
    assert len(form.encode(rows, model.tokenizer, SETTINGS, training=False)) > 3
    model.null = [5.0, 5.0, 1.0, *[5.0] * 40]
    assert form.predict(model, {"test": rows}, SETTINGS)["q"]
    model.null = [5.0]
    assert form.predict(model, {"test": rows}, SETTINGS)["q"] == ""


def normal(text):
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def by_definition(gold, predictions):
    """SQuAD v2.0's measure, slowly: the best over the golds, [""] where none says anything."""
    exact = f1 = 0.0
    for name, texts in gold.items():
        if name not in predictions:
            continue
        guess = predictions[name]
        golds = [text for text in texts if normal(text)] or [""]
        exact += max(float(normal(text) == normal(guess)) for text in golds)
        best = 0.0
        for text in golds:
            left, right = normal(text).split(), normal(guess).split()
            if not left or not right:
                best = max(best, float(left == right))
                continue
            common = sum((Counter(left) & Counter(right)).values())
            if common:
                precision, recall = common / len(right), common / len(left)
                best = max(best, 2 * precision * recall / (precision + recall))
        f1 += best
    return {"exact_match": 100 * exact / len(gold), "f1": 100 * f1 / len(gold)}


ANSWER = st.lists(
    st.sampled_from("the a mill Mill river, . old 1790 über".split()), max_size=4
).map(" ".join)


@given(
    gold=st.dictionaries(st.sampled_from("abcdef"), st.lists(ANSWER, max_size=3), min_size=1),
    predictions=st.dictionaries(st.sampled_from("abcdefgh"), ANSWER),
)
def test_scores_are_those_of_the_published_definition(gold, predictions):
    found = squad2_scores(gold, predictions)
    expected = by_definition(gold, predictions)
    assert found == pytest.approx(expected)
    form = SpanExtraction(no_answer=True)
    assert form.score(gold, predictions, "en") == found


def test_no_questions_are_no_score():
    with pytest.raises(ValueError, match="no questions"):
        squad2_scores({}, {})
    assert squad2_scores({"a": []}, {"a": "The."}) == {"exact_match": 100.0, "f1": 100.0}
    assert squad2_scores({"a": []}, {}) == {"exact_match": 0.0, "f1": 0.0}
    assert squad2_scores({"a": [], "b": ["mill"]}, {"a": "", "b": ""})["f1"] == 50.0
