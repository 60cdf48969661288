"""What transformers makes of a checkpoint, found out without loading its weights."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data.files import one_line, read_json
from harness.errors import HarnessError
from harness.models.config_numbers import check_numbers
from harness.models.loading import load_config, load_model, quiet
from harness.models.tokenizer import open_tokenizer

SPARE_ROWS = 1024  # rows of the word table that may have no piece (padding to a round size)
NUMBERS = ("vocab_size", "hidden_size", "dim", "num_hidden_layers", "n_layers")  # of config.json
PREFIXES = {
    "_orig_mod.": "saved out of torch.compile",
    "module.": "saved out of DataParallel or DDP",
    "_forward_module.": "saved out of Fabric",
    "base_model.model.": "saved out of peft",
}
"""Prefixes that wrappers add to the names of weights, and how weights get them."""
PAIRS = (["A cup of tea.", "A boat."], ["Somebody drinks it on the boat.", "Nobody."])
TYPES = "token_type_ids"


@dataclass(frozen=True)
class Structure:
    """The structure of an encoder, from its config, tensors and tokenizer.

    Attributes:
        config: transformers' config.
        layers: Number of encoder layers.
        words: Number of weights in the word table.
        positions: Tokens that it can read at once; 0 for no bound.
        unread: Inputs that the tokenizer gives and the encoder cannot take.
        pooler: As in ``harness.models.checkpoint.Checkpoint``.
    """

    config: Any
    layers: int
    words: int
    positions: int
    unread: tuple[str, ...] = ()
    pooler: str = ""


def understand(path: Path, names: set[str]) -> Structure:
    """Return what transformers makes of a folder.

    The encoder is built on torch's meta device, where transformers' own loading compares the names
    and shapes of the weights with it; then two tokenised pairs of sentences go through an encoder
    of this shape with arbitrary weights.

    Args:
        path: The folder; its weight files are complete.
        names: Names of the tensors in the weight files.

    Raises:
        HarnessError: Config, weights and tokenizer do not agree, or it is not an encoder; one
            line with the cause.
    """
    config = _config(path)
    model, missing, unexpected = _on_meta(path, config)
    if getattr(config, "is_encoder_decoder", False) or (
        hasattr(model, "encoder") and hasattr(model, "decoder")
    ):
        raise HarnessError(
            f"{path}: transformers makes an encoder and a decoder of {config.model_type}; only"
            " encoders can be evaluated here, so name a checkpoint of an encoder-only family"
        )
    layers = int(getattr(config, "num_hidden_layers", 0) or 0)
    _check_weights(path, layers, missing, unexpected, names)
    words = model.get_input_embeddings().weight
    tokenizer = open_tokenizer(path)
    _check_pieces(path, tokenizer, len(words))
    positions, pad = positions_of(model)
    if pad is not None and tokenizer.pad_token_id != pad:
        raise HarnessError(
            f"{path}: the tokenizer pads with id {tokenizer.pad_token_id}, the model, which numbers"
            f" positions by it, with {pad}; the tokenizer does not belong to this model"
        )
    unread = _unread(path, config, tokenizer)
    pooler = ""
    if getattr(model, "pooler", None) is not None:
        pooler = "fresh" if any("pooler" in name for name in missing) else "own"
    return Structure(config, layers, words.numel(), positions, unread, pooler)


def raw_config(path: Path) -> dict[str, Any]:
    """Return config.json's values; refuse unknown families and impossible numbers."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    file = path / "config.json"
    if not file.is_file():
        raise HarnessError(f"{path}: no config.json, so this is no transformers checkpoint")
    config = read_json(file)
    check_numbers(file, config)
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise HarnessError(f"{file}: no model_type; save it with transformers")
    if config["model_type"] not in CONFIG_MAPPING_NAMES:
        raise HarnessError(
            f"{file}: model_type {config['model_type']!r} is not known to"
            " transformers, and remote code is never run"
        )
    for name in NUMBERS:
        value = config.get(name)
        if value is not None and (not isinstance(value, int) or value < 0):
            raise HarnessError(f"{file}: {name} is {value!r:.40}, no whole number")
    if config.get("transformers_weights"):
        raise HarnessError(
            f"{file}: transformers_weights leads to other weights than"
            " model.safetensors; save the model again"
        )
    return config


def _config(path: Path) -> Any:
    """Return transformers' config; refuse values that it refuses."""
    try:
        return load_config(path)
    except Exception as error:  # a value can make the library raise anything
        raise HarnessError(
            f"{path / 'config.json'}: transformers refuses it ({one_line(error)}); mend the value"
        ) from error


def _on_meta(path: Path, config: Any) -> tuple[Any, list[str], list[str]]:
    """Return the encoder without weights, the missing names, and the unexpected ones."""
    try:
        model, info = load_model(
            "AutoModel", path, config=config, device_map="meta", output_loading_info=True
        )
        model.get_input_embeddings().weight.shape  # noqa: B018 - speech and vision models have none
    except Exception as error:
        cause = one_line(error)
        if "size mismatch" in cause or "mismatched" in cause:
            raise HarnessError(
                f"{path}: config and weights are not of one model ({cause})"
            ) from error
        raise HarnessError(
            f"{path}: transformers cannot build this {config.model_type} encoder ({cause});"
            " mend config.json or save the model again"
        ) from error
    return model, sorted(info["missing_keys"]), sorted(info["unexpected_keys"])


def _check_weights(
    path: Path, layers: int, missing: list[str], unexpected: list[str], names: set[str]
) -> None:
    """Refuse weights that are incomplete or have more layers than the encoder."""
    missing = [name for name in missing if "pooler" not in name]
    if missing:
        prefix = next(
            (n.removesuffix(missing[0]) for n in sorted(names) if n.endswith(f".{missing[0]}")), ""
        )
        if prefix:
            known = next((mark for mark in PREFIXES if prefix.startswith(mark)), prefix)
            origin = f" ({PREFIXES[known]})" if known in PREFIXES else ""
            raise HarnessError(
                f"{path}: the names of the weights begin with {known!r}{origin}; save the model"
                " inside the wrapper, or rename them: from safetensors.torch import load_file,"
                f" save_file; save_file({{k.removeprefix({known!r}): v for k, v in"
                " load_file('model.safetensors').items()}, 'model.safetensors', {'format': 'pt'})"
            )
        raise HarnessError(f"{path}: the weights lack {missing[0]}; save the model whole")
    numbers = [re.search(r"(?:^|\.)layers?\.(\d{1,4})\.", name) for name in unexpected]
    most = max((int(number[1]) + 1 for number in numbers if number), default=0)
    if most > layers:
        raise HarnessError(
            f"{path}: config.json says {layers} layers, the weights have {most};"
            " config and weights are not of one model"
        )


def positions_of(model: Any) -> tuple[int, int | None]:
    """Return how many tokens an encoder with learnt positions reads, and its padding id.

    Families whose position table has a padding row (RoBERTa's) number positions from the padding
    id plus 1 (transformers' create_position_ids_from_input_ids), so the tokenizer must pad with
    that id. Others (BERT's) ignore the padding id and use only the attention mask.
    """
    import torch

    tables = [
        module
        for name, module in model.named_modules()
        if name.endswith("position_embeddings") and isinstance(module, torch.nn.Embedding)
    ]
    if not tables:
        return 0, None
    rows, pad = tables[0].num_embeddings, tables[0].padding_idx
    return (rows if pad is None else max(0, rows - pad - 1)), pad


def _check_pieces(path: Path, tokenizer: Any, rows: int) -> None:
    pieces = max(tokenizer.get_vocab().values(), default=-1) + 1
    if not rows - SPARE_ROWS <= pieces <= rows:
        raise HarnessError(
            f"{path}: the tokenizer has {pieces} pieces, the model {rows} rows;"
            " the tokenizer does not belong to this model"
        )


def _unread(path: Path, config: Any, tokenizer: Any) -> tuple[str, ...]:
    """Send two pairs through an encoder of random weights; return the inputs it cannot take.

    Token types are left out if the encoder fails with them but not without them (BERT's tokenizer
    on a model that knows one type).
    """
    inputs = dict(tokenizer(*PAIRS, padding=True, return_tensors="pt"))
    cause = failure(config, inputs)
    if not cause:
        return ()
    types = inputs.pop(TYPES, None)
    if types is not None and not failure(config, inputs):
        return (TYPES,)
    raise HarnessError(
        f"{path}: two pairs of sentences do not go through this {config.model_type} encoder"
        f" ({cause}); it cannot be evaluated here"
    )


def failure(config: Any, inputs: dict[str, Any]) -> str:
    """Return why an encoder of a config does not take inputs, "" if it does.

    Its weights are not initialised, which saves time, since only shapes matter.
    """
    import torch
    import transformers
    from transformers.initialization import no_init_weights

    try:
        with quiet(), no_init_weights():
            model = transformers.AutoModel.from_config(config, dtype=torch.float32).eval()
        with torch.inference_mode():
            states = model(**inputs, output_hidden_states=True).hidden_states
    except Exception as error:  # a family can raise anything
        return f"{type(error).__name__}: {one_line(error)}"
    return "" if states else "it gives no hidden states"
