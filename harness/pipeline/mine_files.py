"""Mining translation pairs from two text files: embed their lines in parts, search, write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.files import writable, write_text
from harness.data.sentence_file import SentenceFile, check_file
from harness.errors import HarnessError
from harness.models.checkpoint import Checkpoint
from harness.models.device import Device, not_finite
from harness.models.embeddings import Embeddings, hash_of
from harness.pipeline.dataset_facts import BYTES_A_TOKEN
from harness.pipeline.engines.run_plan import run_plan
from harness.pipeline.engines.schedule import Progress
from harness.pipeline.steps.embed_step import EmbedStep, LineTexts
from harness.pipeline.steps.encoding import Encoding
from harness.pipeline.steps.runtime import Runtime
from harness.recipes import Settings
from harness.search.mining import Mined, Mining, mine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


PART = 10_000  # lines of a step: what a run that is killed repeats at most
HEAD = "margin\tsource line\ttarget line\tsource\ttarget"


@dataclass(frozen=True)
class Side:
    """One file with the steps that embed its lines.

    Attributes:
        file: The file.
        steps: The steps, in the order of the lines.
    """

    file: SentenceFile
    steps: tuple[EmbedStep, ...]


@dataclass(frozen=True)
class MinedFiles:
    """What was mined from two files.

    Attributes:
        output: The file of pairs.
        pairs: How many it has.
        sentences: Distinct sentences of the source and of the target.
    """

    output: Path
    pairs: int
    sentences: tuple[int, int]

    def __str__(self) -> str:
        """Return it in a line."""
        left, right = self.sentences
        return f"{self.pairs:,} pairs of {left:,} and {right:,} distinct sentences: {self.output}"


def opened(paths: tuple[Path, Path]) -> tuple[SentenceFile, SentenceFile]:
    """Look both files through, before an encoder is asked for.

    Args:
        paths: The source and the target.

    Raises:
        HarnessError: One is not a file of sentences.
    """
    source, target = paths
    return SentenceFile.open(source, PART), SentenceFile.open(target, PART)


def side_of(file: SentenceFile, checkpoint: Checkpoint, settings: Settings, device: Device) -> Side:
    """Plan the steps that embed a file's lines.

    Args:
        file: The file.
        checkpoint: The encoder.
        settings: Tokens read, layer and pooling.
        device: Where to compute.
    """
    tokens = file.size // BYTES_A_TOKEN // len(file.chunks)
    encoding = Encoding(checkpoint, settings, device)
    steps = [
        EmbedStep(
            name=f"embed {file.path.name}, lines {one.start + 1} to {one.start + one.count}",
            texts=LineTexts(one),
            encoding=encoding,
            **encoding.cost(one.count, tokens),
        )
        for one in file.chunks
    ]
    return Side(file, tuple(steps))


def check_output(output: Path, inputs: tuple[Path, Path]) -> None:
    """Refuse, before any work, a place that cannot or must not be written.

    Args:
        output: Where the pairs are to be written.
        inputs: The two files.

    Raises:
        HarnessError: An input cannot be read, or the output is an input, a folder, or anything but
            a file, or its folder cannot be written to.
    """
    for one in inputs:
        check_file(one)
    if not output.name:
        raise HarnessError(f"--output {str(output)!r}: no file; name one for the pairs")
    writable(output.absolute().parent)
    if output.is_symlink() or (output.exists() and not output.is_file()):
        raise HarnessError(f"{output}: not a plain file; name another place for the pairs")
    if output.exists() and any(output.samefile(one) for one in inputs):
        raise HarnessError(f"{output}: is mined itself; name another place for the pairs")


def mine_files(
    sides: tuple[Side, Side],
    runtime: Runtime,
    mining: Mining,
    threshold: float,
    output: Path,
    progress: Progress,
) -> MinedFiles:
    """Embed what is not embedded yet, mine, and write the pairs, the best first.

    Args:
        sides: The source and the target.
        runtime: What steps work with.
        mining: How pairs are mined.
        threshold: The least margin of a pair that is written.
        output: The file: margin, line of each side from 1, and both sentences, parted by tabs. Of
            a sentence that stands in several lines it is the first.
        progress: Receives what happens.

    Raises:
        HarnessError: A step failed, or the margin of a pair is not finite.
    """
    report = run_plan([step for side in sides for step in side.steps], runtime, progress)
    for outcome in report.failed:
        raise HarnessError(f"{outcome.step.name}: {outcome.error}")
    (left, x), (right, y) = (_embedded(side, runtime) for side in sides)
    threads = runtime.device.threads if runtime.device.kind == "cpu" else None
    found = mine(x, y, mining, threads=threads, device=runtime.device.name)
    kept = found.at(found.scores >= threshold)
    lines = left[kept.left], right[kept.right]
    texts = tuple(_texts(side.file, of) for side, of in zip(sides, lines, strict=True))
    write_text("\n".join([HEAD, *_rows(kept, lines, texts)]) + "\n", output)
    return MinedFiles(output, len(kept), (len(left), len(right)))


def _embedded(side: Side, runtime: Runtime) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the first line of each distinct sentence, and the sentences' embeddings."""
    import numpy as np

    folders = [runtime.store.fetched(step) for step in side.steps]
    embeddings = Embeddings.open(folders, runtime.device)
    first: dict[bytes, int] = {}
    for number, text in enumerate(side.file.lines()):
        if text:
            first.setdefault(hash_of(text), number)
    lines = np.fromiter(first.values(), np.int64, len(first))
    rows = embeddings.rows(list(first))
    for start in range(0, len(rows), PART):  # no array of the whole but the rows themselves
        broken = np.flatnonzero(~np.isfinite(rows[start : start + PART]).all(axis=1))
        if len(broken):
            line = int(lines[start + broken[0]])
            raise HarnessError(f"{side.file.path}, {not_finite(line, 'embedding', runtime.device)}")
    return lines, rows


def _texts(file: SentenceFile, lines: NDArray[np.int64]) -> Mapping[int, str]:
    """Return the sentences of some lines."""
    wanted = set(lines.tolist())
    return {n: text for n, text in enumerate(file.lines()) if n in wanted}


def _rows(
    kept: Mined, lines: tuple[Any, Any], texts: tuple[Mapping[int, str], ...]
) -> Iterator[str]:
    """Yield the lines of the output."""

    def shown(text: str) -> str:
        """Return a sentence without tabs and ends of lines, of whatever kind."""
        return " ".join(text.split())

    pairs = zip(kept.scores.tolist(), *(one.tolist() for one in lines), strict=True)
    for score, left, right in pairs:
        both = shown(texts[0][left]), shown(texts[1][right])
        yield "\t".join([f"{score:.6f}", str(left + 1), str(right + 1), *both])
