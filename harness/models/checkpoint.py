"""A checkpoint from outside: looked at whole before any work, fingerprinted, never unpickled."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.data.files import read_json
from harness.data.memory import Memory
from harness.errors import HarnessError
from harness.models import checkpoint_files as files
from harness.models.device import version_of

VERSION = 2  # raised when what is looked at or found changes
FETCHED = tuple(
    f"*.{ending}"
    for ending in "safetensors safetensors.index.json json txt model jinja codes spm".split()
)
AFTER_POOLING = ("Transformer", "Pooling", "Normalize")  # other modules are layers of their own


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint is, read from its files without loading a weight.

    Attributes:
        path: Local folder.
        name: What the user called it (hub id, or the folder's name).
        fingerprint: SHA-256 over every file that can change what comes of it.
        model_type: transformers' name of the encoder family.
        layers: Number of encoder layers.
        parameters: Number of weights, word table included.
        body: Number of weights without the word table.
        sentence_encoder: True if the folder says that it is a sentence-transformers model.
        notes: What the user should know, e.g. that a task head is dropped.
        positions: Tokens that it can read at once; 0 where there is no bound.
        intermediate: What it was trained on before, as it or the user says; "" if nobody does.
        pooling: How a sentence encoder's own files pool (``cls``, ``mean`` …); "" if they do not
            say.
        dense: Modules that it has after pooling, by folder; the harness leaves them out.
        unread: Inputs that the tokenizer gives and the encoder cannot take.
    """

    path: Path
    name: str
    fingerprint: str
    model_type: str
    layers: int
    parameters: int
    body: int
    sentence_encoder: bool
    notes: tuple[str, ...] = ()
    positions: int = 0
    intermediate: str = ""
    pooling: str = ""
    dense: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return what a submission says of its checkpoint."""
        values = asdict(self)
        del values["path"]
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def open_checkpoint(where: str, *, offline: bool, memory: Memory | None = None) -> Checkpoint:
    """Check a local folder or hub id and say what it is.

    Args:
        where: The folder or id (``owner/name[@revision]``).
        offline: Fetch nothing.
        memory: Remembers a checkpoint that was looked at before, while no file of it changes.

    Raises:
        HarnessError: Config, weights or tokenizer are missing or do not agree; weights are
            pickled, or an adapter's; transformers does not know the family or cannot build it; it
            is no encoder; the hub cannot be reached.
    """
    path = Path(where)
    if not path.is_dir():
        path = _from_hub(where, offline=offline)
    name = where if path != Path(where) else path.resolve().name
    path = path.absolute()  # engines' workers may stand in another folder
    stamp = _stamp(path)
    known = memory.recall(stamp) if memory else None
    if isinstance(known, dict):
        values: dict[str, Any] = {k: tuple(v) if type(v) is list else v for k, v in known.items()}
        return Checkpoint(**values | {"path": path, "name": name})
    found = _looked_at(path, name)
    if memory:
        memory.keep(stamp, found.as_dict())
    return found


def _stamp(path: Path) -> str:
    """Return a name that changes with any file of a folder, and with what reads them."""
    of = (VERSION, version_of("transformers"), str(path), files.stamp(path))
    return f"checkpoint {hashlib.sha256(repr(of).encode()).hexdigest()}"


def _looked_at(path: Path, name: str) -> Checkpoint:
    """Check a folder whole."""
    from harness.models.families import raw_config, understand

    files.refuse_adapters(path)
    config = raw_config(path)
    shapes = files.tensor_shapes(files.weight_files(path))
    modules = files.sentence_modules(path)
    found = understand(path, set(shapes))
    parameters = sum(math.prod(shape) for shape in shapes.values())
    record = files.own_record(path)
    parent = record.get("parent")
    parent = parent if isinstance(parent, dict) else {}
    return Checkpoint(
        path=path,
        name=name,
        fingerprint=files.fingerprint(path),
        model_type=found.config.model_type,
        layers=found.layers,
        parameters=parameters,
        body=max(0, parameters - found.words),
        sentence_encoder=(path / "modules.json").is_file()
        or parent.get("sentence_encoder") is True,
        notes=_notes(config, found.unread),
        positions=found.positions,
        intermediate=str(record.get("intermediate", ""))[:300],
        pooling=_pooling(path, modules) or str(parent.get("pooling", ""))[:60],
        dense=tuple(place for kind, place in modules if kind not in AFTER_POOLING),
        unread=found.unread,
    )


def _from_hub(where: str, *, offline: bool) -> Path:
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?(@[\w.-]+)?", where) or where.startswith("."):
        raise HarnessError(f"{where}: no such folder (and no hub id like owner/name[@revision])")
    from huggingface_hub import snapshot_download

    repo, _, revision = where.partition("@")
    try:
        return Path(
            snapshot_download(
                repo,
                revision=revision or None,
                allow_patterns=list(FETCHED),
                local_files_only=offline,
            )
        )
    except Exception as error:  # the hub client raises whatever its transport does
        hint = "--offline reads only what was fetched before" if offline else "check id and network"
        raise HarnessError(
            f"{where}: no such folder, and not to be had from the hub"
            f" ({type(error).__name__}); {hint}"
        ) from error


def _notes(config: dict[str, Any], unread: tuple[str, ...]) -> tuple[str, ...]:
    said = config.get("architectures")
    heads = [str(a)[:80] for a in said if "For" in str(a)] if isinstance(said, list) else []
    notes = [f"its task head ({name}) is dropped; only the encoder is used" for name in heads[:4]]
    if "auto_map" in config:
        notes.append("its remote code (auto_map) is ignored")
    notes += [f"it gets no {name}: the model cannot take its tokenizer's" for name in unread]
    return tuple(notes)


def _pooling(path: Path, modules: list[tuple[str, str]]) -> str:
    """Return how a sentence encoder's own Pooling module pools; several ways joined by +."""
    place = next((place for kind, place in modules if kind == "Pooling"), None)
    file = path / (place or "") / "config.json"
    said = read_json(file) if place and file.is_file() else {}
    if not isinstance(said, dict):
        return ""
    if isinstance(said.get("pooling_mode"), str):  # as newer versions write it
        return str(said["pooling_mode"])[:60]
    start = "pooling_mode_"
    ways = [k.removeprefix(start) for k, v in said.items() if k.startswith(start) and v is True]
    return "+".join(w.removesuffix("_tokens").removesuffix("_token") for w in ways[:4])[:60]
