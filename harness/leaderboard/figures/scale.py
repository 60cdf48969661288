"""Scales: values to places on the picture, and round numbers to write beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

CLIP = 4  # times the next setting's extent; beyond it are an arrow and the number
LEAST = 1.0  # points that a scale shows at least
TICK_ROOM = 44.0  # between two ticks at least


@dataclass(frozen=True)
class Scale:
    """A straight scale, or one of powers of ten.

    Attributes:
        low: The lowest value shown.
        high: The highest.
        start: The place of the lowest.
        end: The place of the highest.
        log: Whether equal factors are equal distances.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Return a value's place, at the ends for one beyond them."""
        value = min(max(value, self.low), self.high)
        low, high = self.low, self.high
        if self.log:
            value, low, high = math.log10(value), math.log10(low), math.log10(high)
        return self.start + (value - low) / (high - low) * (self.end - self.start)

    def beyond(self, value: float) -> int:
        """Return -1 for a value below the scale, 1 for one above it, else 0."""
        return (value > self.high) - (value < self.low)

    @property
    def ticks(self) -> list[float]:
        """Return the round values that are written beside the scale."""
        most = max(5, int(abs(self.end - self.start) / TICK_ROOM))
        return self._powers(most) if self.log else self._steps(most)

    def _steps(self, most: int) -> list[float]:
        """Return multiples of 1, 2 or 5 times a power of ten, ``most`` at most."""
        rough = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(number * step, 6) for number in range(first, last + 1)]

    def _powers(self, most: int) -> list[float]:
        """Return powers of ten, with 2 and 5 times these where there is room."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for factors in ((1, 2, 5), (1, 3), (1,)):
            ticks = [f * 10.0**p for p in powers for f in factors]
            ticks = [tick for tick in ticks if self.low <= tick <= self.high]
            if len(ticks) <= most:
                break
        return ticks


def differences_scale(settings: Iterable[Sequence[float]], start: float, end: float) -> Scale:
    """Return a scale that shows 0 and all of each setting, but for values that are far out.

    Where a setting reaches more than ``CLIP`` times as far from 0 as the one before it, what is
    further out than that is beyond the scale; at least half of the settings are whole.

    Args:
        settings: Of each setting its difference, the ends of its interval and its runs.
        start: The place of the lowest value.
        end: The place of the highest.
    """
    known = sorted((some for some in settings if some), key=_extent)
    extents = [max(LEAST, _extent(some)) for some in known]
    limits = [CLIP * extent for extent in extents]
    second_half = range((len(known) + 1) // 2, len(known))
    limit = next((limits[n - 1] for n in second_half if extents[n] > limits[n - 1]), math.inf)
    values = (value for some in known for value in some if abs(value) <= limit)
    return _padded([0.0, *values], start, end)


def _extent(values: Sequence[float]) -> float:
    return max(map(abs, values))


def scores_scale(values: Sequence[float], start: float, end: float) -> Scale:
    """Return a scale that shows all scores, not from 0."""
    return _padded(values or [0.0], start, end)


def _padded(values: Sequence[float], start: float, end: float) -> Scale:
    low, high = min(values), max(values)
    more = max(0.0, LEAST - (high - low)) / 2 + 0.04 * (high - low)
    return Scale(low - more, high + more, start, end)


def counts_scale(values: Sequence[float], start: float, end: float) -> Scale:
    """Return a scale of powers of ten for counts above 0."""
    low, high = (min(values), max(values)) if values else (1e6, 1e9)
    return Scale(low / 1.6, high * 1.6, start, end, log=True)
