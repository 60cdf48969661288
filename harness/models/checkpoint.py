"""A checkpoint from outside: checked before any work, fingerprinted, never unpickled."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.data.memory import Memory
from harness.errors import HarnessError
from harness.models import checkpoint_files as files
from harness.models.device import version_of

VERSION = 3  # increased when the checks or their results change
FETCHED = [f"*.{ending}" for ending in "safetensors json txt model jinja codes spm".split()]
AFTER_POOLING = ("Transformer", "Pooling", "Normalize")  # other modules are further layers


@dataclass(frozen=True)
class Checkpoint:
    """The description of a checkpoint, from its files, without loading its weights.

    Attributes:
        path: Local folder.
        name: What the user called it (hub id, or the folder's name).
        fingerprint: SHA-256 over every file that can change its results.
        model_type: transformers' name of the encoder family.
        layers: Number of encoder layers.
        parameters: Number of weights, word table included.
        body: Number of weights without the word table.
        sentence_encoder: True if the folder says that it is a sentence-transformers model.
        notes: What the user should know, e.g. that a task head is dropped.
        positions: Tokens that it can read at once; 0 for no bound.
        intermediate: What it was trained on before, by its files or the user; "" if unknown.
        pooling: How a sentence encoder pools by its own files (``cls``, ``mean`` …); "" if they
            do not say.
        dense: Folders of modules after pooling, which only pooling ``own`` reads.
        unread: Inputs that the tokenizer gives and the encoder cannot take.
        pooler: ``own`` if its files hold a pooler, ``fresh`` if its family has one that they lack,
            "" if its family has none.
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
    pooler: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the values that a submission records of its checkpoint."""
        values = asdict(self)
        del values["path"], values["pooler"]
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def open_checkpoint(where: str, *, offline: bool, memory: Memory | None = None) -> Checkpoint:
    """Check a local folder or hub id and return its description.

    Args:
        where: The folder or id (``owner/name[@revision]``).
        offline: Fetch nothing.
        memory: Remembers checked checkpoints as long as their files do not change.

    Raises:
        HarnessError: Config, weights or tokenizer are missing or do not agree; weights are
            pickled, or an adapter's; transformers does not know the family or cannot build it; it
            is not an encoder; the hub cannot be reached.
    """
    path = Path(where)
    if not path.is_dir():
        path = _from_hub(where, offline=offline)
    name = where if path != Path(where) else path.resolve().name
    path = path.absolute()  # engines' workers may run in another folder
    identity = (VERSION, version_of("transformers"), str(path), files.stamp(path))
    stamp = f"checkpoint {hashlib.sha256(repr(identity).encode()).hexdigest()}"
    known = memory.recall(stamp) if memory else None
    if isinstance(known, dict):
        values: dict[str, Any] = {k: tuple(v) if type(v) is list else v for k, v in known.items()}
        return Checkpoint(**values | {"path": path, "name": name})
    checkpoint = _inspect(path, name)
    if memory:
        memory.keep(stamp, checkpoint.as_dict() | {"pooler": checkpoint.pooler})
    return checkpoint


def _inspect(path: Path, name: str) -> Checkpoint:
    """Check a folder and return its description."""
    from harness.models.families import raw_config, understand

    files.refuse_adapters(path)
    config = raw_config(path)
    shapes = files.tensor_shapes(files.weight_files(path))
    modules = files.sentence_modules(path)
    structure = understand(path, set(shapes))
    parameters = sum(math.prod(shape) for shape in shapes.values())
    record = files.own_record(path)
    parent = record.get("parent")
    parent = parent if isinstance(parent, dict) else {}
    return Checkpoint(
        path=path,
        name=name,
        fingerprint=files.fingerprint(path),
        model_type=structure.config.model_type,
        layers=structure.layers,
        parameters=parameters,
        body=max(0, parameters - structure.words),
        sentence_encoder=(path / "modules.json").is_file()
        or parent.get("sentence_encoder") is True,
        notes=_notes(config, structure.unread),
        positions=structure.positions,
        intermediate=str(record.get("intermediate", ""))[:300],
        pooling=_pooling(path, modules) or str(parent.get("pooling", ""))[:60],
        dense=tuple(one.folder for one in modules if one.kind not in AFTER_POOLING),
        unread=structure.unread,
        pooler=structure.pooler,
    )


def _from_hub(where: str, *, offline: bool) -> Path:
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?(@[\w.-]+)?", where) or where.startswith("."):
        raise HarnessError(f"{where}: no such folder (and no hub id like owner/name[@revision])")
    from huggingface_hub import snapshot_download

    repo, _, revision = where.partition("@")
    options = {"revision": revision or None, "local_files_only": offline}
    try:
        return Path(snapshot_download(repo, allow_patterns=FETCHED, **options))
    except Exception as error:  # the hub client passes on its transport's errors
        hint = "--offline reads only what was fetched before" if offline else "check id and network"
        raise HarnessError(
            f"{where}: no such folder, and not to be had from the hub"
            f" ({type(error).__name__}); {hint}"
        ) from error


def _notes(config: dict[str, Any], unread: tuple[str, ...]) -> tuple[str, ...]:
    names = config.get("architectures")
    heads = [str(a)[:80] for a in names if "For" in str(a)] if isinstance(names, list) else []
    notes = [f"its task head ({name}) is dropped; only the encoder is used" for name in heads[:4]]
    if "auto_map" in config:
        notes.append("its remote code (auto_map) is ignored")
    notes += [f"it gets no {name}: the model cannot take its tokenizer's" for name in unread]
    return tuple(notes)


def _pooling(path: Path, modules: list[files.SentenceModule]) -> str:
    """Return how a sentence encoder's Pooling module pools; several ways are joined by +."""
    place = next((one.folder for one in modules if one.kind == "Pooling"), None)
    config = files.json_object(path / place / "config.json") if place else {}
    if isinstance(config.get("pooling_mode"), str):  # as newer versions write it
        return str(config["pooling_mode"])[:60]
    start = "pooling_mode_"
    ways = [k.removeprefix(start) for k, v in config.items() if k.startswith(start) and v is True]
    return "+".join(w.removesuffix("_tokens").removesuffix("_token") for w in ways[:4])[:60]
