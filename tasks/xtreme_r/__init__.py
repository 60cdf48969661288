"""XTREME-R (arXiv 2104.07412), so far without LAReQA and Mewsli-X."""
