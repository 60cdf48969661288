"""A checkpoint's tokenizer, checked when it is opened and loaded once per process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.data.files import digest, one_line
from harness.errors import HarnessError
from harness.models.checkpoint_files import OURS


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

    It is loaded once per process, also for trained checkpoints, which have their parent's files:
    XLM-R's take seconds.

    Args:
        path: The checkpoint's folder.
        unread: Inputs that it would give and the model cannot take (``Checkpoint.unread``).
    """
    files = sorted(p for p in Path(path).iterdir() if p.is_file() and p.suffix in _ENDINGS)
    hashes = tuple((p.name, digest(p)) for p in files if p.name not in OURS)
    return _tokenizer(_TokenizerFiles(Path(path), hashes), tuple(unread))


@dataclass(frozen=True)
class _TokenizerFiles:
    """A folder, equal to another if all files that a tokenizer may read have the same hashes."""

    path: Path = field(compare=False)
    hashes: tuple[tuple[str, str], ...]


_ENDINGS = (".json", ".txt", ".model", ".jinja", ".codes", ".spm", ".bpe", ".tiktoken")


@lru_cache(maxsize=8)
def _tokenizer(files: _TokenizerFiles, unread: tuple[str, ...]) -> Any:
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(files.path, trust_remote_code=False)
    tokenizer.model_max_length = int(1e9)  # the recipe limits lengths; no warnings
    tokenizer.padding_side = tokenizer.truncation_side = "right"  # what labels and offsets assume
    tokenizer.model_input_names = [n for n in tokenizer.model_input_names if n not in unread]
    return tokenizer
