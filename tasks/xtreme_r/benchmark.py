"""The XTREME-R benchmark: the mean of ten tasks, XTREME's without PAWS-X and BUCC and three new.

Tatoeba is run there on a model fine-tuned on SQuAD v1.1. Four tasks have more languages than in
XTREME; the treebanks of UD-POS's five further ones are of UD v2.7, all others of v2.5.

The official script (google-research/xtreme, evaluate.py) has XCOPA in two groups, leaves LAReQA out
of retrieval and prints no overall score: with a folder for LAReQA it stops at a KeyError, without
one a task is missing.
"""

from harness.declarations import Benchmark

from ..languages import LANGUAGES
from ..xtreme import panx, tatoeba, udpos, xquad
from ..xtreme.squad import SQUAD

XTREME_R = Benchmark(
    name="xtreme-r",
    title="XTREME-R",
    groups={
        "classification": ("xnli", "xcopa"),
        "tagging": ("udpos", "panx"),
        "qa": ("xquad", "mlqa", "tydiqa"),
        "retrieval": ("tatoeba", "mewslix", "lareqa"),
    },
    languages={
        "udpos": (*udpos.TASK.languages, "lt", "pl", "uk", "wo", "ro"),
        "panx": (*panx.TASK.languages, "qu", "pl", "uk", "az", "lt", "pa", "gu", "ro"),
        "xquad": (*xquad.TASK.languages, "ro"),
        "tatoeba": (*tatoeba.TASK.languages, "az", "lt", "pl", "uk", "ro"),
    },
    training={"tatoeba": SQUAD},
    official={
        "classification": ("xnli", "xcopa"),
        "multi_choice": ("xcopa",),
        "tagging": ("udpos", "panx"),
        "qa": ("xquad", "mlqa", "tydiqa"),
        "retrieval": ("tatoeba", "mewslix"),
    },
    statements=("parameters", "pretraining", "extra", "retrieval"),
    facts=LANGUAGES,
    citation="Ruder et al. 2021, XTREME-R, arXiv 2104.07412",
)
