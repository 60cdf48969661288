"""Mewsli-X's English pairs: a mention on Wikipedia and the description of its entity."""

from harness.data.layouts import MentionPairs
from harness.declarations import Folder, TrainingSet
from harness.formats import DualEncoder

MEWSLIX_PAIRS = TrainingSet(
    name="mewslix-pairs",
    format=DualEncoder(layout=MentionPairs()),
    folder=Folder(
        files={
            "train": "mewslix/wikipedia_pairs-train.jsonl",
            "dev": "mewslix/wikipedia_pairs-dev.jsonl",
        }
    ),
    licence="CC BY-SA 3.0",
    citation="Ruder et al. 2021, XTREME-R, arXiv 2104.07412",
)
