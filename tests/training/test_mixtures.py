"""Mixtures of training sets: shares, quotas, planned batches, and what a mixed training leaves."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import families
from support.places import MINI
from support.trainings import ignore, rows_of, training_set

from harness.data.folder import FolderSource
from harness.data.layouts import Lines
from harness.data.source import Rows, training_rows
from harness.declarations import TrainingSet, headline
from harness.formats import MaskedLM
from harness.models import collator as collators
from harness.models.batching import Sizes, cut_batches, quotas
from harness.models.checkpoint import open_checkpoint
from harness.models.collator import padding_collator
from harness.models.device import choose_device
from harness.models.multi_head import load_trained
from harness.models.tokenizer import load_tokenizer
from harness.pipeline.dataset_facts import Facts, with_labels
from harness.recipes import Settings
from harness.training.batch_maker import BatchMaker
from harness.training.batch_plan import plan_batches, sampling_shares
from harness.training.batch_plan import rows_of as token_rows
from harness.training.dev_eval import dev_rows
from harness.training.loop import train
from harness.training.resume import History
from harness.training.spec import SetSpec, TrainingSpec

PACKAGED = FolderSource(MINI / "xtreme")
SETTINGS = Settings(
    learning_rate=1e-3, epochs=2, batch_size=8, max_length=64, stride=32, max_question=16,
    train_examples=40, dev_examples=8, max_tokens=1024,
)  # fmt: skip


def set_spec(name, **more):
    training = training_set(name)
    if name == "ccg":  # its labels are those of its file
        train = training_rows(PACKAGED, training).train
        training = with_labels(training, Facts(0, 0, training.format.layout.label_set(train)))
    return SetSpec(training, SETTINGS, **more)


def spec_of(checkpoint, *sets, seed=1, **changes):
    found = open_checkpoint(str(checkpoint), offline=True)
    return TrainingSpec(found, sets, replace(SETTINGS, **changes), seed)


def plan(checkpoint, *sets, rows=None, flat=True, **more):
    spec = spec_of(checkpoint, *sets, **more)
    return plan_batches(spec, rows or rows_of(spec), load_tokenizer(checkpoint), [flat] * len(sets))


def learn(spec, folder):
    (folder / "work").mkdir(parents=True)
    place = choose_device("cpu", "fp32", 1)
    return train(spec, rows_of(spec), place, folder / "work", folder / "out", ignore)


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*.safetensors")}


# -- shares and quotas -----------------------------------------------------------------------------

COUNTS = st.lists(st.integers(1, 10**6), min_size=1, max_size=8)


def shares(counts, sampling, *, cap=1000, temperature=2.0, weights=()):
    return sampling_shares(
        counts, sampling, cap=cap, temperature=temperature, weights=weights or [1.0] * len(counts)
    )


@given(COUNTS, st.integers(1, 10**6), st.floats(1, 10))
def test_shares_follow_their_formulas(counts, cap, temperature):
    total = len(counts)
    assert shares(counts, "uniform") == pytest.approx([1 / total] * total)
    assert shares(counts, "proportional") == pytest.approx([n / sum(counts) for n in counts])
    raised = [min(n, cap) ** (1 / temperature) for n in counts]
    capped = shares(counts, "capped", cap=cap, temperature=temperature)
    assert capped == pytest.approx([value / sum(raised) for value in raised])
    weighed = shares(counts, "weights", weights=[float(n) for n in counts])
    assert weighed == pytest.approx(shares(counts, "proportional"))
    for sampling in ("uniform", "proportional", "capped", "weights"):
        assert sum(shares(counts, sampling)) == pytest.approx(1)


def test_the_cap_of_the_paper():
    """Phang et al. 2020: min(n, 2^17)^(1/2); QQP's 363,846 count as many as MNLI's 392,702."""
    found = shares([392702, 363846, 130319, 10833], "capped", cap=2**17)
    assert found[0] == found[1] > found[2] > found[3]
    assert found[0] / found[3] == pytest.approx((131072 / 10833) ** 0.5)


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=9), st.integers(0, 5000))
def test_quotas_are_the_largest_remainders(weights, total):
    given_shares = [weight / sum(weights) for weight in weights]
    found = quotas(given_shares, total)
    assert sum(found) == total and min(found) >= 0
    exact = [share * total for share in given_shares]
    up = [e - int(e) for e, q in zip(exact, found, strict=True) if q > int(e)]
    down = [e - int(e) for e, q in zip(exact, found, strict=True) if q == int(e)]
    assert len(up) + len(down) == len(weights)  # each is rounded down or up
    assert not up or not down or min(up) >= max(down) - 1e-9


def test_the_first_of_equal_remainders():
    assert quotas([0.25] * 4, 6) == [2, 2, 1, 1]
    assert quotas([1.0], 7) == [7]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60), st.integers(1, 9), st.integers(0, 99))
def test_batches_hold_everything_once_within_their_bounds(lengths, most, seed):
    order = list(range(len(lengths)))
    settings = Settings(batch_size=most, max_tokens=100)
    for flat in (False, True):
        sizes = Sizes(lengths, [1] * len(lengths), flat)
        batches = cut_batches(order, sizes, settings, random.Random(seed))
        assert sorted(i for batch in batches for i in batch) == order
        for batch in batches:
            assert len(batch) <= most
            tokens = [lengths[i] for i in batch]
            held = sum(tokens) if flat else max(tokens) * len(batch)
            assert len(batch) == 1 or held <= 100
        assert not flat or [i for batch in batches for i in batch] == order


@given(st.lists(st.integers(1, 30), min_size=60, max_size=300), st.integers(0, 99))
def test_padded_batches_are_not_many_where_tokens_bind(lengths, seed):
    """No more than if batches were closed by their tokens and examples alone, or little."""
    order, most = list(range(len(lengths))), 4 * max(lengths)
    settings = Settings(batch_size=16, max_tokens=most)
    batches = cut_batches(order, Sizes(lengths, lengths, flat=False), settings, random.Random(seed))
    greedy, held = 1, []
    for length in sorted(lengths, reverse=True):
        if held and (len(held) == 16 or held[0] * (len(held) + 1) > most):
            greedy, held = greedy + 1, []
        held.append(length)
    assert len(batches) <= 1.3 * greedy + len(lengths) / 16 + 1


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_a_piece_without_a_label_adds_nothing(pieces, tiny):
    """A mean over no labels would be nan, and end the training."""
    one, tokenizer = set_spec("udpos"), load_tokenizer(tiny)
    planned, head = plan(tiny, one), one.training.format.head
    model = one.training.format.head.build(tiny, one.training.format.labels).eval()
    examples = [planned[item] for item in planned.batches[0]][:3]
    for *_, feature in examples[1:]:
        feature["labels"] = [-100] * len(feature["labels"])
    makes = BatchMaker(planned, (padding_collator(tokenizer),), (head,), tokenizer, 3, pieces)
    total = 0.0
    for piece in makes(examples)["pieces"]:
        share = piece.pop("share")
        piece.pop("head")
        total += share * float(head.loss(model, piece).detach())
    alone = BatchMaker(planned, (padding_collator(tokenizer),), (head,), tokenizer, 3)
    (piece,) = alone(examples[:1])["pieces"]
    share = piece.pop("share")
    piece.pop("head")
    assert total == pytest.approx(share * float(head.loss(model, piece).detach()), rel=1e-5)


@given(st.lists(st.integers(1, 30), min_size=60, max_size=300), st.integers(0, 99))
def test_padded_batches_hold_about_equally_many_labels(labels, seed):
    """Where ``max_tokens`` leaves them room; by examples shares were 0.07 to 3.8.

    A batch ends with a whole example, so few labels may be one example's too many or too few.
    """
    order = list(range(len(labels)))
    sizes = Sizes([n + 2 for n in labels], labels, flat=False)
    settings = Settings(batch_size=16, max_tokens=10**6)
    batches = cut_batches(order, sizes, settings, random.Random(seed))
    held = [sum(labels[i] for i in batch) for batch in batches]
    mean = sum(held) / len(held)
    assert sorted(i for batch in batches for i in batch) == order
    most = max(labels)
    assert all(min(0.7 * mean, mean - most) <= one for one in held), (held, mean)
    assert all(one <= max(1.4 * mean, mean + most) for one in held), (held, mean)


# -- plans -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampling", ["uniform", "proportional", "capped", "weights"])
def test_batches_are_of_one_set_and_as_many_as_the_sampling_says(sampling, tiny):
    sets = (
        set_spec("mnli", weight=1.0),
        set_spec("qqp", weight=3.0),
        set_spec("socialiqa", weight=2.0),
    )
    planned = plan(tiny, *sets, sampling=sampling, cap=20)
    counts = Counter(batch[0][0] for batch in planned.batches)
    assert all({head for head, *_ in batch} == {batch[0][0]} for batch in planned.batches)
    chances = shares([40, 40, 40], sampling, cap=20, weights=[1.0, 3.0, 2.0])
    assert [counts[i] for i in range(3)] == quotas(chances, len(planned.batches))
    alone = [plan(tiny, one, epochs=1).updates for one in sets]
    assert abs(len(planned.batches) - 2 * sum(alone)) <= 2
    assert planned.updates == len(planned.batches) and planned.examples == [40] * 3
    assert max(planned.checks) == planned.updates and len(planned.checks) == 2


def test_a_pass_over_a_set_takes_every_example_before_the_next(tiny):
    planned = plan(tiny, set_spec("mnli"), set_spec("qqp"), epochs=3)
    for head in (0, 1):
        items = [item[1:] for batch in planned.batches for item in batch if item[0] == head]
        turns = [turn for _, turn in items]
        assert turns == sorted(turns)
        for turn in range(turns[-1]):
            seen = [number for number, t in items if t == turn]
            assert sorted(seen) == list(range(40))
        assert len({number for number, turn in items if turn == 0}) == 40


@pytest.mark.parametrize("ratio", [0.1, 0.25, 0.5])
def test_masked_language_modelling_is_a_share_of_all_batches(ratio, tiny):
    plain = plan(tiny, set_spec("mnli"), set_spec("qqp"))
    planned = plan(tiny, set_spec("mlm", ratio=ratio), set_spec("mnli"), set_spec("qqp"))
    masks = [batch for batch in planned.batches if batch[0][0] == 0]
    assert len(planned.batches) - len(masks) == len(plain.batches)
    assert len(masks) == round(ratio / (1 - ratio) * len(plain.batches))
    assert len(masks) / len(planned.batches) == pytest.approx(ratio, abs=0.03)


@pytest.mark.parametrize("exponent", [0.3, 1.0])
def test_languages_are_sampled_by_their_lines_to_a_power(exponent, tiny):
    many = {"de": 160, "en": 40, "sw": 10}
    text = [f"River {i} in {code}." for code, count in many.items() for i in range(count)]
    lines = Lines().to_dataset(
        {"text": text, "language": [c for c, n in many.items() for _ in range(n)]}
    )
    settings = replace(SETTINGS, language_exponent=exponent, train_examples=0)
    one = SetSpec(TrainingSet("mlm", MaskedLM()), settings)
    planned = plan(tiny, one, rows=[Rows(lines, lines.select(range(3)))], epochs=2)
    raised = [count**exponent for count in many.values()]
    expected = quotas([value / sum(raised) for value in raised], 210)
    for turn in (0, 1):
        items = [i for batch in planned.batches for _, i, t in batch if t == turn]
        if turn == 0 or len(items) == 210:
            spoken = Counter(planned.features[0][i]["language"] for i in items)
            assert [spoken[code] for code in many] == expected
            seen = Counter(items)  # a small language comes again and again, evenly
            for code in many:
                times = [n for i, n in seen.items() if planned.features[0][i]["language"] == code]
                assert max(times) - min(times) <= 1


def test_a_plan_depends_on_the_seed_alone(tiny):
    sets = set_spec("mlm", ratio=0.2), set_spec("mnli"), set_spec("qqp")
    first = plan(tiny, *sets)
    random.seed(5)
    assert plan(tiny, *sets) == first
    other = plan(tiny, *sets, seed=2)
    assert other.batches != first.batches and other.updates == first.updates
    order = [batch[0][0] for batch in first.batches]
    assert sorted(order) != order  # sets come in no blocks


def test_a_set_s_name_is_but_a_label(tiny):
    """A step's key leaves it out (pipeline/steps/train_step.py): no batch may depend on it."""
    one, other = set_spec("mnli"), set_spec("qqp")
    renamed = plan(tiny, one, replace(other, training=replace(other.training, name="quora")))
    assert renamed.batches == plan(tiny, one, other).batches


def test_max_steps_cuts_a_mixture(tiny):
    spec = spec_of(tiny, set_spec("mnli"), set_spec("qqp"))
    whole = plan_batches(spec, rows_of(spec), load_tokenizer(tiny), (True, True))
    planned = plan_batches(
        replace(spec, max_steps=3), rows_of(spec), load_tokenizer(tiny), (True, True)
    )
    assert planned.updates == 3 == len(planned.batches) and planned.checks == {3}
    assert planned.batches == whole.batches[:3]


@pytest.mark.parametrize("accumulate", [1, 3, 4, 7])
@pytest.mark.parametrize("examples", [8, 40])
def test_batches_fill_whole_updates(accumulate, examples, tiny):
    """Also where an update takes more batches than the sets have."""
    few = replace(SETTINGS, train_examples=examples)
    sets = [replace(set_spec(name), settings=few) for name in ("mnli", "qqp")]
    planned = plan(tiny, *sets, accumulate=accumulate, epochs=1)
    assert planned.updates >= 1
    assert len(planned.batches) == planned.updates * accumulate


# -- trainings -------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("family", ["tiny", "tiny_bert"])
def test_a_mixture_is_the_same_twice_and_every_head_is_what_was_scored(family, request, tmp_path):
    checkpoint = request.getfixturevalue(family)
    sets = [
        set_spec("mlm", ratio=0.2),
        set_spec("ccg"),
        set_spec("mnli"),
        set_spec("hellaswag"),
        set_spec("squad_v2"),
    ]
    spec = spec_of(checkpoint, *sets)
    result, again = learn(spec, tmp_path / "a"), learn(spec, tmp_path / "b")
    assert result == again and files(tmp_path / "a/out") == files(tmp_path / "b/out")
    assert len(files(tmp_path / "a/out")) == 1 + len(sets)
    names = [one.training.name for one in sets]
    assert list(result["examples_of"]) == names and result["losses"].keys() == set(names)
    assert all(0 < loss < 10 for loss in result["losses"].values())
    assert result["examples"] == sum(result["examples_of"].values()) and result["pieces"] == 1
    assert list(result["dev_scores"]) == names[1:]
    mean = sum(result["dev_scores"].values()) / len(names[1:])
    assert result["dev_score"] == pytest.approx(mean)
    rows = rows_of(spec)
    for number, one in enumerate(sets[1:], 1):
        form = one.training.format
        model = load_trained(tmp_path / "a/out", form.head, number, choose_device("cpu", "fp32", 1))
        dev, _ = dev_rows(one, rows[number])
        answers = form.predict(model, {"test": dev}, SETTINGS)
        score = headline(form.metric, form.score(form.gold(dev), answers, "en"))
        assert score == pytest.approx(result["dev_scores"][names[number]]), names[number]


def test_masked_language_modelling_that_is_mixed_in_decides_nothing(tiny):
    mlm, mnli, qqp = set_spec("mlm"), set_spec("mnli"), set_spec("qqp")
    assert spec_of(tiny, replace(mlm, ratio=0.3), mnli).deciding() == [1]
    assert spec_of(tiny, mlm, mnli, qqp).deciding() == [1, 2]
    assert spec_of(tiny, mlm).deciding() == [0]


def test_the_best_check_is_the_earliest_of_equals():
    history = History([2, 4, 6], [50.0, 60.0, 60.0], [{"a": 50.0}, {"a": 60.0}, {"a": 60.0}])
    assert history.best() == 1 and History().best() == -1
    assert history.until(4) == History([2, 4], [50.0, 60.0], [{"a": 50.0}, {"a": 60.0}])


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize("name", ["mnli", "udpos", "hellaswag", "squad_v2", "mlm"])
def test_pieces_of_a_batch_are_all_of_it(name, flat, tiny):
    one, tokenizer = set_spec(name), load_tokenizer(tiny)
    planned, head = plan(tiny, one, flat=flat), one.training.format.head
    collator = replace(padding_collator(tokenizer), flat=flat, pad=1)
    for batch in planned.batches[:2]:
        examples = [planned[item] for item in batch]
        for pieces in (1, 2, 3, 64):
            makes = BatchMaker(planned, (collator,), (head,), tokenizer, 3, pieces)
            found = makes(examples)["pieces"]
            assert 1 <= len(found) <= pieces and all(piece["head"] == 0 for piece in found)
            total = sum(piece["share"] for piece in found)
            assert total == pytest.approx(planned.share(batch))
            ids = Counter(int(i) for piece in found for i in piece["input_ids"].flatten())
            expected = Counter(
                i for e in examples for row in token_rows(e[3]["input_ids"]) for i in row
            )
            if name != "mlm":  # masks change the ids
                ids[1] = expected[1]  # padding
                assert ids == expected
            if name == "squad_v2":  # each question counts the same, in a smaller piece too
                each = [piece["share"] / len(piece["start_positions"]) for piece in found]
                assert each == pytest.approx([each[0]] * len(each))
            labelled = sum(int((p["labels"] >= 0).sum()) for p in found if "labels" in p)
            if name == "udpos":
                assert labelled == sum(x >= 0 for e in examples for x in e[3]["labels"])
            elif name != "mlm":
                assert labelled == (0 if name == "squad_v2" else len(examples))


def test_a_batch_weighs_by_its_labels_within_its_set(tiny):
    sets = set_spec("mnli"), set_spec("udpos"), set_spec("mlm", ratio=0.3)
    planned = plan(tiny, *sets, batch_size=4)
    seen = {0: [], 1: [], 2: []}
    for batch in planned.batches:
        features = [planned.features[head][number] for head, number, _ in batch]
        seen[batch[0][0]].append((planned.share(batch), features))
    for head, some in seen.items():
        assert sum(share for share, _ in some) / len(some) == pytest.approx(1), head
        assert len({round(share, 6) for share, _ in some}) > 1 or head == 0
    for share, features in seen[1]:
        labels = sum(label != -100 for feature in features for label in feature["labels"])
        first = sum(label != -100 for feature in seen[1][0][1] for label in feature["labels"])
        assert share / seen[1][0][0] == pytest.approx(labels / first)


def test_a_family_that_cannot_run_flat_is_trained_on_padded_batches(tmp_path, caplog, monkeypatch):
    """Its attention is within windows; heads of several kinds, masks and options among them."""
    monkeypatch.setattr(collators, "_FOUND", {})
    monkeypatch.setattr(collators, "_SAID", set())
    path = families.modernbert(tmp_path / "modernbert")
    sets = [set_spec(name) for name in ("udpos", "hellaswag", "squad_v2")]
    spec = spec_of(path, *sets, set_spec("mlm", ratio=0.2), epochs=1)
    result = learn(spec, tmp_path / "run")
    said = [record.getMessage() for record in caplog.records]
    assert sum("modernbert: batches are padded, not flat" in line for line in said) == 1
    assert result["updates"] > 10 and all(0 < loss < 10 for loss in result["losses"].values())
    assert len(result["losses"]) == 4
