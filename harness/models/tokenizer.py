"""A checkpoint's tokenizer, checked when it is opened and loaded once per process."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.data.files import digest, digest_of, one_line, read_json
from harness.errors import HarnessError
from harness.models.checkpoint_files import OURS, RECORD, STEP

CONFIG = "config.json"


def open_tokenizer(path: Path) -> Any:
    """Return the fast tokenizer that transformers makes from a folder's files.

    Raises:
        HarnessError: It cannot be loaded, has no offsets, or cannot pad.
    """
    from importlib.util import find_spec

    try:
        tokenizer = load_tokenizer(path)
    except Exception as error:  # a broken file can make the library raise anything
        pieces = any(path.glob("*.model")) and not (path / "tokenizer.json").is_file()
        if pieces and find_spec("sentencepiece") is None:
            raise HarnessError(
                f"{path}: its tokenizer is a sentencepiece model, which needs sentencepiece: pip"
                " install sentencepiece"
            ) from error
        raise HarnessError(
            f"{path}: no tokenizer that transformers can load ({one_line(error)}); save it into the"
            " folder with save_pretrained"
        ) from error
    if not tokenizer.is_fast:
        raise HarnessError(f"{path}: no fast tokenizer (tokenizer.json), which offsets need")
    if tokenizer.pad_token_id is None:
        raise HarnessError(
            f"{path}: the tokenizer has no padding token, so sentences cannot be batched; name one"
            " as pad_token in tokenizer_config.json"
        )
    return tokenizer


def load_tokenizer(path: Path | str, unread: Sequence[str] = ()) -> Any:
    """Return a fast tokenizer that does not warn of inputs longer than the model's.

    It is loaded once per process, also for all checkpoints trained from one: XLM-R's take seconds.

    Args:
        path: The checkpoint's folder.
        unread: Inputs that it would give and the model cannot take (``Checkpoint.unread``).
    """
    key = _key(Path(path), unread)
    if key not in _loaded:
        _keep(key, _read(Path(path), unread))
    return _loaded[key]


def save_tokenizer(tokenizer: Any, source: Path, path: Path) -> None:
    """Write a tokenizer beside the weights of a trained checkpoint; it is not loaded again.

    The files of a checkpoint that was trained here are copied: this process may hold the tokenizer
    of the one that it began from, which would be written a little otherwise.

    Args:
        tokenizer: The tokenizer.
        source: The folder of the checkpoint that was trained on from.
        path: The folder of the trained one.
    """
    if any((source / name).is_file() for name in (RECORD, STEP)):
        for file in _files(source):
            shutil.copyfile(file, path / file.name)
    else:
        tokenizer.save_pretrained(path)
    _keep(_key(path), tokenizer)


_ENDINGS = (".json", ".txt", ".model", ".jinja", ".codes", ".spm", ".bpe", ".tiktoken")
_MOST = 8  # tokenizers that a process holds
_loaded: dict[str, Any] = {}


def _keep(key: str, tokenizer: Any) -> None:
    while len(_loaded) >= _MOST:
        del _loaded[next(iter(_loaded))]
    _loaded[key] = tokenizer


def _key(path: Path, unread: Sequence[str] = ()) -> str:
    """Return the hash of all that a tokenizer is made of: files, and the names in config.json."""
    hashes = {p.name: digest(p) for p in _files(path)}
    if (path / CONFIG).is_file():  # a training writes other numbers into it
        config = read_json(path / CONFIG)
        names = config if isinstance(config, dict) else {}
        hashes |= {name: str(names.get(name)) for name in ("model_type", "tokenizer_class")}
    return digest_of([hashes, list(unread)])


def _files(path: Path) -> list[Path]:
    """Return the files that a tokenizer may be made of."""
    others = (CONFIG, *OURS)
    files = (p for p in path.iterdir() if p.suffix in _ENDINGS and p.name not in others)
    return [p for p in files if p.is_file()]


def _read(path: Path, unread: Sequence[str]) -> Any:
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(path, trust_remote_code=False)
    tokenizer.model_max_length = int(1e9)  # the recipe limits lengths; no warnings
    tokenizer.padding_side = tokenizer.truncation_side = "right"  # what labels and offsets assume
    tokenizer.model_input_names = [n for n in tokenizer.model_input_names if n not in unread]
    return tokenizer


def token_lists(
    tokenizer: Any, texts: Sequence[str], max_length: int, names: Sequence[str]
) -> dict[str, list[list[int]]]:
    """Return the inputs of texts by name, in the fastest way that gives the tokenizer's ids.

    Args:
        tokenizer: A fast tokenizer.
        texts: The texts.
        max_length: Tokens of each, at most, special ones included.
        names: The inputs that are wanted, by the tokenizer's names.
    """
    if not texts:
        return {name: [] for name in names}
    backend = tokenizer.backend_tokenizer
    whole = tokenizer(list(texts[:1]), truncation=True, max_length=max_length)["input_ids"]
    encodings = backend.encode_batch_fast(list(texts))  # as it was set by the line above
    if encodings[0].ids != whole[0]:  # a family whose tokenizer does more than this
        batch = tokenizer(
            list(texts), truncation=True, max_length=max_length, return_special_tokens_mask=True
        )
        return {name: batch[name] for name in names}
    return {name: [getattr(one, _SOURCES[name]) for one in encodings] for name in names}


_SOURCES = {
    "input_ids": "ids",
    "token_type_ids": "type_ids",
    "attention_mask": "attention_mask",
    "special_tokens_mask": "special_tokens_mask",
}
