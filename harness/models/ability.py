"""What a checkpoint cannot do, found out before any work and without its weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.data.files import one_line
from harness.data.memory import Memory
from harness.models.device import version_of
from harness.models.loading import load_config, quiet
from harness.models.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from harness.declarations import Format
    from harness.models.checkpoint import Checkpoint
    from harness.models.heads import Head

VERSION = 1  # increased when the checks below change
LONGEST = 4096  # tokens in the longest input that is tried


def lacking(checkpoint: Checkpoint, form: Format, memory: Memory) -> str:
    """Return what a checkpoint lacks for a format, "" if nothing.

    The format's head is built on torch's meta device, and the special tokens that the format
    needs are looked up.

    Args:
        checkpoint: The checkpoint.
        form: The format.
        memory: Remembers results by the checkpoint's fingerprint.
    """
    head = form.head

    def look() -> str:
        import torch

        tokenizer = load_tokenizer(checkpoint.path, checkpoint.unread)
        for name in form.special:
            if getattr(tokenizer, name) is None:
                return f"its tokenizer has no {name}; name one in tokenizer_config.json"
        if head is None:
            return ""
        try:
            with torch.device("meta"), quiet():
                head.on(head.config(checkpoint.path, form.labels))
        except ValueError as error:
            if "Unrecognized configuration class" in str(error):
                return f"transformers has no {head.auto} for {checkpoint.model_type}"
            return one_line(error)
        return ""

    kind = head.auto if head else None
    return _recalled(memory, f"{checkpoint.fingerprint} {kind} {' '.join(form.special)}", look)


def keeps_pooler(checkpoint: Checkpoint, head: Head, memory: Memory) -> bool:
    """Return whether an encoder that is trained with a head has a pooler, as few heads let it.

    Args:
        checkpoint: The encoder before the training.
        head: The head, which is built on torch's meta device.
        memory: Remembers results by the checkpoint's fingerprint.
    """

    def look() -> str:
        import torch

        with torch.device("meta"), quiet():
            encoder = head.on(head.config(checkpoint.path, ())).base_model
        return "pooler" if getattr(encoder, "pooler", None) is not None else ""

    return _recalled(memory, f"{checkpoint.fingerprint} {head} keeps", look) == "pooler"


def unreadable(checkpoint: Checkpoint, length: int, memory: Memory) -> str:
    """Return why an encoder does not take an input of a given length, "" if it does.

    Beyond LONGEST tokens, whose attention would take gigabytes, its config is trusted.

    Args:
        checkpoint: The checkpoint.
        length: Tokens, special ones included.
        memory: Remembers results by the checkpoint's fingerprint.
    """

    def look() -> str:
        from harness.models.families import failure

        tokenizer = load_tokenizer(checkpoint.path, checkpoint.unread)
        config = load_config(checkpoint.path)
        positions = getattr(config, "max_position_embeddings", None)
        if length > LONGEST and isinstance(positions, int) and length > positions:
            return f"its config says {positions} positions"
        count = min(length, LONGEST)
        inputs = tokenizer(
            " ".join(["a"] * count), truncation=True, max_length=count, return_tensors="pt"
        )
        return failure(config, dict(inputs))

    return _recalled(memory, f"{checkpoint.fingerprint} reads {length}", look)


def _recalled(memory: Memory, name: str, look: Callable[[], str]) -> str:
    """Return a remembered result, or look now and remember it; an error becomes the result."""
    key = f"able {VERSION} {version_of('transformers')} {name}"
    result = memory.recall(key)
    if isinstance(result, str):
        return result
    try:
        result = look()
    except Exception as error:
        result = f"{type(error).__name__}: {one_line(error)}"
    memory.keep(key, result)
    return result
