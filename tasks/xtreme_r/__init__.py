"""XTREME-R (arXiv 2104.07412): its own three tasks, and what they learn from."""
