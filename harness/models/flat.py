"""Flat batches: sentences laid end to end, nothing padded, each attending to itself alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.models.transfer import to_device

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

ATTENTION = "harness"  # our attention's name in transformers' AttentionInterface
HARMLESS = {
    "position_ids",
    "token_type_ids",
    "use_cache",
    "output_attentions",
    "output_hidden_states",
}
"""Arguments of an attention that change nothing in a flat batch; any other is refused."""


class NotFlat(Exception):
    """An encoder's attention is asked for something that flat batches do not have."""


class Run(NamedTuple):
    """Neighbouring sentences of equal length.

    Attributes:
        start: Where they begin.
        sentences: How many they are.
        length: Tokens of each.
    """

    start: int
    sentences: int
    length: int

    def rows(self, values: torch.Tensor) -> torch.Tensor:
        """Return the run's part of values by token, (sentences, length, …)."""
        end = self.start + self.sentences * self.length
        return values[self.start : end].view(self.sentences, self.length, *values.shape[1:])


@dataclass(frozen=True, eq=False)
class FlatBatch:
    """Where the sentences of a flat batch lie; a model passes it on to our attention.

    Attributes:
        lengths: Tokens of each sentence, in the order in which they lie; equal ones are neighbours.
        order: The number of the example that each is of.
        by_token: Whether the head reads every token, or each sentence's first one.
    """

    lengths: tuple[int, ...]
    order: tuple[int, ...]
    by_token: bool = True

    @cached_property
    def starts(self) -> list[int]:
        """Return where each example's sentence begins, in the examples' order."""
        starts = [0] * len(self.order)
        for example, start in zip(self.order, self._edges(), strict=False):
            starts[example] = start
        return starts

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """Return the runs of sentences of equal length, in the order in which they lie."""
        runs, start = [], 0
        for length, same in groupby(self.lengths):
            count = len(list(same))
            runs.append(Run(start, count, length))
            start += count * length
        return tuple(runs)

    def of_examples(self, values: Any) -> list[Any]:
        """Return each example's part of values that have a row for each token."""
        edges = self._edges()
        parts: list[Any] = [None] * len(self.order)
        for example, start, end in zip(self.order, edges[:-1], edges[1:], strict=True):
            parts[example] = values[start:end]
        return parts

    def edges_on(self, device: torch.device) -> torch.Tensor:
        """Return where sentences begin, and the end, as int32 on a device."""
        import torch

        return self._on(device, "edges", self._edges(), torch.int32)

    def starts_on(self, device: torch.device) -> torch.Tensor:
        """Return where each example's sentence begins, as int64 on a device."""
        import torch

        return self._on(device, "starts", self.starts, torch.int64)

    def order_on(self, device: torch.device) -> torch.Tensor:
        """Return the number of the example that each sentence is of, as int64 on a device."""
        import torch

        return self._on(device, "order", self.order, torch.int64)

    def _on(
        self, device: torch.device, name: str, numbers: Sequence[int], kind: torch.dtype
    ) -> torch.Tensor:
        """Return numbers on a device; they are copied there once, and nothing waits for that."""
        import torch

        if (device, name) not in self._placed:
            values = torch.tensor(numbers, dtype=kind)
            self._placed[device, name] = to_device({name: values}, str(device))[name]
        return self._placed[device, name]

    @cached_property
    def _placed(self) -> dict[tuple[Any, str], torch.Tensor]:
        return {}

    def _edges(self) -> list[int]:
        return list(accumulate(self.lengths, initial=0))


def lay_flat(
    features: Sequence[Mapping[str, Any]], names: Sequence[str], pad: int | None, *, by_token: bool
) -> dict[str, Any]:
    """Return the inputs of a flat batch, (1, tokens) each, the longest sentences first.

    Positions behind a padding id are transformers' ``create_position_ids_from_input_ids``: a token
    that is the padding id itself has that id as its position, and is not counted.

    Args:
        features: Model inputs of each example, as lists or arrays.
        names: The inputs that the model reads.
        pad: The padding id behind which it numbers positions (RoBERTa's families); None where it
            numbers them from 0.
        by_token: Whether the head reads every token.
    """
    import numpy as np

    each = [len(feature["input_ids"]) for feature in features]
    order = sorted(range(len(each)), key=lambda i: (-each[i], i))
    values = {
        name: np.concatenate([np.asarray(features[i][name], dtype=np.int64) for i in order])
        for name in names
        if name in features[0]
    }
    batch = FlatBatch(tuple(each[i] for i in order), tuple(order), by_token)
    return flat_inputs(values, batch, pad)


def flat_inputs(
    values: Mapping[str, NDArray[np.int64]], batch: FlatBatch, pad: int | None
) -> dict[str, Any]:
    """Return the inputs of a flat batch, whose values lie end to end already.

    Args:
        values: int64 (tokens,) by the names of the inputs.
        batch: Where the sentences lie.
        pad: As in ``lay_flat``.
    """
    import numpy as np
    import torch

    inputs = {name: value for name, value in values.items() if name != "attention_mask"}
    lengths = np.array(batch.lengths)
    starts = np.cumsum(lengths) - lengths
    if pad is None:
        places = np.arange(lengths.sum()) - np.repeat(starts, lengths)
    else:
        real = inputs["input_ids"] != pad
        counted = np.cumsum(real)
        before = np.concatenate([[0], counted])[starts]  # an empty sentence may begin at the end
        places = (counted - np.repeat(before, lengths)) * real + pad
    inputs["position_ids"] = places
    return {name: torch.from_numpy(x)[None] for name, x in inputs.items()} | {"flat": batch}


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    flat: FlatBatch | None = None,
    **more: Any,
) -> tuple[torch.Tensor, None]:
    """Attend within each sentence of a flat batch; without one, do as transformers' ``sdpa``.

    Args:
        module: The attention layer.
        query: (1, heads, tokens, dimensions of a head).
        key: The same, perhaps of fewer heads, each for several of the queries'.
        value: As the keys.
        attention_mask: None in a flat batch.
        dropout: Share of the attention weights that are dropped.
        scaling: Factor of the products.
        flat: Where the sentences lie.
        more: Further arguments that a family passes.

    Returns:
        (1, tokens, heads, dimensions of a head), and None in place of weights.

    Raises:
        NotFlat: A mask, a window, a bias or anything else that is not known here.
    """
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    if flat is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **more
        )
    _refuse_unknown(module, attention_mask, more)
    grouped = query.shape[1] != key.shape[1]
    if not dropout and _has_varlen(query, key, value):
        return _varlen((query, key, value), flat, scaling, grouped=grouped), None
    sizes = [run.sentences * run.length for run in flat.runs]
    query, key, value = (x[0].transpose(0, 1) for x in (query, key, value))
    parts = []
    split = (torch.split(x, sizes) for x in (query, key, value))  # a slice's gradient is as large
    for run, *rows in zip(flat.runs, *split, strict=True):  # as the whole, with zeros elsewhere
        q, k, v = (x.view(*run[1:], *x.shape[1:]).transpose(1, 2) for x in rows)
        states = torch.nn.functional.scaled_dot_product_attention(
            q, k, v, dropout_p=dropout, scale=scaling, enable_gqa=grouped
        )
        parts.append(states.transpose(1, 2).flatten(0, 1))
    return (parts[0] if len(parts) == 1 else torch.cat(parts))[None], None


def _refuse_unknown(module: Any, mask: Any, more: Mapping[str, Any]) -> None:
    """Raise NotFlat for what a flat batch does not have."""
    if mask is not None:
        raise NotFlat("its attention has a mask of its own")
    if getattr(module, "is_causal", False) or more.get("is_causal"):
        raise NotFlat("its attention is causal")
    for name, given in more.items():
        if name not in HARMLESS and given is not None and given is not False:
            raise NotFlat(f"its attention is given {name}")


def _has_varlen(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> bool:
    """Return whether torch has an attention over unlike lengths for these: on a GPU, in half.

    It is flash attention, whose heads have up to 256 dimensions, a multiple of 8.
    """
    import torch

    if not query.is_cuda or query.dtype not in (torch.float16, torch.bfloat16):
        return False
    alike = query.dtype == key.dtype == value.dtype  # rotary positions may leave some in float32
    width = query.shape[-1]
    return alike and width % 8 == 0 and width <= 256 and _varlen_there(query.device)


@cache
def _varlen_there(device: torch.device) -> bool:
    """Return whether this torch has flash attention, and a GPU can run it (Ampere or newer)."""
    from importlib.util import find_spec

    import torch

    return (
        find_spec("torch.nn.attention.varlen") is not None
        and torch.backends.cuda.is_flash_attention_available()
        and torch.cuda.get_device_capability(device) >= (8, 0)
    )


def _varlen(
    rows: Sequence[torch.Tensor], flat: FlatBatch, scaling: float | None, *, grouped: bool
) -> torch.Tensor:
    """Attend in one kernel on a GPU, which has no dropout.

    It was not run on a GPU yet; a test holds the arguments against torch's signature.
    """
    from torch.nn.attention.varlen import varlen_attn

    query, key, value = (x[0].transpose(0, 1).contiguous() for x in rows)
    edges, longest = flat.edges_on(query.device), max(flat.lengths)
    states = varlen_attn(
        query, key, value, edges, edges, longest, longest, scale=scaling, enable_gqa=grouped
    )
    assert not isinstance(states, tuple)
    return states[None]


def first_tokens(module: Any, args: Any, given: Mapping[str, Any], output: Any) -> Any:
    """Give the head each sentence's first token, (sentences, 1, dimensions); a forward hook.

    Heads of sentences take the first token of each row, themselves or in the encoder's pooler.
    """
    flat = given.get("flat")
    if flat is None or flat.by_token:
        return None
    states = output.last_hidden_state
    output.last_hidden_state = states[0, flat.starts_on(states.device)].unsqueeze(1)
    if getattr(module, "pooler", None) is not None:
        output.pooler_output = module.pooler(output.last_hidden_state)
    return output


@cache
def register() -> None:
    """Make our attention known to transformers, with the masks of ``sdpa``.

    These are None without padding, as in a flat batch, unless a family wants another mask.
    """
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(ATTENTION, attend)
    AttentionMaskInterface.register(ATTENTION, sdpa_mask)
