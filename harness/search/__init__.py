"""Nearest neighbours, margin and mining."""

from harness.search.neighbours import nearest

__all__ = ["nearest"]
