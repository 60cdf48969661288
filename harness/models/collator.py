"""How a model's batches are made: flat where that gives what padded ones give, else padded."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.files import one_line
from harness.models import checkpoint_files
from harness.models.batching import IGNORED
from harness.models.device import is_out_of_memory
from harness.models.families import positions_of
from harness.models.flat import ATTENTION, FlatBatch, first_tokens, flat_inputs, lay_flat, register
from harness.models.loading import quiet

if TYPE_CHECKING:
    import torch

    from harness.models.heads import Head
    from harness.models.text_batches import TextBatch

CLOSE = 1e-5  # the most that flat and padded states may differ by, as a share of the largest
ALIKE = 1e-2  # the same of a head's answers, which may all be near 0 in one that is drawn anew
PROBES = (
    ["A cup of tea.", "Somebody drinks it on the boat, and another cup at home.", "Rain."],
    ["A boat.", "Nobody.", "It fell on the old mill for three days and nights; then it stopped."],
)
"""Three pairs of unlike lengths, the longest neither first nor last."""
_FOUND: dict[tuple[Any, ...], str] = {}  # why files of a checkpoint run padded, "" if flat
_SAID: set[tuple[str, str]] = set()

log = logging.getLogger("harness")


@dataclass(frozen=True)
class Collator:
    """Makes batches of features for a model.

    Attributes:
        names: The inputs that the model reads, as its tokenizer names them.
        fill: What each is padded with.
        flat: Whether batches are flat (``harness.models.flat``).
        pad: The padding id that positions of flat batches are numbered behind; None for from 0.
    """

    names: tuple[str, ...]
    fill: Mapping[str, int]
    flat: bool = False
    pad: int | None = None

    def inputs(
        self, features: Sequence[Mapping[str, Any]], *, by_token: bool = True
    ) -> dict[str, Any]:
        """Return the inputs of a batch on the CPU.

        Args:
            features: Model inputs of each example without padding, as lists or arrays.
            by_token: Whether the model's head reads every token, or each example's first.
        """
        if self.flat:
            return lay_flat(features, self.names, self.pad, by_token=by_token)
        return {
            name: self.padded([f.get(name) for f in features], self.fill[name], features)
            for name in self.names
            if name in features[0] or name == "attention_mask"
        }

    def inputs_of_texts(self, texts: TextBatch) -> dict[str, Any]:
        """Return the inputs of a batch of texts on the CPU, for a head that reads every token."""
        if not self.flat:
            return self.inputs(texts.features())
        values = {name: texts.values[name] for name in self.names if name in texts.values}
        batch = FlatBatch(tuple(texts.lengths.tolist()), tuple(range(len(texts))))
        return flat_inputs(values, batch, self.pad)

    def padded(
        self, rows: Sequence[Any], fill: int, features: Sequence[Mapping[str, Any]]
    ) -> torch.Tensor:
        """Return rows padded to the longest feature, int64; without rows, where features are."""
        import numpy as np
        import torch

        lengths = [len(feature["input_ids"]) for feature in features]
        array = np.full((len(features), max(lengths)), fill, dtype=np.int64)
        for place, (row, length) in enumerate(zip(rows, lengths, strict=True)):
            array[place, :length] = 1 if row is None else row
        return torch.from_numpy(array)

    def labels(
        self,
        labels: Sequence[Sequence[int]],
        inputs: Mapping[str, Any],
        features: Sequence[Mapping[str, Any]],
    ) -> torch.Tensor:
        """Return the labels of a batch's tokens, IGNORED at padding.

        Args:
            labels: The labels of each example's tokens.
            inputs: The batch's inputs.
            features: Its examples.
        """
        import torch

        if self.flat:
            return torch.tensor([x for i in inputs["flat"].order for x in labels[i]])[None]
        return self.padded(labels, IGNORED, features)

    def by_example(self, output: Any, inputs: Mapping[str, Any], count: int) -> list[Any]:
        """Return each example's part of an answer that has a row for each token.

        Args:
            output: The answer, an array with the batch's dimensions first.
            inputs: The batch's inputs.
            count: How many examples it has.
        """
        if self.flat:
            return inputs["flat"].of_examples(output[0])
        return [output[i] for i in range(count)]


def padding_collator(tokenizer: Any) -> Collator:
    """Return what makes padded batches of a tokenizer's inputs."""
    names = tuple(tokenizer.model_input_names)
    fill = dict.fromkeys(names, 0) | {
        "input_ids": tokenizer.pad_token_id,
        "token_type_ids": tokenizer.pad_token_type_id,
    }
    return Collator(names, fill)


def probe_features(tokenizer: Any, positions: int = 0) -> list[dict[str, Any]]:
    """Return the inputs of three pairs of sentences of unlike lengths.

    Args:
        tokenizer: The encoder's.
        positions: Tokens that the encoder can read at once; 0 for no bound.
    """
    limit = {"truncation": True, "max_length": positions} if positions else {}
    batch = tokenizer(*PROBES, **limit)
    return [{name: batch[name][i] for name in batch} for i in range(len(PROBES[0]))]


def open_collator(model: Any, tokenizer: Any, path: Path, head: Head | None = None) -> Collator:
    """Return what makes a model's batches; prepare the model for flat ones if they fit it.

    They fit if three sentences of unlike lengths give the same states and answers flat and padded.
    That is looked at once for a checkpoint's files, on the CPU in float32; that the states are the
    same does not depend on a head that is drawn anew.

    Args:
        model: A complete transformers model or a bare encoder, in float32 on the CPU.
        tokenizer: Its tokenizer.
        path: The checkpoint's folder.
        head: The kind of its head; None for a bare encoder.
    """
    collator = padding_collator(tokenizer)
    key = (str(path), repr(checkpoint_files.stamp(path)), collator.names, head)
    reason = _FOUND.get(key)
    if reason:
        return collator
    before = model.base_model.config._attn_implementation  # noqa: SLF001 - no other way
    flat = replace(collator, flat=True, pad=positions_of(model.base_model)[1])
    try:
        _prepare(model)
        if reason is None:
            reason = _difference(model.base_model, tokenizer, (flat, collator), None)
            if head is not None and not reason:
                reason = _difference(model, tokenizer, (flat, collator), head)
    except Exception as error:  # a family can raise anything
        if is_out_of_memory(error):  # says nothing of the family
            raise
        reason = one_line(error)
    _FOUND[key] = reason
    if not reason:
        return flat
    with quiet():
        model.base_model.set_attn_implementation(before)
    said = (model.config.model_type, reason)
    if said not in _SAID:
        _SAID.add(said)
        log.warning("%s: batches are padded, not flat (%s)", *said)
    return collator


def _prepare(model: Any) -> None:
    """Give an encoder our attention, and its head the sentences' first tokens."""
    register()
    base = model.base_model
    if base.config._attn_implementation not in ("sdpa", ATTENTION):  # noqa: SLF001 - no other way
        raise ValueError("its attention is not torch's scaled_dot_product_attention")
    with quiet():
        base.set_attn_implementation(ATTENTION)
    if not getattr(base, "gives_first_tokens", False):
        base.register_forward_hook(first_tokens, with_kwargs=True)
        base.gives_first_tokens = True


def _difference(
    model: Any, tokenizer: Any, collators: tuple[Collator, Collator], head: Head | None
) -> str:
    """Return by how much flat and padded answers differ, "" if by next to nothing."""
    features = probe_features(tokenizer, positions_of(model.base_model)[0])
    training = model.training
    model.eval()
    try:
        answers = [_answers(model, collator, features, head) for collator in collators]
    finally:
        model.train(training)
    for one, other in zip(*answers, strict=True):
        if one.shape != other.shape:
            return f"answers have shapes {tuple(one.shape)} and {tuple(other.shape)}"
    scale = max(float(other.abs().max()) for other in answers[1]) or 1.0
    pairs = zip(*answers, strict=True)
    worst = max((float((one - other).abs().max()) / scale for one, other in pairs), key=_nan_last)
    what, most = ("states", CLOSE) if head is None else ("answers", ALIKE)
    return "" if worst <= most else f"{what} differ by {worst:.1e}"  # nan is not <= anything


def _nan_last(value: float) -> tuple[bool, float]:
    """Return what numbers are sorted by, with nan as the greatest."""
    return value != value, value  # noqa: PLR0124 - nan is not itself


def _answers(
    model: Any, collator: Collator, features: Sequence[Mapping[str, Any]], head: Head | None
) -> list[torch.Tensor]:
    """Return the states of an encoder, or the answers of a head, of each example in a batch."""
    import torch

    by_token = head is None or head.by_token
    inputs = collator.inputs(features, by_token=head is None or head.reads_all)
    with torch.inference_mode():
        if head is None:
            outputs = [model(**inputs).last_hidden_state]
        else:
            outputs = head.answers(model, inputs)
    parts = []
    for output in outputs:
        rows = collator.by_example(output, inputs, len(features)) if by_token else output
        lengths = [len(feature["input_ids"]) if by_token else None for feature in features]
        parts += [row[:length] for row, length in zip(rows, lengths, strict=True)]
    return parts
