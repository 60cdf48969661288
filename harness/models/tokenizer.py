"""A checkpoint's tokenizer: opened with its faults told, loaded once a process."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.data.files import digest, one_line
from harness.errors import HarnessError
from harness.models.checkpoint_files import OURS


def open_tokenizer(path: Path) -> Any:
    """Return the fast tokenizer that transformers makes of a folder's files, whichever they are.

    Raises:
        HarnessError: It cannot, or what it makes has no offsets or cannot pad.
    """
    from importlib.util import find_spec

    try:
        tokenizer = load_tokenizer(path)
    except Exception as error:  # whatever a broken tokenizer file makes the library raise
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
    """Return a fast tokenizer that says nothing about inputs longer than the model.

    It is loaded once a process: a checkpoint that was trained here has its parent's files, and
    XLM-R's take seconds.

    Args:
        path: The checkpoint's folder.
        unread: Inputs that it would give and the model cannot take (``Checkpoint.unread``).
    """
    return _tokenizer(_TokenizerFiles(Path(path)), tuple(unread))


class _TokenizerFiles:
    """A folder that equals another if the files a tokenizer may be made of are the same."""

    def __init__(self, path: Path) -> None:
        """Take the hashes of all small files, but for what says how a training went."""
        self.path = path
        files = sorted(p for p in path.iterdir() if p.is_file() and p.suffix in _OF_TOKENIZERS)
        self.hashes = tuple((p.name, digest(p)) for p in files if p.name not in OURS)

    def __hash__(self) -> int:
        """Return the hash of the hashes."""
        return hash(self.hashes)

    def __eq__(self, other: object) -> bool:
        """Compare hashes alone."""
        return isinstance(other, _TokenizerFiles) and self.hashes == other.hashes


_OF_TOKENIZERS = (".json", ".txt", ".model", ".jinja", ".codes", ".spm", ".bpe", ".tiktoken")


@lru_cache(maxsize=8)
def _tokenizer(files: _TokenizerFiles, unread: tuple[str, ...]) -> Any:
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(files.path, trust_remote_code=False)
    tokenizer.model_max_length = int(1e9)  # lengths are cut by the recipe, not by a warning
    tokenizer.padding_side = tokenizer.truncation_side = "right"  # what labels and offsets assume
    tokenizer.model_input_names = [n for n in tokenizer.model_input_names if n not in unread]
    return tokenizer
