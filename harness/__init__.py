"""Cross-lingual transfer on XTREME: train, predict every language, score, compare."""

__version__ = "0.1.0"
