"""Numbers as the board shows them: one decimal, rounded once, half to even."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from harness.comparison.table import DIGITS


def points(value: float, *, plus: bool = False) -> str:
    """Return points with one decimal, never as ``-0.0``.

    The value is the board's own, which has six decimals and is what all files show.

    Args:
        value: The points.
        plus: Whether to write the sign of what is not negative, as of a difference.
    """
    rounded = Decimal(repr(float(value))).quantize(Decimal("0.1"), ROUND_HALF_EVEN)
    return format(rounded + 0, "+f" if plus else "f")  # + 0: what is rounded to zero has no sign


def exact(value: float | None) -> float | None:
    """Return a number as files hold it, with six decimals; None stays."""
    return None if value is None else round(float(value), DIGITS) + 0.0
