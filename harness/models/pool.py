"""The embedded pool of a retrieval task: rows on disk in its order, and the candidates' ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.models.embeddings import ROWS, Encoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IDS = "ids.txt"


@dataclass(frozen=True)
class Pool:
    """Candidates that steps of the store have embedded.

    Attributes:
        parts: Of each step the rows, float32 (candidates, dimensions), memory-mapped.
        ids: The candidates' ids, in the same order.
    """

    parts: tuple[NDArray[np.float32], ...]
    ids: list[str]

    @classmethod
    def open(cls, folders: Iterable[Path]) -> Pool:
        """Open what ``write_pool`` has written into folders, the first candidates first.

        Raises:
            HarnessError: A file is missing or broken.
        """
        import numpy as np

        parts: list[NDArray[np.float32]] = []
        ids: list[str] = []
        for folder in folders:
            try:
                rows = np.load(folder / ROWS, mmap_mode="r", allow_pickle=False)
                names = (folder / IDS).read_text("utf-8").split("\n")[:-1]
            except (OSError, EOFError, ValueError) as error:
                message = f"{folder}: no embedded candidates ({error!s:.80}); run again"
                raise HarnessError(message) from error
            width = parts[0].shape[1] if parts else rows.shape[-1]
            known = rows.ndim == 2 and rows.dtype == np.float32 and rows.shape[1] == width
            if not known or len(names) != len(rows):
                raise HarnessError(f"{folder}: embeddings of other candidates; run again")
            parts.append(rows)
            ids += names
        if not ids:
            raise HarnessError("no candidate has an embedding that is finite and not zero")
        return cls(tuple(parts), ids)


@dataclass(frozen=True)
class QueriesAndPool:
    """What a prediction of passage retrieval needs.

    Attributes:
        queries: The embeddings of the queries.
        pool: The pool.
    """

    queries: Encoder
    pool: Pool

    def embed(self, texts: Sequence[str], max_length: int) -> NDArray[np.float32]:
        """Return the embeddings of queries (``Encoder.embed``)."""
        return self.queries.embed(texts, max_length)


def write_pool(folder: Path, ids: Sequence[str], rows: NDArray[np.float32]) -> int:
    """Write candidates, without those whose row is zero or not finite: none can rank them.

    Args:
        folder: The folder.
        ids: Their ids.
        rows: float32 (candidates, dimensions).

    Returns:
        How many were left out.
    """
    import numpy as np

    usable = np.isfinite(rows).all(axis=1) & (rows != 0).any(axis=1)
    kept = np.flatnonzero(usable).tolist()
    np.save(folder / ROWS, rows if usable.all() else rows[kept], allow_pickle=False)
    text = "".join(f"{ids[i]}\n" for i in kept)
    (folder / IDS).write_text(text, "utf-8", newline="\n")
    return len(rows) - len(kept)
