"""XTREME (arXiv 2003.11080): nine tasks, forty languages."""
