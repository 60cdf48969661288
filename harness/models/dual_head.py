"""The head of dual encoders: one encoder for queries and passages, and softmax over a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.models.heads import Head
from harness.models.loading import load_model
from harness.models.pooling import FIRST, MEAN, PLAIN, POOLER, pooled

if TYPE_CHECKING:
    import torch

    from harness.models.dual_model import DualModel

POOLINGS = (POOLER, FIRST, MEAN)


@dataclass(frozen=True)
class DualHead(Head):
    """A head that compares queries with the passages of their batch.

    Source: ``BertForRetrieval`` of google-research/xtreme, third_party/bert.py. A text's vector is
    the pooler's output (dense and tanh on the first token), L2-normalised; logits are a learnt
    scale times the cosines; the loss is each query's cross-entropy over the batch's passages.

    Attributes:
        pooling: One of POOLINGS: ``cls`` is the first token itself, ``mean`` that of all tokens.
        mask_same: Leave out, of a query's negatives, passages with the text of its right one.
        pieces: Pieces in which a batch is encoded at least.
    """

    auto: str = "AutoModel"
    outputs: tuple[str, ...] = ("vectors",)
    pooling: str = POOLER
    mask_same: bool = False
    pieces: int = 1

    joint: ClassVar[bool] = True

    @property
    def reads_all(self) -> bool:
        """Return whether it reads every token."""
        return self.pooling == MEAN

    @property
    def least_pieces(self) -> int:
        """Return in how many pieces a batch is encoded at least."""
        return self.pieces

    def on(self, config: Any) -> DualModel:
        """Return an encoder of a config with a fresh scale, in float32."""
        return self._beside(super().on(config))

    def loaded(self, path: Path, config: Any) -> DualModel:
        """Return the encoder of a checkpoint with a fresh scale, which ``load_head`` replaces."""
        return self._beside(load_model(self.auto, path, config=config))

    def _beside(self, encoder: Any) -> DualModel:
        from harness.models.dual_model import DualModel

        if self.pooling != POOLER and getattr(encoder, "pooler", None) is not None:
            encoder.pooler = None  # it would get no gradient
        return DualModel(encoder)

    def answers(self, model: DualModel, inputs: dict[str, Any]) -> list[torch.Tensor]:
        """Return the vector of each text of a batch, normalised, float32 (texts, dimensions)."""
        from torch.nn.functional import normalize

        outputs, flat = model(**inputs), inputs.get("flat")
        if self.pooling != MEAN:
            pooler = self.pooling == POOLER
            first = outputs.pooler_output if pooler else outputs.last_hidden_state[:, 0]
            return [normalize(first.float(), dim=-1)]
        vectors = pooled(outputs.last_hidden_state, inputs, None, PLAIN[MEAN])
        if flat is not None:  # they are in the order in which the texts lie
            places = sorted(range(len(flat.order)), key=flat.order.__getitem__)
            vectors = vectors[places]
        return [vectors]

    def loss(self, model: DualModel, inputs: dict[str, Any]) -> torch.Tensor:
        """Return the mean loss of a batch's queries.

        With ``again`` the vectors are computed without keeping what their gradient needs, and once
        more, with the same dropout, when it is due: a piece at a time, so that memory holds one
        piece. That is the gradient cache of arXiv 2101.06983; the last piece is kept, though.

        Args:
            model: The model.
            inputs: ``texts``, the inputs of some texts each; ``places``, where each text's vector
                belongs: the queries first, then the passages in the same order; ``passages``, the
                number of each passage's text; ``again``.
        """
        import torch
        from torch.utils.checkpoint import checkpoint

        def encode(texts: dict[str, Any]) -> torch.Tensor:
            return self.answers(model, dict(texts))[0]

        texts, parts = inputs["texts"], []
        for number, some in enumerate(texts, 1):
            if inputs["again"] and number < len(texts):
                parts.append(checkpoint(encode, some, use_reentrant=False))
            else:  # the last one's gradient is due at once
                parts.append(encode(some))
        vectors = torch.cat(parts)[inputs["places"].argsort()]
        queries, passages = vectors.chunk(2)
        return self.losses(model, queries, passages, inputs["passages"]).mean()

    def losses(
        self,
        model: DualModel,
        queries: torch.Tensor,
        passages: torch.Tensor,
        numbers: torch.Tensor,
    ) -> torch.Tensor:
        """Return the loss of each query of a batch, whose passage is in the same place.

        Args:
            model: The model.
            queries: Their vectors.
            passages: The vectors of the passages.
            numbers: The number of each passage's text; equal ones are of the same text.
        """
        import torch
        from torch.nn.functional import cross_entropy

        logits = model.similarity(queries, passages)
        if self.mask_same:
            same = (numbers[:, None] == numbers[None]).fill_diagonal_(False)
            logits = logits.masked_fill(same, float("-inf"))
        return cross_entropy(
            logits, torch.arange(len(logits), device=logits.device), reduction="none"
        )


def numbered(texts: Sequence[str]) -> list[int]:
    """Return a number for each text, the same for equal ones."""
    numbers: dict[str, int] = {}
    return [numbers.setdefault(text, len(numbers)) for text in texts]
