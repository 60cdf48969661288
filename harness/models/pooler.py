"""The pooler of an encoder: its own dense layer and tanh on the first token, as a pooling."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.models import checkpoint_files as files
from harness.models.pooling import Pooling

if TYPE_CHECKING:
    import torch


def refuse_without_pooler(path: Path) -> None:
    """Refuse a checkpoint whose files hold no weights of a pooler.

    transformers would draw some at random, and each run would search with others.

    Raises:
        HarnessError: They hold none.
    """
    names = files.tensor_shapes(files.weight_files(path))
    if not any("pooler." in name for name in names):
        raise HarnessError(
            f"{path}: its files hold no pooler; take pooling mean in the recipe, or train a dual"
            " encoder, which learns one"
        )


def pooler_of(module: Any, path: Path, device: str) -> Pooling:
    """Return the pooling by an encoder's own pooler, in float32.

    Args:
        module: The encoder, before its weights are changed for a device.
        path: Where it is from.
        device: Where the pooling will run.

    Raises:
        HarnessError: Its files hold no pooler, or its family has none of this form.
    """
    refuse_without_pooler(path)
    dense = getattr(getattr(module, "pooler", None), "dense", None)
    activation = getattr(getattr(module, "pooler", None), "activation", None)
    if dense is None or activation is None:
        raise HarnessError(
            f"{path}: {module.config.model_type} has no pooler of a dense layer and an activation;"
            " take pooling mean in the recipe"
        )
    weight = dense.weight.detach().float().to(device, copy=True)
    bias = dense.bias.detach().float().to(device, copy=True)

    def after(vectors: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = activation(vectors @ weight.T + bias)
        return result

    return Pooling(("cls",), after=(after,), output=len(weight))
