"""An encoder of queries and passages, with the learnt scale of their similarities."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

SCALE = 100.0  # as google-research/xtreme, third_party/bert.py
UNDECAYED = "similarity.scale"  # end of the name of the parameter that has no weight decay


class Similarity(nn.Module):
    """The similarity of queries and passages: a learnt scale times the cosine.

    Attributes:
        scale: float32 (1,); weight decay leaves it out.
    """

    def __init__(self) -> None:
        """Start with SCALE."""
        super().__init__()
        self.scale = nn.Parameter(torch.full((1,), SCALE))

    def forward(self, queries: torch.Tensor, passages: torch.Tensor) -> torch.Tensor:
        """Return the logits, float32 (queries, passages), of normalised vectors."""
        with torch.autocast(queries.device.type, enabled=False):  # a hundredth is a whole logit
            return self.scale.float() * queries.float() @ passages.float().T


class DualModel(nn.Module):
    """An encoder and the similarity, with the names that transformers' complete models have.

    Attributes:
        encoder: The encoder of both sides.
        similarity: What compares their vectors.
    """

    base_model_prefix = "encoder"
    encoder: Any

    def __init__(self, encoder: Any) -> None:
        """Put a fresh similarity beside an encoder."""
        super().__init__()
        self.encoder = encoder
        self.similarity = Similarity()

    @property
    def base_model(self) -> Any:
        """Return the encoder."""
        return self.encoder

    @property
    def config(self) -> Any:
        """Return the encoder's config."""
        return self.encoder.config

    def tie_weights(self) -> None:
        """Do nothing: no weight is tied."""

    def forward(self, **inputs: Any) -> Any:
        """Return the encoder's outputs."""
        return self.encoder(**inputs)
