"""Mewsli-X: entities that news in eleven languages mention, in one pool of a million.

The data are those of the release 20220518_6, sampled anew: they are not the paper's.
"""

from harness.data.layouts import MewsliX
from harness.declarations import Folder, Task
from harness.formats import PassageRetrieval

from .mewslix_pairs import MEWSLIX_PAIRS

TASK = Task(
    name="mewslix",
    title="Mewsli-X",
    format=PassageRetrieval(layout=MewsliX()),
    languages=tuple("ar de en es fa ja pl ro ta tr uk".split()),
    folder=Folder(
        files={
            "dev": "mewslix/wikinews_mentions/dev-{lang}.jsonl",
            "test": "mewslix/wikinews_mentions/test-{lang}.jsonl",
            "pool": "mewslix/candidate_set_entities.jsonl",
        },
        labels="mewslix/test-{lang}.json",
    ),
    training=MEWSLIX_PAIRS,
    licence="Apache-2.0; WikiNews texts CC BY 2.5",
    citation="Ruder et al. 2021, XTREME-R, arXiv 2104.07412",
    homepage="https://github.com/google-research/google-research/tree/master/dense_representations_for_entity_retrieval",
)
