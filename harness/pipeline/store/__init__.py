"""Finished steps by key, on disk or at a URL."""
