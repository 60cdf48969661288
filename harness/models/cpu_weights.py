"""Weights made ready for inference on a CPU: in bf16, and packed for oneDNN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from harness.models.batching import INFERENCE_TOKENS

if TYPE_CHECKING:
    from harness.models.device import Device
    from harness.models.heads import Head


class PackedLinear(nn.Module):
    """A linear layer whose weight lies as oneDNN wants it; it cannot be trained or saved.

    Attributes:
        in_features: Dimensions of its input.
        out_features: Dimensions of its output.
    """

    def __init__(self, layer: nn.Linear, tokens: int) -> None:
        """Pack the weight of a layer for batches of some tokens (others are as right)."""
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        weight = layer.weight.detach()
        self._packed = torch.ops.mkldnn._reorder_linear_weight(weight, tokens)  # noqa: SLF001
        self._bias = None if layer.bias is None else layer.bias.detach()

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return the layer's output, in the input's precision."""
        multiply = torch.ops.mkldnn._linear_pointwise  # noqa: SLF001
        output: torch.Tensor = multiply(states, self._packed, self._bias, "none", [], "")
        return output


def prepare_weights(model: Any, device: Device, head: Head | None = None) -> bool:
    """Make a model's weights ready for inference; return whether they are still to be cast.

    In bf16 on a CPU the encoder's weights are, while the head's stay in float32 and get the states
    so: casting at each layer, as autocast does, costs more than it gains in small batches. Heads
    that share the word table are left to autocast. Linear layers are packed for oneDNN in bf16,
    and in fp32 where the CPU has AVX-512: with AVX2 alone torch's own are as fast or faster
    (docs/benchmarks.md).

    Args:
        model: A complete transformers model or a bare encoder, in float32; it is changed.
        device: Where and how it will run.
        head: The kind of its head; None for a bare encoder.
    """
    if device.kind != "cpu" or (head is not None and head.needs_all_words):
        return True
    lowered = device.precision == "bf16"
    encoder = model.base_model
    if lowered:
        for weight in encoder.parameters():  # not the tables of rotary positions, which are buffers
            weight.data = weight.data.to(torch.bfloat16)
        encoder.register_forward_hook(_in_float32)
    wide = "AVX512" in torch.backends.cpu.get_cpu_capability()
    if (lowered or wide) and _packs(torch.bfloat16 if lowered else torch.float32):
        pack(encoder)
    return not lowered and device.precision != "fp32"


def pack(model: nn.Module) -> None:
    """Put packed layers in the place of a model's linear ones."""
    for owner in list(model.modules()):
        for name, child in list(owner.named_children()):
            if type(child) is nn.Linear:
                setattr(owner, name, PackedLinear(child, INFERENCE_TOKENS["cpu"]))


def _packs(kind: torch.dtype) -> bool:
    """Return whether oneDNN packs weights of a kind here, and multiplies by them."""
    try:
        packed = PackedLinear(nn.Linear(32, 32, dtype=kind), 8)
        with torch.inference_mode():
            packed(torch.ones(8, 32, dtype=kind))
    except (AttributeError, RuntimeError, NotImplementedError):
        return False
    return True


def _in_float32(module: Any, args: Any, output: Any) -> Any:
    """Give what follows the encoder its states in float32; a forward hook."""
    output.last_hidden_state = output.last_hidden_state.float()
    if getattr(output, "pooler_output", None) is not None:
        output.pooler_output = output.pooler_output.float()
    return output
