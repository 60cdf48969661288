"""Layouts of files that are read into typed columns, one module for each.

XTREME's own cover its nine tasks: pairs (TSV), tags (a token per line), questions (SQuAD's JSON),
sentences (two files) and bitext (the same with ids). Two more are for intermediate tasks: choices
and lines (plain text). Source: the layout that XTREME's preparation writes
(google-research/xtreme, scripts/download_data.sh and utils_preprocess.py).
"""

from harness.data.layouts.choices import Choices
from harness.data.layouts.layout import Columns, Layout, is_labelled
from harness.data.layouts.lines import Lines
from harness.data.layouts.pairs import Pairs
from harness.data.layouts.sides import Bitext, Sentences
from harness.data.layouts.squad import Squad, SquadWithout
from harness.data.layouts.tags import Tags

__all__ = [
    "Bitext",
    "Choices",
    "Columns",
    "Layout",
    "Lines",
    "Pairs",
    "Sentences",
    "Squad",
    "SquadWithout",
    "Tags",
    "is_labelled",
]
