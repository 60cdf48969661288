"""Loading with transformers: safetensors only, no remote code, none of its reports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def quiet() -> Iterator[None]:
    """Silence transformers' loading report: missing poolers and dropped heads are expected."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def load_config(path: Path) -> Any:
    """Return transformers' config of a checkpoint, with its attribute maps and defaults."""
    import transformers

    return transformers.AutoConfig.from_pretrained(path, trust_remote_code=False)


@quiet()
def load_model(auto: str, path: Path, **options: Any) -> Any:
    """Return what one of transformers' Auto classes makes of a checkpoint, in float32."""
    import transformers

    options |= {"use_safetensors": True, "trust_remote_code": False, "dtype": "float32"}
    return getattr(transformers, auto).from_pretrained(path, **options)
