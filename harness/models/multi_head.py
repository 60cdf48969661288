"""The model that is trained: one encoder with a head for each training set."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from harness.errors import HarnessError
from harness.models.collator import open_collator
from harness.models.cpu_weights import prepare_weights
from harness.models.device import Device, seed_everything
from harness.models.heads import Head, parts_of
from harness.models.loading import load_config
from harness.models.model import Model, read_encoder
from harness.models.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from harness.declarations import Learnt
    from harness.models.checkpoint import Checkpoint

HEADS = "heads"  # folder with heads/0, heads/1 …, in the order of the sets' names


class MultiHeadModel(nn.Module):
    """One encoder with several heads.

    Attributes:
        encoder: The transformers encoder that all share.
        heads: The head modules.
        kinds: The kinds of the heads.
        models: The complete transformers models, each the encoder with one of the heads.
    """

    encoder: Any
    heads: Any
    kinds: tuple[Head, ...]
    models: tuple[Any, ...]
    _keys_to_ignore_on_save = None  # the Trainer reads it if a tied weight is left out

    def __init__(self, encoder: Any, models: Sequence[Any], kinds: Sequence[Head]) -> None:
        """Combine complete models that share an encoder; register every weight once."""
        super().__init__()
        self.encoder = encoder
        self.kinds = tuple(kinds)
        self.heads = nn.ModuleList(nn.ModuleDict(parts_of(model)) for model in models)
        self.__dict__["models"] = tuple(models)  # not registered, since they contain the encoder

    def forward(self, head: int, **inputs: Any) -> torch.Tensor:
        """Return the loss of a batch with one head."""
        return self.kinds[head].loss(self.models[head], inputs)

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Return the weights, a tied one (of a language-modelling head) only once."""
        weights = super().state_dict(*args, **kwargs)
        seen: set[int] = set()
        for name, value in list(weights.items()):
            place = value.data_ptr() if value.numel() else id(value)
            if place in seen:
                del weights[name]
            seen.add(place)
        return weights

    @property
    def words(self) -> Any:
        """Return the word table."""
        return self.encoder.get_input_embeddings()


class UsedRows(nn.Module):
    """A word table in which only the rows that the training text uses are parameters.

    The other rows get no gradient, so AdamW would change them only by weight decay, a factor
    common to all of them. The result is the same without the optimiser's state and work for a
    quarter of a million rows, which are most weights of a multilingual encoder.

    Attributes:
        weight: float32 (used rows, dimensions), the parameters.
        all: float32 (rows, dimensions), the original table.
        lookup: int64 (rows,), the position of each row in ``weight``, -1 for unused rows.
        decay: float64 (), the factor that weight decay has applied to the other rows so far.
    """

    all: torch.Tensor
    lookup: torch.Tensor
    decay: torch.Tensor

    def __init__(self, table: nn.Embedding, used: Sequence[int]) -> None:
        """Split a table by the sorted numbers of its used rows."""
        super().__init__()
        rows = torch.tensor(used)
        lookup = torch.full((table.num_embeddings,), -1)
        lookup[rows] = torch.arange(len(rows))
        self.weight = nn.Parameter(table.weight.detach()[rows].clone())
        self.padding_idx = table.padding_idx
        pad = -1 if table.padding_idx is None else int(lookup[table.padding_idx])
        self._pad = None if pad < 0 else pad
        self.register_buffer("lookup", lookup, persistent=False)
        self.register_buffer("all", table.weight.detach(), persistent=False)
        self.register_buffer("decay", torch.ones((), dtype=torch.float64))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the rows of tokens, float32 (…, dimensions)."""
        places = self.lookup[ids]
        vectors = functional.embedding(places.clamp(min=0), self.weight, padding_idx=self._pad)
        at_hand = places.device.type == "cpu"  # elsewhere asking would wait for the device
        if self.training or (at_hand and bool((places >= 0).all())):
            return vectors
        others = functional.embedding(ids, self.all) * self.decay.to(vectors.dtype)
        return torch.where((places < 0).unsqueeze(-1), others, vectors)

    def whole(self) -> torch.Tensor:
        """Return the full table, float32 (rows, dimensions)."""
        table = self.all * self.decay.to(self.all.dtype)
        used = self.lookup >= 0
        table[used] = self.weight.detach()[self.lookup[used]]
        return table


def build_multi_head(
    checkpoint: Checkpoint, forms: Sequence[Learnt], seed: int, kept: Mapping[int, Path]
) -> MultiHeadModel:
    """Return a checkpoint's encoder with a fresh head for each format.

    A head is fresh even if the checkpoint has one that fits, except for those in ``kept``; a
    language-modelling head is the checkpoint's own if it has one.

    Args:
        checkpoint: The encoder to start from.
        forms: The formats, a head each.
        seed: Seeds the fresh heads.
        kept: Head number to the folder of a head to continue with.

    Raises:
        HarnessError: Weights of the encoder are missing.
    """
    seed_everything(seed)
    models = [form.head.build(checkpoint.path, form.labels) for form in forms]
    encoder = models[0].base_model
    for model in models[1:]:
        base = model.base_model
        if getattr(encoder, "pooler", None) is None and getattr(base, "pooler", None) is not None:
            encoder.pooler = base.pooler
        setattr(model, model.base_model_prefix, encoder)
    loaded = encoder.load_state_dict(read_encoder(checkpoint.path).state_dict(), strict=False)
    missing = [name for name in loaded.missing_keys if not name.startswith("pooler.")]
    if missing:
        raise HarnessError(f"{checkpoint.name}: encoder weights are missing: {missing[0]} …")
    for model in models:
        model.tie_weights()
    for number, folder in kept.items():
        load_head(models[number], folder)
    return MultiHeadModel(encoder, models, [form.head for form in forms])


def only_used_rows(multi: MultiHeadModel, tokens: set[int]) -> None:
    """Train only the word rows that the training text uses (see UsedRows)."""
    multi.encoder.set_input_embeddings(UsedRows(multi.words, sorted(tokens)))


def add_adapters(multi: MultiHeadModel, rank: int) -> None:
    """Freeze the encoder and put low-rank adapters on all its linear layers.

    They are LoRA's (arXiv 2106.09685), by peft, with alpha twice the rank; saving merges them.

    Raises:
        HarnessError: peft is not installed.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise HarnessError("lora needs peft: pip install 'xtreme-harness[lora]'") from error
    targets = [
        name
        for name, module in multi.encoder.named_modules()
        if isinstance(module, nn.Linear) and not name.startswith("pooler.")
    ]
    settings = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=targets)
    inject_adapter_in_model(settings, multi.encoder)
    for name, weight in multi.encoder.named_parameters():
        if name.startswith("pooler."):  # it is trained from scratch
            weight.requires_grad_(True)


def save_multi_head(multi: MultiHeadModel, folder: Path) -> None:
    """Write the encoder as a transformers checkpoint, with the heads in its folder.

    Adapters are merged and the word table is complete.
    """
    from safetensors.torch import save_file

    aside = folder.with_suffix(".part")
    shutil.rmtree(aside, ignore_errors=True)
    multi.encoder.save_pretrained(aside, state_dict=_merged(multi.encoder))
    for number, model in enumerate(multi.models):
        place = aside / HEADS / str(number)
        place.mkdir(parents=True)
        tied = {p.data_ptr() for p in multi.encoder.parameters()}
        weights = {
            name: value.detach().clone().contiguous()
            for name, value in model.named_parameters()
            if not name.startswith(f"{model.base_model_prefix}.") and value.data_ptr() not in tied
        }
        save_file(weights, place / "model.safetensors", metadata={"format": "pt"})
        model.config.to_json_file(place / "config.json")
    shutil.rmtree(folder, ignore_errors=True)
    aside.rename(folder)


def load_trained(path: Path, head: Head, number: int, device: Device) -> Model:
    """Return a trained model from the store: its encoder with one of its heads."""
    folder = path / HEADS / str(number)
    module = head.loaded(path, load_config(folder)).eval()
    load_head(module, folder)
    tokenizer = load_tokenizer(path)
    collator = open_collator(module, tokenizer, path, head)
    cast = prepare_weights(module, device, head)
    module = module.to(device.name)
    return Model(module, tokenizer, device, head, collator=collator, cast=cast)


def load_head(model: Any, folder: Path) -> None:
    """Load the weights in a head's folder into a model's head.

    Raises:
        HarnessError: It is the head of another format or other labels.
    """
    from safetensors.torch import load_file

    weights = load_file(folder / "model.safetensors")
    try:
        result = model.load_state_dict(weights, strict=False)
    except RuntimeError as error:  # torch raises it for other sizes, strict or not
        raise HarnessError(f"{folder}: the head does not fit; it has other labels") from error
    lacking = [
        name
        for name in result.missing_keys
        if not name.startswith(f"{model.base_model_prefix}.") and "decoder" not in name
    ]
    if lacking or result.unexpected_keys:
        raise HarnessError(f"{folder}: the head does not fit ({(lacking or ['other weights'])[0]})")


def _merged(encoder: Any) -> dict[str, torch.Tensor]:
    """Return the encoder's weights with adapters merged and the word table complete."""
    deltas = {
        f"{name}.weight": module.get_delta_weight("default")
        for name, module in encoder.named_modules()
        if hasattr(module, "get_delta_weight") and hasattr(module, "base_layer")
    }
    tables = {n: m for n, m in encoder.named_modules() if isinstance(m, UsedRows)}
    state = {}
    for name, value in encoder.state_dict().items():
        if "lora_" in name or name.removesuffix(".decay") in tables:
            continue
        plain = name.replace(".base_layer.", ".")
        if (table := name.removesuffix(".weight")) in tables:
            value = tables[table].whole()
        state[plain] = (value + deltas[plain] if plain in deltas else value).contiguous()
    return state
