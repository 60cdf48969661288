"""The XTREME benchmark: the mean of its nine tasks, as in google-research/xtreme evaluate.py."""

from harness.declarations import Benchmark

from ..languages import LANGUAGES

XTREME = Benchmark(
    name="xtreme",
    title="XTREME",
    groups={
        "classification": ("xnli", "pawsx"),
        "tagging": ("udpos", "panx"),
        "qa": ("xquad", "mlqa", "tydiqa"),
        "retrieval": ("bucc2018", "tatoeba"),
    },
    facts=LANGUAGES,
    citation="Hu et al. 2020, XTREME, arXiv 2003.11080",
)
