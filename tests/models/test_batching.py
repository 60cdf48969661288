"""Batches: every example once, both bounds kept, the plan depends on the seed alone."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from harness.models.batching import Sizes, inference_batches, training_batches
from harness.recipes import Settings


def padded(lengths: list[int]) -> Sizes:
    return Sizes(lengths, [1] * len(lengths), flat=False)


LENGTHS = st.lists(st.integers(1, 300), min_size=1, max_size=200)


@given(LENGTHS, st.integers(1, 600), st.integers(1, 20))
def test_inference_covers_every_example_once_within_both_bounds(
    lengths: list[int], tokens: int, examples: int
) -> None:
    flat = inference_batches(lengths, tokens, examples, flat=True)
    assert [i for batch in flat for i in batch] == sorted(
        range(len(lengths)), key=lambda i: (-lengths[i], i)
    )
    for batch in flat:
        assert len(batch) <= examples
        assert len(batch) == 1 or sum(lengths[i] for i in batch) <= tokens
    batches = inference_batches(lengths, tokens, examples)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) <= examples
        assert len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= tokens
    longest = [max(lengths[i] for i in batch) for batch in batches]
    assert longest == sorted(longest, reverse=True)


@given(LENGTHS, st.integers(1, 4), st.integers(1, 4), st.integers(0, 9))
def test_training_plan(lengths: list[int], epochs: int, multiple: int, seed: int) -> None:
    def plan(seed: int) -> list[list[list[int]]]:
        settings = Settings(epochs=epochs, batch_size=8, max_tokens=600)
        return training_batches(padded(lengths), settings, seed=seed, multiple=multiple)

    found = plan(seed)
    assert found == plan(seed)
    assert len(found) == epochs
    for batches in found:
        assert len(batches) % multiple == 0
        filled = Counter(i for batch in batches for i in batch)
        assert set(filled) == set(range(len(lengths)))
        one = Settings(epochs=1, batch_size=8, max_tokens=600)
        extra = -len(training_batches(padded(lengths), one, seed=seed)[0]) % multiple
        if epochs == 1:
            assert sum(n - 1 for n in filled.values()) <= extra * 8
        for batch in batches:
            assert len(batch) <= 8
            assert len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= 600


def test_epochs_and_seeds_differ() -> None:
    lengths = [i % 37 + 1 for i in range(100)]
    settings = Settings(epochs=2, batch_size=8, max_tokens=999)
    first, second = training_batches(padded(lengths), settings, seed=1)
    other = training_batches(padded(lengths), settings, seed=2)[0]
    assert first != second
    assert first != other


def test_batches_hold_examples_of_like_length() -> None:
    """Padding stays below a tenth of the real tokens."""
    lengths = [(i * 7919) % 120 + 5 for i in range(2000)]
    settings = Settings(batch_size=16, max_tokens=4096)
    batches = training_batches(padded(lengths), settings, seed=0)[0]
    held = sum(max(lengths[i] for i in batch) * len(batch) for batch in batches)
    assert held / sum(lengths) < 1.1
