"""The verbs on plain sentences and arrays."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from harness.models.checkpoint import Checkpoint
    from harness.models.device import Device
    from harness.pipeline.engines.schedule import Progress
    from harness.pipeline.mine_files import MinedFiles
    from harness.recipes import Settings
    from harness.search import BothWays
    from harness.search.mining import Mined, Mining


Where = str | PathLike[str]


def embed(
    texts: Sequence[str],
    checkpoint: Where,
    *,
    layer: float | str = "usual",
    pooling: str = "auto",
    max_length: int = 512,
    device: str = "auto",
    precision: str = "auto",
    deterministic: bool = False,
    threads: int = 0,
    offline: bool = False,
) -> NDArray[np.float32]:
    """Embed sentences: the pooled hidden state of one layer; those above it are not run.

    Args:
        texts: Sentences.
        checkpoint: An encoder, as ``evaluate`` takes it.
        layer: Hidden state: a number (0 is the embeddings), a share of the depth (0.5), ``last``,
            ``xtreme`` (14 of 24, 7 of 12), or ``usual``: the last for sentence-transformers
            checkpoints, else ``xtreme``.
        pooling: ``mean`` over all tokens, ``mean-without-specials``, ``cls``, ``own`` (by the
            checkpoint's sentence-transformers modules), or ``auto``: the mean.
        max_length: Tokens read of each sentence, at most; fewer if the encoder reads fewer.
        device: As ``evaluate`` takes it.
        precision: As ``evaluate`` takes it.
        deterministic: Likewise.
        threads: CPU threads; 0 for all there are.
        offline: Fetch nothing.

    Returns:
        float32 (sentences, dimensions), L2-normalised.

    Raises:
        HarnessError: Something named is missing or not allowed.
        NotFinite: A number of an embedding is not finite.
    """
    from harness.models.model import load_encoder

    sentences = _sentences(texts)
    one, settings, where = _encoder(
        checkpoint,
        (layer, pooling, max_length),
        (device, precision, threads, deterministic),
        offline=offline,
    )
    with where.kernels():
        model = load_encoder(one, settings.layer, where, settings.pooling)
        return model.embed(sentences, settings.max_length)


def mine_files(
    source: Where,
    target: Where,
    checkpoint: Where,
    output: Where,
    *,
    threshold: float = 0.0,
    margin: str = "ratio",
    retrieval: str = "max",
    neighbours: int = 4,
    mean_shift: bool = False,
    layer: float | str = "usual",
    pooling: str = "auto",
    max_length: int = 512,
    device: str = "auto",
    precision: str = "auto",
    deterministic: bool = False,
    threads: int = 0,
    store: str | None = None,
    offline: bool = False,
    progress: Progress | None = None,
) -> MinedFiles:
    """Mine translation pairs from two text files, a sentence a line.

    Lines are embedded in parts that are kept in the store: interrupted and called again, it goes
    on. Equal sentences are embedded and mined once. Embedding reads the files as streams; the
    search holds the embeddings of both, 4 bytes a dimension and distinct sentence.

    Args:
        source: A text file.
        target: The text file that is searched for translations.
        checkpoint: An encoder, as ``evaluate`` takes it.
        output: File for the pairs, the best first: margin, both line numbers, both sentences.
        threshold: The least margin of a pair that is written.
        margin: ``ratio``, ``distance``, ``absolute`` or ``csls``.
        retrieval: ``max``, ``intersection``, ``forward`` or ``backward``.
        neighbours: Neighbours on each side that make up a margin.
        mean_shift: Take each side's mean from its embeddings first.
        layer: Hidden state for retrieval: a number, a share of the depth (0.5), last, xtreme (14 of
            24 layers, 7 of 12), or usual: the last for sentence-transformers checkpoints, else
            xtreme.
        pooling: As ``embed`` takes it.
        max_length: Tokens read of each sentence, at most; fewer if the encoder reads fewer.

    The other arguments are those of ``evaluate``.

    Raises:
        HarnessError: Something named is missing or not allowed, or a step failed; what is finished
            is kept.
    """
    from math import isfinite

    from harness import places
    from harness.bounds import shown
    from harness.data.folder import FolderSource
    from harness.display.progress import Bars
    from harness.errors import HarnessError
    from harness.pipeline.mine_files import check_output, opened, side_of
    from harness.pipeline.mine_files import mine_files as run
    from harness.pipeline.steps.runtime import Runtime
    from harness.pipeline.store.remote import open_store
    from harness.search.mining import Mining

    if not isinstance(threshold, int | float) or not isfinite(threshold):
        raise HarnessError(f"threshold {shown(threshold)}: expected a number")
    mining = Mining(neighbours, margin, retrieval, mean_shift)  # type: ignore[arg-type] # it checks
    kept = open_store(store or places.store())
    paths = Path(source), Path(target)
    check_output(Path(output), paths)
    files = opened(paths)
    one, settings, where = _encoder(
        checkpoint,
        (layer, pooling, max_length),
        (device, precision, threads, deterministic),
        offline=offline,
    )
    left, right = (side_of(file, one, settings, where) for file in files)
    runtime = Runtime(kept, FolderSource(Path(source).parent), where)  # no data set is read
    return run((left, right), runtime, mining, threshold, Path(output), progress or Bars())


def _sentences(texts: Sequence[str]) -> list[str]:
    """Return sentences as a list.

    Raises:
        HarnessError: They are one text, or something is not a text of Unicode characters.
    """
    from harness.bounds import shown
    from harness.errors import HarnessError

    if isinstance(texts, str | bytes):
        raise HarnessError(f"texts: {shown(texts)}: expected a list of sentences, not one")
    for number, text in enumerate(texts):
        try:
            text.encode()
        except (AttributeError, UnicodeEncodeError) as error:
            raise HarnessError(f"texts: {number}: {shown(text)} is not a text") from error
    return list(texts)


def _encoder(
    checkpoint: Where,
    pooled: tuple[float | str, str, int],
    compute: tuple[str, str, int, bool],
    *,
    offline: bool,
) -> tuple[Checkpoint, Settings, Device]:
    """Return an opened encoder, what is pooled of it, and where it runs.

    Args:
        checkpoint: A folder or hub id.
        pooled: Layer, pooling and tokens read, as ``embed`` takes them.
        compute: Device, precision, threads and whether deterministic, likewise.
        offline: Fetch nothing.

    Raises:
        HarnessError: Something is missing or not allowed.
    """
    from harness import places
    from harness.bounds import shown
    from harness.data.memory import Memory
    from harness.errors import HarnessError
    from harness.models.checkpoint import open_checkpoint
    from harness.models.device import choose_device, hush, thread_share
    from harness.pipeline.plan import of_retrieval
    from harness.pipeline.request import chosen_layer
    from harness.recipes import SETTINGS, Settings

    layer, pooling, length = chosen_layer(pooled[0]), *pooled[1:]
    if layer == "auto":
        raise HarnessError("layer auto needs the dev data of a task; give a number, last or usual")
    for name, value in (("pooling", pooling), ("max_length", length)):
        if value not in SETTINGS[name].expected:
            raise HarnessError(f"{name} {shown(value)}: expected {SETTINGS[name].expected}")
    hush()
    memory = Memory(places.memory())
    one = open_checkpoint(fspath(checkpoint), offline=offline, memory=memory)
    memory.save()
    read = min(length, one.positions or length)
    settings = of_retrieval(Settings(layer=layer, pooling=pooling, max_length=read), one)
    name, precision, threads, deterministic = compute
    share = thread_share(threads, 1)
    return one, settings, choose_device(name, precision, share, deterministic=deterministic)


def neighbours(
    left: ArrayLike,
    right: ArrayLike,
    k: int = 4,
    *,
    how: str = "auto",
    threads: int = 0,
    device: str = "cpu",
) -> BothWays:
    """Find each left row's nearest right rows and each right row's nearest left rows, exactly.

    One pass over the similarities (inner products) serves both directions; memory beyond the
    embeddings is what is returned and, for each thread, a block and 12 bytes for each right row and
    each of ``k``.

    Args:
        left: (rows, dimensions), float32, float64 or float16; L2-normalised for cosine. What is
            not float32 in the order of its rows is copied.
        right: (rows, dimensions), likewise.
        k: Neighbours of each row, 1 to 50,000; all of the other side, where there are fewer.
        how: ``fp32``; ``bf16``, the same neighbours by a filter in bfloat16 whose answers are
            proven or searched again; ``auto``, the quicker of both on this processor; or a faiss
            index by its factory string (``IVF4096,Flat``, ``HNSW32``), which may miss some.
        threads: CPU threads, at most; 0 for as many as torch uses.
        device: ``cpu``, or a torch device with memory for both sides.

    Returns:
        ``forward`` and ``backward``, each with ``scores`` float32 (rows, k), the best first, and
        ``rows`` int64 (rows, k), of equal scores the lower row first; and ``facts``: how it was
        done, how many rows were searched again, the recall where it is not exact, warnings.

    Raises:
        HarnessError: An array is not of numbers and two dimensions, their widths differ, a value is
            NaN or infinite, or ``k``, ``how`` or ``device`` is not allowed.
    """
    from harness.search import nearest_both

    return nearest_both(left, right, k, how=how, threads=threads or None, device=device)


def mine(
    left: ArrayLike,
    right: ArrayLike,
    settings: Mining | str = "xtreme-paper",
    *,
    how: str = "auto",
    threads: int = 0,
    device: str = "cpu",
) -> Mined:
    """Mine translation pairs from the embeddings of two collections of sentences.

    Args:
        left: (sentences, dimensions), float32, float64 or float16; L2-normalised, each sentence
            once.
        right: (sentences, dimensions), likewise.
        settings: A published procedure by name (``xtreme-paper``, ``xtreme-script``, ``x-stilts``),
            or ``harness.search.mining.Mining``: neighbours, margin, retrieval, mean shift.
        how: As ``neighbours`` takes it.
        threads: CPU threads, at most; 0 for as many as torch uses.
        device: As ``neighbours`` takes it.

    Returns:
        ``left`` and ``right``, int64 (pairs,), the sentences' numbers, and ``scores``, float32
        (pairs,), their margins, the best first.

    Raises:
        HarnessError: An array is not of numbers and two dimensions, their widths differ, a value or
            a margin is not finite, or a setting is not allowed.
    """
    from harness.search.mining import mine as mine_pairs

    return mine_pairs(left, right, settings, how=how, threads=threads or None, device=device)
