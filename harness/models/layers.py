"""An encoder's layers: those above the wanted hidden state are taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.models.collator import Collator, probe_features
from harness.models.families import positions_of
from harness.models.loading import quiet

if TYPE_CHECKING:
    import torch


def cut_layers(encoder: Any, state: int, collator: Collator, tokenizer: Any) -> int:
    """Take the layers above a hidden state out of an encoder, and return how many are left.

    Where a family normalises once more after its last layer, one layer more stays; where the state
    is another then too (ALBERT, whose layers share their weights), all stay.

    Args:
        encoder: The encoder; it is changed.
        state: Number of the highest hidden state that is wanted; 0 is the embeddings.
        collator: Makes its batches.
        tokenizer: Its tokenizer.
    """
    import torch

    depth = int(encoder.config.num_hidden_layers)
    place = _place(encoder, depth)
    if place is None or state >= depth:
        return depth
    owner, name = place
    layers = getattr(owner, name)
    inputs = collator.inputs(probe_features(tokenizer, positions_of(encoder)[0]))
    expected = _state(encoder, inputs, state)
    for kept in (state, state + 1):
        setattr(owner, name, torch.nn.ModuleList(list(layers)[:kept]))
        found = _state(encoder, inputs, state)
        if found is not None and expected is not None and torch.equal(found, expected):
            return kept
    setattr(owner, name, layers)
    return depth


def _place(encoder: Any, depth: int) -> tuple[Any, str] | None:
    """Return the module that holds the list of layers, and its name there."""
    import torch

    for owner in encoder.modules():
        for name, child in owner.named_children():
            if isinstance(child, torch.nn.ModuleList) and len(child) == depth:
                return owner, name
    return None


def _state(encoder: Any, inputs: dict[str, Any], number: int) -> torch.Tensor | None:
    """Return a hidden state of a batch, None if the encoder fails."""
    import torch

    try:
        with torch.inference_mode(), quiet():
            return encoder(**inputs, output_hidden_states=[number]).hidden_states[number]
    except Exception:  # a family can raise anything if it lacks layers
        return None
