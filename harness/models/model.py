"""A loaded model: encoder, tokenizer and perhaps a head, ready to infer and to embed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from harness.errors import HarnessError
from harness.models.batch_threads import ahead, spread
from harness.models.batching import INFERENCE_TOKENS, batch_counts, inference_batches
from harness.models.budget import batch_tokens
from harness.models.collator import Collator, open_collator, padding_collator
from harness.models.device import Device, not_finite
from harness.models.embeddings import refuse_broken
from harness.models.layers import cut_layers
from harness.models.loading import load_model
from harness.models.pooler import pooler_of
from harness.models.pooling import MEAN, OWN, PLAIN, POOLER, SPECIAL, Pooling, pooled
from harness.models.sentence_modules import read_modules
from harness.models.text_batches import TextBatch, sorted_texts
from harness.models.tokenizer import load_tokenizer, token_lists
from harness.models.transfer import Begun, fetched, in_parts, in_turn, to_device

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.models.checkpoint import Checkpoint
    from harness.models.heads import Head

T = TypeVar("T")
INFERENCE_EXAMPLES = 256  # examples in a batch on a CPU, at most
TEXTS_AHEAD = 4096  # texts that are tokenised together, of similar length, while others are encoded
SHORTEST = 4  # tokens of a text: for each so many of a batch's budget a text is tokenised ahead

Report = Callable[[int, int], None]
"""Progress callback, called with (units done, units in all)."""


@dataclass
class Model:
    """A model in evaluation mode on its device.

    Attributes:
        module: The transformers model.
        tokenizer: Its fast tokenizer.
        device: Where it runs.
        head: The kind of its head; None for a bare encoder.
        layer: The hidden state that ``embed`` pools, 0 being the embeddings.
        pooling: How it pools.
        report: Progress callback, called after each batch.
        collator: Makes its batches; None for padded ones.
        cast: Whether the weights are in float32 and cast to the device's precision as it runs.
    """

    module: Any
    tokenizer: Any
    device: Device
    head: Head | None = None
    layer: int = -1
    pooling: Pooling = PLAIN[MEAN]
    report: Report = lambda done, total: None
    collator: Collator | None = None
    cast: bool = True

    @property
    def batches(self) -> Collator:
        """Return what makes its batches."""
        return self.collator or padding_collator(self.tokenizer)

    def infer(self, features: Sequence[dict[str, Any]]) -> list[list[NDArray[np.float32]]]:
        """Run the head over features in batches of similar length.

        Args:
            features: Model inputs without padding, as lists; entries that are not inputs of the
                model are left out. ``row`` is the number of the example for error messages.

        Returns:
            For each feature an array for each of the head's outputs: scores float32 (labels,),
            (tokens, labels), or for spans two of (tokens,); padding is cut off.

        Raises:
            NotFinite: A score is not finite.
        """
        import numpy as np

        assert self.head is not None, "a bare encoder embeds; it infers nothing"
        results: list[list[NDArray[np.float32]]] = [[] for _ in features]
        lengths = [len(feature["input_ids"]) for feature in features]
        batches = inference_batches(lengths, *self._bounds(), flat=self.batches.flat)

        def begin(batch: list[int]) -> Begun[Any]:
            answers = self._answers([features[i] for i in batch])
            return lambda: (batch, answers())

        def halved(batch: list[int]) -> list[list[int]]:
            middle = len(batch) // 2
            return [part for part in (batch[:middle], batch[middle:]) if part]

        done = 0
        for batch, answers in self._spread(begin, batches, halved):
            for number, answer in zip(batch, answers, strict=True):
                results[number] = answer
                if not all(np.isfinite(array).all() for array in answer):
                    raise not_finite(features[number].get("row", number), "scores", self.device)
            done += len(batch)
            self.report(done, len(features))
        return results

    def embed(self, texts: Sequence[str], max_length: int) -> NDArray[np.float32]:
        """Return sentence embeddings: the pooled hidden state ``layer``.

        Args:
            texts: Sentences.
            max_length: Tokens read of each, special tokens included.

        Returns:
            float32 (sentences, dimensions), L2-normalised.

        Raises:
            NotFinite: A number of an embedding is not finite.
        """
        embeddings = self.embed_layers(texts, max_length, [self.layer])[self.layer]
        refuse_broken(texts, embeddings, self.device)
        return embeddings

    def embed_layers(
        self,
        texts: Sequence[str],
        max_length: int,
        layers: Sequence[int],
        found: dict[int, NDArray[np.float32]] | None = None,
    ) -> dict[int, NDArray[np.float32]]:
        """Return the sentence embeddings of several hidden states, from one pass.

        Sentences are sorted by their length over all that are given, and tokenised ahead of the
        encoder.

        Args:
            texts: Sentences.
            max_length: Tokens read of each, special tokens included.
            layers: The hidden states to pool, none above those that the encoder was loaded for.
            found: For each layer an array to write into, e.g. a file's; None for new ones.

        Returns:
            For each layer as ``embed``, but numbers may not be finite.

        Raises:
            HarnessError: There is no such layer.
        """
        import numpy as np

        if not all(0 <= n <= self.module.config.num_hidden_layers for n in layers):
            raise HarnessError(f"layers {list(layers)}: expected hidden states, numbered from 0")
        width = self.pooling.width(self.module.config.hidden_size)
        if found is None:
            found = {n: np.zeros((len(texts), width), dtype=np.float32) for n in layers}
        done = 0
        begin, batches = self._embeddings(sorted(found)), self._tokenised(texts, max_length)
        for numbers, parts in self._spread(begin, batches, TextBatch.halved):
            for layer, part in parts.items():
                found[layer][numbers] = part
            done += len(numbers)
            self.report(done, len(texts))
        return found

    def _tokenised(self, texts: Sequence[str], max_length: int) -> Iterator[TextBatch]:
        """Yield batches of sentences, tokenised ahead in a thread."""
        order = sorted(range(len(texts)), key=[-len(text) for text in texts].__getitem__)
        bounds = self._bounds()
        ahead_of = max(TEXTS_AHEAD, bounds[0] // SHORTEST)
        parts = [order[at : at + ahead_of] for at in range(0, len(order), ahead_of)]
        names = [n for n in self.batches.names if n != "attention_mask"]
        if self.pooling.text_alone:
            names.append(SPECIAL)

        def tokenise(part: list[int]) -> list[TextBatch]:
            some = [texts[i] for i in part]
            every = sorted_texts(part, token_lists(self.tokenizer, some, max_length, names))
            flat = self.batches.flat
            return every.cut(batch_counts(every.lengths, *bounds, flat=flat))

        return chain.from_iterable(ahead(map(tokenise, parts)))

    def _embeddings(self, layers: list[int]) -> Callable[[TextBatch], Begun[Any]]:
        """Return what encodes a batch of texts: to their numbers, and an array a layer."""

        def begin(texts: TextBatch) -> Begun[Any]:
            import torch

            inputs = to_device(self.batches.inputs_of_texts(texts), self.device.name)
            with torch.inference_mode(), self._context():
                states = self.module(**inputs, output_hidden_states=layers).hidden_states
                arrays = fetched([pooled(states[n], inputs, texts, self.pooling) for n in layers])
            return lambda: (texts.numbers, dict(zip(layers, arrays(), strict=True)))

        return begin

    def _answers(self, features: list[dict[str, Any]]) -> Begun[list[list[NDArray[np.float32]]]]:
        """Queue a batch; return what gives each output of the head for each feature."""
        import torch

        assert self.head is not None
        given = self.batches.inputs(features, by_token=self.head.reads_all)
        inputs = to_device(given, self.device.name)
        with torch.inference_mode(), self._context():
            outputs = self.head.answers(self.module, inputs)
        arrays = fetched([output.float() for output in outputs])
        return lambda: self._by_feature(arrays(), inputs, features)

    def _by_feature(
        self,
        arrays: list[NDArray[np.float32]],
        inputs: dict[str, Any],
        features: list[dict[str, Any]],
    ) -> list[list[NDArray[np.float32]]]:
        """Return a batch's answers by feature, padding cut off."""
        assert self.head is not None
        if not self.head.by_token:
            return [list(each) for each in zip(*arrays, strict=True)]
        parts = [self.batches.by_example(array, inputs, len(features)) for array in arrays]
        lengths = [len(feature["input_ids"]) for feature in features]
        return [
            [part[:length] for part in each] for *each, length in zip(*parts, lengths, strict=True)
        ]

    def _context(self) -> AbstractContextManager[Any]:
        """Return the context that the module runs in."""
        return self.device.autocast() if self.cast else nullcontext()

    def _bounds(self) -> tuple[int, int]:
        """Return the tokens and the examples in a batch, at most."""
        if self.device.kind == "cpu":
            return INFERENCE_TOKENS["cpu"], INFERENCE_EXAMPLES
        weights = sum(one.numel() for one in self.module.parameters())
        tokens = batch_tokens(self.device.memory, self.module.config, weights)
        return tokens, tokens  # so that tokens alone bound a batch

    def _spread(
        self,
        begin: Callable[[T], Begun[Any]],
        batches: Iterable[T],
        halved: Callable[[T], Sequence[T]],
    ) -> Iterator[Any]:
        """Yield the results of work on batches, or on their halves where memory runs out.

        On a CPU batches go to threads; elsewhere one is queued while the one before is computed.
        """

        def parts(batch: T) -> list[Begun[Any]]:
            return in_parts(begin, batch, halved)

        if self.device.kind != "cpu":
            return in_turn(parts, batches)
        every = spread(lambda batch: [end() for end in parts(batch)], batches, self.device.threads)
        return chain.from_iterable(every)


def read_encoder(path: Path) -> Any:
    """Return the bare encoder; a missing weight is an error unless it is the pooler's."""
    model, info = load_model("AutoModel", path, output_loading_info=True)
    missing = [name for name in info["missing_keys"] if "pooler" not in name]
    if missing:
        raise HarnessError(f"{path}: the weights lack {min(missing)}; save the model whole")
    return model


def load_encoder(
    checkpoint: Checkpoint,
    layer: float | str,
    device: Device,
    pooling: str = MEAN,
    modules: Path | None = None,
) -> Model:
    """Return an encoder for retrieval.

    Args:
        checkpoint: The encoder.
        layer: The hidden state to pool (``harness.recipes.Settings.layer``).
        device: Where to run.
        pooling: One of ``harness.recipes.settings.POOLINGS`` but ``auto``.
        modules: The folder whose modules.json pooling ``own`` goes by; None for the encoder's.

    Raises:
        HarnessError: The weights lack some, there is no such layer, or the modules, or the
            pooler, are not there or broken.
    """
    from harness.models.cpu_weights import prepare_weights

    own = read_modules(modules or checkpoint.path) if pooling == OWN else None
    module = read_encoder(checkpoint.path).eval()
    if pooling == POOLER:
        how = pooler_of(module, checkpoint.path, device.name)
    else:
        how = own.load(module.config.hidden_size, device.name) if own else PLAIN[pooling]
    tokenizer = load_tokenizer(checkpoint.path, checkpoint.unread)
    number = retrieval_layer(layer, checkpoint)
    collator = open_collator(module, tokenizer, checkpoint.path)
    cut_layers(module, number, collator, tokenizer)
    cast = prepare_weights(module, device)
    module = module.to(device.name)
    return Model(module, tokenizer, device, layer=number, pooling=how, collator=collator, cast=cast)


def retrieval_layer(layer: float | str, checkpoint: Checkpoint) -> int:
    """Return the number of the hidden state to pool.

    XTREME takes 14 of XLM-R Large's 24 layers and 7 of 12 (utils and scripts/run_tatoeba.sh);
    other depths are scaled from that. A sentence-transformers checkpoint pools its last layer. A
    float is a share of the depth: 0.5 is 12 of 24 layers.

    Args:
        layer: ``harness.recipes.Settings.layer``, but for ``auto``, which needs data.
        checkpoint: The encoder.

    Raises:
        HarnessError: The encoder has no such layer.
    """
    if layer == "usual":
        layer = "last" if checkpoint.sentence_encoder else "xtreme"
    if layer == "last":
        return checkpoint.layers
    if layer == "xtreme":
        return round(checkpoint.layers * 7 / 12)
    if isinstance(layer, float):
        return round(layer * checkpoint.layers)
    if int(layer) > checkpoint.layers:
        raise HarnessError(f"layer {layer}: {checkpoint.name} has {checkpoint.layers} layers")
    return int(layer)
