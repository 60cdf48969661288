"""Layouts of files that are read into typed columns, one module for each.

XTREME's own cover its nine tasks: pairs (TSV), tags (a token per line), questions (SQuAD's JSON),
sentences (two files) and bitext (the same with ids). Choices, copa (cause or effect) and lines
(plain text) are for data sets in formats of their own; answer sentences and mention pairs for dual
encoders; XQuAD-R and Mewsli-X have a pool in which their queries are looked for. Source: the layout
that XTREME's preparation writes (google-research/xtreme, scripts/download_data.sh and
utils_preprocess.py).
"""

from harness.data.layouts.choices import Choices
from harness.data.layouts.copa import Copa
from harness.data.layouts.layout import Columns, Layout, is_labelled
from harness.data.layouts.lines import Lines
from harness.data.layouts.mewsli_x import MewsliX
from harness.data.layouts.pairs import Pairs
from harness.data.layouts.passages import AnswerSentences, MentionPairs
from harness.data.layouts.pooled import Pooled
from harness.data.layouts.sides import Bitext, Sentences
from harness.data.layouts.squad import Squad, SquadWithout
from harness.data.layouts.tags import Tags
from harness.data.layouts.xquad_r import XquadR

__all__ = [
    "AnswerSentences",
    "Bitext",
    "Choices",
    "Columns",
    "Copa",
    "Layout",
    "Lines",
    "MentionPairs",
    "MewsliX",
    "Pairs",
    "Pooled",
    "Sentences",
    "Squad",
    "SquadWithout",
    "Tags",
    "XquadR",
    "is_labelled",
]
