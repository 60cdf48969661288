"""Embeddings on disk: of each distinct sentence one row, found by the sentence's hash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.errors import HarnessError
from harness.models.device import Device, not_finite

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS, HASHES = "embeddings.npy", "sentences.bin"
HASH = 16  # bytes of a sentence's hash: two of a billion sentences agree once in 10^20 times


class Encoder(Protocol):
    """What embeds sentences: a loaded model, or embeddings that are there already."""

    def embed(self, texts: Sequence[str], max_length: int) -> NDArray[np.float32]:
        """Return float32 (sentences, dimensions), L2-normalised."""


@dataclass(frozen=True)
class Embeddings:
    """Embeddings that steps of the store have written.

    Attributes:
        parts: Of each step the rows, float32 (sentences, dimensions), memory-mapped.
        places: Hash of a sentence to its part and its row there.
        device: Where they were computed.
    """

    parts: tuple[NDArray[np.float32], ...]
    places: dict[bytes, tuple[int, int]]
    device: Device

    @classmethod
    def open(cls, folders: Iterable[Path], device: Device) -> Embeddings:
        """Open what ``write`` has written into folders.

        Args:
            folders: The steps' folders.
            device: Where they were computed.

        Raises:
            HarnessError: A file is missing or broken.
        """
        import numpy as np

        parts, places = [], {}
        for number, folder in enumerate(folders):
            try:
                rows = np.load(folder / ROWS, mmap_mode="r", allow_pickle=False)
                hashes = (folder / HASHES).read_bytes()
            except (OSError, EOFError, ValueError) as error:
                raise HarnessError(f"{folder}: no embeddings ({error!s:.80}); run again") from error
            if rows.ndim != 2 or rows.dtype != np.float32 or len(hashes) != HASH * len(rows):
                raise HarnessError(f"{folder}: embeddings of other sentences; run again")
            parts.append(rows)
            for i in range(len(rows)):
                places[hashes[HASH * i : HASH * (i + 1)]] = number, i
        return cls(tuple(parts), places, device)

    def embed(self, texts: Sequence[str], max_length: int) -> NDArray[np.float32]:
        """Return the embeddings of sentences, float32 (sentences, dimensions), L2-normalised.

        Args:
            texts: Sentences, each of which was embedded.
            max_length: The tokens that were read of each.

        Raises:
            HarnessError: A sentence was not embedded.
            NotFinite: A number of an embedding is not finite.
        """
        found = self.rows([hash_of(text) for text in texts])
        refuse_broken(texts, found, self.device)
        return found

    def rows(self, hashes: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the embeddings of sentences by their hashes, float32 (sentences, dimensions).

        Args:
            hashes: Their hashes (``hash_of``).

        Raises:
            HarnessError: A sentence was not embedded.
        """
        import numpy as np

        width = self.parts[0].shape[1] if self.parts else 0
        found = np.empty((len(hashes), width), np.float32)
        try:
            places = np.array([self.places[one] for one in hashes], int).reshape(-1, 2)
        except KeyError as error:
            raise HarnessError("a sentence was not embedded; remove the step and run again") from (
                error
            )
        for number, rows in enumerate(self.parts):
            here = np.flatnonzero(places[:, 0] == number)
            found[here] = rows[places[here, 1]]
        return found


def refuse_broken(texts: Sequence[str], embeddings: NDArray[np.float32], device: Device) -> None:
    """Refuse embeddings with a number that is not finite.

    Args:
        texts: The sentences.
        embeddings: float32 (sentences, dimensions).
        device: Where they were computed.

    Raises:
        NotFinite: There is one; names the sentence.
    """
    import numpy as np

    broken = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
    if len(broken):
        row = int(broken[0])
        raise not_finite(row, f"embedding of {texts[row][:40]!r}", device)


def write(folder: Path, texts: Sequence[str], rows: NDArray[np.float32]) -> None:
    """Write the embeddings of distinct sentences.

    Args:
        folder: The folder.
        texts: The sentences.
        rows: float32 (sentences, dimensions).
    """
    import numpy as np

    np.save(folder / ROWS, rows, allow_pickle=False)
    (folder / HASHES).write_bytes(b"".join(map(hash_of, texts)))


def hash_of(text: str) -> bytes:
    """Return a sentence's hash, ``HASH`` bytes."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=HASH).digest()
