"""Arrays from outside, as the rows of float32 that are searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, NotFinite

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

    Rows = NDArray[np.float32]

CHECKED = 4096  # rows looked at at a time
SMALLEST = 1e-28  # float32 has all its digits down to 1.2e-38; products' terms are to keep theirs
LARGEST = 1e37  # float32 ends at 3.4e38; products are to stay below, of centred rows too


def checked(array: ArrayLike, name: str) -> Rows:
    """Return an array as rows of float32, its own memory where it is that already.

    Args:
        array: (rows, dimensions).
        name: What it is, for messages.

    Raises:
        HarnessError: It is not of real numbers and two dimensions.
        NotFinite: A value is NaN, infinite, or beyond float32.
    """
    import numpy as np

    try:
        rows: NDArray[Any] = np.asarray(array)
    except (ValueError, TypeError, RuntimeError) as error:
        # lists of unlike lengths; tensors with grad, of bfloat16, on another device or on none
        reason = (str(error).splitlines() or [""])[0]
        raise HarnessError(
            f"{name}: not an array (rows, dimensions): {reason:.80}; expected numpy's, "
            "e.g. tensor.detach().float().cpu().numpy()"
        ) from error
    if rows.ndim != 2 or rows.dtype.kind not in "fiu" or not rows.shape[1]:
        shape = " x ".join(map(str, rows.shape)) or "a single value"
        raise HarnessError(
            f"{name}: {rows.dtype}, {shape}; expected real numbers (rows, dimensions)"
        )
    with np.errstate(over="ignore"):  # refused below
        rows = np.ascontiguousarray(rows, dtype=np.float32)
    for start in range(0, len(rows), CHECKED):
        some = rows[start : start + CHECKED]
        if not np.isfinite(_largest(some)):
            place = int(np.flatnonzero(~np.isfinite(some).all(axis=1))[0])
            raise NotFinite(f"{name} row {start + place + 1}: not finite in float32")
    return rows


def check_pair(left: Rows, right: Rows, names: tuple[str, str]) -> None:
    """Refuse two sides whose inner products are not numbers.

    Raises:
        HarnessError: Their widths differ, or products could be beyond float32, or so small that it
            has not their digits: those of a row with all rows of the other side, zeros aside.
    """
    import math

    width = left.shape[1]
    if width != right.shape[1]:
        raise HarnessError(
            f"{names[0]}: {width} dimensions, {names[1]}: {right.shape[1]}; expected one model's"
        )
    if len(left) and len(right):
        largest = math.prod(float(_largest(side)) for side in (left, right)) * width
        if largest > LARGEST:
            raise HarnessError(
                f"{names[0]}, {names[1]}: products may exceed float32; scale them, e.g. to norm 1"
            )
        (least, most), (other_least, other_most) = _norms(left), _norms(right)
        for name, product in zip(names, (least * other_most, most * other_least), strict=True):
            if 0 < product < SMALLEST:
                raise HarnessError(
                    f"{name}: rows so small that products underflow float32; scale them, "
                    "e.g. to norm 1"
                )


def normalised(rows: Rows) -> Rows:
    """Return rows of norm 1; a row of zeros stays as it is."""
    import numpy as np

    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))[:, None]
    return np.divide(rows, norms, where=norms > 0, out=rows.copy(), casting="same_kind")


def mean_of(rows: Tensor) -> Tensor:
    """Return the mean row, float64; no copy of the whole is made.

    float32 would lose a hundredth where millions of rows are summed one after the other.
    """
    import torch

    parts = [some.double().sum(0) for some in torch.split(rows, CHECKED)]
    return sum(parts[1:], parts[0]) / len(rows)


def tensor(rows: NDArray[Any], device: str = "cpu") -> Tensor:
    """Return a tensor over the memory of rows on a CPU, their copy on another device."""
    import warnings

    import torch

    with warnings.catch_warnings():  # of arrays that must not be written, which nothing here does
        warnings.simplefilter("ignore", UserWarning)
        shared = torch.from_numpy(rows)
    try:
        if torch.device(device).type == "meta":
            raise RuntimeError("holds no numbers; expected cpu or cuda")
        return shared.to(device)
    except (RuntimeError, AssertionError) as error:
        raise HarnessError(f"device {device!r}: {str(error).splitlines()[0]:.120}") from error


def _norms(rows: Rows) -> tuple[float, float]:
    """Return the smallest and the largest norm of rows that are not zero; 0 and 0 without any."""
    import numpy as np

    found = []
    for start in range(0, len(rows), CHECKED):
        some = rows[start : start + CHECKED]
        squares = np.einsum("ij,ij->i", some, some, dtype=np.float64)
        squares = squares[squares > 0]
        found += [squares.min(), squares.max()] if len(squares) else []
    return (float(min(found)) ** 0.5, float(max(found)) ** 0.5) if found else (0.0, 0.0)


def _largest(rows: Rows) -> np.float32:
    """Return the largest absolute value, NaN if there is one; no copy is made."""
    import numpy as np

    return max(rows.max(), -rows.min()) if rows.size else np.float32(0)
