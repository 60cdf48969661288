"""XTREME-R (arXiv 2104.07412), so far without its new tasks."""
