"""The XTREME-R benchmark: the mean of its ten tasks; without PAWS-X and BUCC, with three more.

Tatoeba is run there on a model fine-tuned on SQuAD v1.1.
"""

from harness.declarations import Benchmark
from tasks.xtreme.squad import SQUAD

XTREME_R = Benchmark(
    name="xtreme-r",
    title="XTREME-R",
    groups={
        "classification": ("xnli", "xcopa"),
        "tagging": ("udpos", "panx"),
        "qa": ("xquad", "mlqa", "tydiqa"),
        "retrieval": ("tatoeba", "mewslix", "lareqa"),
    },
    training={"tatoeba": SQUAD},
    citation="Ruder et al. 2021, XTREME-R, arXiv 2104.07412",
)
