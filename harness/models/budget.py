"""How many tokens an accelerator takes in a batch of inference."""

from __future__ import annotations

from typing import Any

from harness.models.batching import MORE_TOKENS
from harness.models.device import GIB

FEWEST, MOST = 2048, 65_536  # tokens in a batch
USED = 0.8  # of the memory; the rest is left to the driver, the libraries and gaps
WEIGHT_BYTES = (
    18  # a weight in float32 and bf16, its gradient, AdamW's two means: dev checks have all
)


def batch_tokens(memory: int, config: Any, weights: int) -> int:
    """Return the tokens in a batch of inference, at most: a power of two.

    A rule, nothing is measured: what the weights leave of four fifths of the device's memory, over
    the bytes of a token. Those are four (float32, so twice what bf16 takes) for each number of: all
    hidden states, which a layer-by-layer table keeps; queries, keys, values and what attention and
    the layer make of them, eight times the width; the feed-forward layer before and after its
    function. It follows from the device's kind and the checkpoint, never from what is free now, so
    that the same step gives the same digits on the same kind of device; if memory runs out all the
    same, a batch is cut in two (``harness.models.transfer.in_parts``).

    Args:
        memory: GiB of the device; 0 if that is unknown.
        config: transformers' config of the encoder.
        weights: How many weights the model has.
    """
    if not memory:
        return MORE_TOKENS
    width, layers = config.hidden_size, config.num_hidden_layers
    inner = getattr(config, "intermediate_size", None) or 4 * width
    a_token = 4 * ((layers + 1) * width + 8 * width + 2 * inner)
    left = int((USED * memory * GIB - WEIGHT_BYTES * weights) / a_token)
    power = 2 ** (max(left, 1).bit_length() - 1)
    return min(max(power, FEWEST), MOST)
