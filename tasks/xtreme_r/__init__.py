"""XTREME-R (arXiv 2104.07412); its new tasks are yet to come."""
