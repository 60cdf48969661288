"""The step that embeds sentences, each distinct one once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from harness.data.files import digest_of
from harness.data.sentence_file import Chunk
from harness.declarations import Task
from harness.formats.encoder_only import EncoderOnly
from harness.models.checkpoint import Checkpoint
from harness.models.device import Device
from harness.models.embeddings import hash_of, write
from harness.pipeline.steps.layer_step import LayerStep, chosen
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step, pace_of
from harness.pipeline.steps.train_step import started
from harness.recipes import Settings

if TYPE_CHECKING:
    from harness.data.source import Source
    from harness.models.model import Model

PART = 50_000  # sentences of a task in a step, about: what a run that is killed repeats at most


class Texts(Protocol):
    """Where the sentences of a step stand."""

    def identity(self) -> Mapping[str, Any]:
        """Return what decides the sentences, as JSON values."""

    def read(self, runtime: Runtime) -> Iterator[str]:
        """Yield the sentences, some perhaps several times."""


@dataclass(frozen=True)
class TaskTexts:
    """Sentences of a retrieval task, whose languages share their English ones.

    Attributes:
        task: The task.
        data: Language to the hashes of the splits that are read.
        limit: Test examples of a language, at most; 0 means all.
        part: Number of this part among those that share the sentences by their hashes.
        parts: How many these are.
    """

    task: Task
    data: Mapping[str, Mapping[str, str]]
    limit: int
    part: int
    parts: int

    def identity(self) -> Mapping[str, Any]:
        """Return what decides the sentences."""
        form = self.task.format
        return {
            "layout": [form.name, form.version],
            "data": {code: dict(splits) for code, splits in self.data.items()},
            "limit": self.limit,
            "part": [self.part, self.parts],
        }

    def read(self, runtime: Runtime) -> Iterator[str]:
        """Yield the sentences of this part, each once; those of the others wait in the runtime."""
        shared = {name: value for name, value in self.identity().items() if name != "part"}
        identity = digest_of([self.task.name, shared, self.parts])
        yield from runtime.part_of_texts(identity, self.part, partial(self._split, runtime.source))

    def _split(self, source: Source) -> list[Iterable[str]]:
        """Return the distinct sentences of each part."""
        parts: list[dict[str, None]] = [{} for _ in range(self.parts)]
        form = self.task.format
        for code in self.data:
            for split in form.splits:
                rows = source.examples(self.task, split, code)
                if split == "test" and self.limit:
                    rows = form.first(rows, self.limit)
                for text in rows["text"][:]:  # a column that is not sliced is read value by value
                    parts[int.from_bytes(hash_of(text)[:8], "big") % self.parts][text] = None
        return list(parts)


@dataclass(frozen=True)
class LineTexts:
    """Lines of a file of sentences, whatever file that is.

    Attributes:
        chunk: The lines.
    """

    chunk: Chunk

    def identity(self) -> Mapping[str, Any]:
        """Return what decides the sentences."""
        return {"lines": self.chunk.sha256}

    def read(self, runtime: Runtime) -> Iterator[str]:
        """Yield the lines that are not empty.

        Raises:
            HarnessError: The file has changed.
        """
        return filter(None, self.chunk.lines())


@dataclass(frozen=True, eq=False, kw_only=True)
class EmbedStep(Step):
    """Embed sentences, and write them under the sentences' hashes.

    Attributes:
        checkpoint: The encoder, unless a parent has trained one.
        texts: Where the sentences stand.
        settings: Tokens read, layer and pooling; with the layer ``auto``, the last parent is the
            step that picks it.
        device: Where and how to compute.
    """

    kind: ClassVar[str] = "embed"
    unit: ClassVar[str] = "sentences"
    counts: ClassVar[str] = "sentences"
    asked_for: ClassVar[bool] = False

    checkpoint: Checkpoint
    texts: Texts
    settings: Settings
    device: Device

    @property
    def loads(self) -> tuple[str, ...]:
        """Return the encoder, and how hidden states are pooled."""
        return loads_encoder(self.checkpoint, self.settings, self.parents)

    def identity(self) -> Mapping[str, Any]:
        """Return what decides the embeddings."""
        return {
            "checkpoint": "" if self.parents else self.checkpoint.fingerprint,
            "texts": self.texts.identity(),
            "settings": {name: self.settings.value(name) for name in EncoderOnly.reads},
            "device": self.device.identity(),
        }

    def run(self, folder: Path, parents: tuple[Path, ...], runtime: Runtime) -> dict[str, Any]:
        """Embed the sentences and write them."""
        texts = list(dict.fromkeys(self.texts.read(runtime)))
        model = ready_encoder(self.checkpoint, self.settings, parents, runtime)
        found = model.embed_layers(texts, self.settings.max_length, [model.layer])
        write(folder, texts, found[model.layer])  # what is not finite fails who reads it
        return {"sentences": len(texts)}


def loads_encoder(
    checkpoint: Checkpoint, settings: Settings, parents: tuple[Step, ...]
) -> tuple[str, ...]:
    """Return what identifies the encoder that a step has loaded, and how it pools."""
    makers = [one for one in parents if not isinstance(one, LayerStep)]
    encoder = makers[0].key if makers else checkpoint.fingerprint
    return encoder, str(settings.layer), settings.pooling


def ready_encoder(
    checkpoint: Checkpoint, settings: Settings, parents: tuple[Path, ...], runtime: Runtime
) -> Model:
    """Return the encoder that a step embeds with.

    Args:
        checkpoint: The encoder, unless a parent has trained one.
        settings: Its layer and pooling; with the layer ``auto``, the last parent has picked it.
        parents: The folders of the step's parents.
        runtime: Loads it.
    """
    if settings.layer == "auto":
        parents, choice = parents[:-1], parents[-1]
        settings = replace(settings, layer=chosen(choice))
    # a training writes no modules: those of the checkpoint that it began from still count
    return runtime.encoder(started(checkpoint, parents), settings, checkpoint.path)


def share_of_layers(checkpoint: Checkpoint, settings: Settings) -> float:
    """Return the share of an encoder's layers that embedding runs: those above are left out."""
    layer = checkpoint.layers if settings.layer == "auto" else int(settings.layer)
    return layer / max(1, checkpoint.layers)


def embed_step(
    name: str,
    texts: Texts,
    how: tuple[Checkpoint, Settings, Device],
    size: tuple[int, int],
    parents: tuple[Step, ...] = (),
) -> EmbedStep:
    """Return the step that embeds some sentences.

    Args:
        name: Its name.
        texts: Where they stand.
        how: The encoder, what is pooled, its ``layer`` a number or ``auto``, and where.
        size: About how many sentences and tokens they are.
        parents: The training whose encoder it is, if any, and the step that picks the layer.
    """
    checkpoint, settings, device = how
    return EmbedStep(
        name=name,
        checkpoint=checkpoint,
        texts=texts,
        settings=settings,
        device=device,
        parents=parents,
        examples=size[0],
        tokens=size[1],
        work=2.0 * size[1] * checkpoint.body * share_of_layers(checkpoint, settings),
        pace=pace_of("embed", f"layer {settings.layer}", checkpoint, device),
    )
