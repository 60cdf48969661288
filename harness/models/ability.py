"""What a checkpoint cannot do, known before any work and without a weight."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.data.files import one_line
from harness.data.memory import Memory
from harness.models.device import version_of

if TYPE_CHECKING:
    from harness.declarations import Format
    from harness.models.checkpoint import Checkpoint

VERSION = 1  # raised when the checks below change
LONGEST = 4096  # tokens that are tried


def lacking(checkpoint: Checkpoint, form: Format, memory: Memory) -> str:
    """Return what a checkpoint lacks for a format, "" if nothing.

    The format's head is built on torch's meta device, and the special tokens that the format
    cannot do without are looked for.

    Args:
        checkpoint: The checkpoint.
        form: The format.
        memory: Remembers what was found for the checkpoint's fingerprint.
    """

    def look() -> str:
        from harness.models.multi_head import head_trouble
        from harness.models.tokenizer import load_tokenizer

        tokenizer = load_tokenizer(checkpoint.path, checkpoint.unread)
        for name in form.special:
            if getattr(tokenizer, name) is None:
                return f"its tokenizer has no {name}; name one in tokenizer_config.json"
        return head_trouble(checkpoint, form.head, form) if form.head else ""

    head = form.head.auto if form.head else None
    return _known(memory, f"{checkpoint.fingerprint} {head} {' '.join(form.special)}", look)


def unreadable(checkpoint: Checkpoint, length: int, memory: Memory) -> str:
    """Return why an encoder does not take an input of so many tokens, "" if it does.

    Beyond LONGEST tokens, whose attention would take gigabytes, its config is believed.

    Args:
        checkpoint: The checkpoint.
        length: Tokens, special ones included.
        memory: Remembers what was found for the checkpoint's fingerprint.
    """

    def look() -> str:
        import transformers

        from harness.models.families import failure
        from harness.models.tokenizer import load_tokenizer

        tokenizer = load_tokenizer(checkpoint.path, checkpoint.unread)
        config = transformers.AutoConfig.from_pretrained(checkpoint.path, trust_remote_code=False)
        most = getattr(config, "max_position_embeddings", None)
        if length > LONGEST and isinstance(most, int) and length > most:
            return f"its config says {most} positions"
        count = min(length, LONGEST)
        inputs = tokenizer(
            " ".join(["a"] * count), truncation=True, max_length=count, return_tensors="pt"
        )
        return failure(config, dict(inputs))

    return _known(memory, f"{checkpoint.fingerprint} reads {length}", look)


def _known(memory: Memory, name: str, look: Callable[[], str]) -> str:
    """Return what was found before, or look now; what a library raises there is what is found."""
    key = f"able {VERSION} {version_of('transformers')} {name}"
    found = memory.recall(key)
    if isinstance(found, str):
        return found
    try:
        found = look()
    except Exception as error:
        found = f"{type(error).__name__}: {one_line(error)}"
    memory.keep(key, found)
    return found
