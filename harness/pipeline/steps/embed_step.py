"""The step that embeds sentences, each distinct one once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from harness.data.files import digest_of
from harness.data.sentence_file import Chunk
from harness.declarations import Task
from harness.models.embeddings import hash_of, write
from harness.pipeline.steps.encoding import Encoding
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.step import Step

if TYPE_CHECKING:
    from harness.data.source import Source


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
        texts: Where the sentences stand.
        encoding: How they are embedded.
    """

    kind: ClassVar[str] = "embed"
    unit: ClassVar[str] = "sentences"
    counts: ClassVar[str] = "sentences"
    asked_for: ClassVar[bool] = False

    texts: Texts
    encoding: Encoding

    @property
    def loads(self) -> tuple[str, ...]:
        """Return the encoder, and how hidden states are pooled."""
        return self.encoding.loads(self.parents)

    def identity(self) -> Mapping[str, Any]:
        """Return what decides the embeddings."""
        return {"texts": self.texts.identity()} | self.encoding.identity(self.parents)

    def run(self, folder: Path, parents: tuple[Path, ...], runtime: Runtime) -> dict[str, Any]:
        """Embed the sentences and write them."""
        texts = list(dict.fromkeys(self.texts.read(runtime)))
        model = self.encoding.ready(parents, runtime)
        found = model.embed_layers(texts, self.encoding.settings.max_length, [model.layer])
        write(folder, texts, found[model.layer])  # what is not finite fails who reads it
        return {"sentences": len(texts)}
