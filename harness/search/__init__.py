"""Nearest neighbours, margins and mining: arrays in, arrays out."""

from harness.search.neighbours import BothWays, Neighbours, SearchFacts, nearest, nearest_both

__all__ = ["BothWays", "Neighbours", "SearchFacts", "nearest", "nearest_both"]
