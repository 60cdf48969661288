"""The kinds of task, one module for each; a declaration picks one and gives it its label set."""

from harness.formats.bitext_mining import BitextMining
from harness.formats.cause_effect import CauseEffect
from harness.formats.dual_encoder import DualEncoder
from harness.formats.masked_lm import MaskedLM
from harness.formats.multiple_choice import MultipleChoice
from harness.formats.passage_retrieval import PassageRetrieval
from harness.formats.sentence_pair import SentencePair
from harness.formats.sentence_retrieval import SentenceRetrieval
from harness.formats.span_extraction import SpanExtraction
from harness.formats.token_tagging import TokenTagging

__all__ = [
    "BitextMining",
    "CauseEffect",
    "DualEncoder",
    "MaskedLM",
    "MultipleChoice",
    "PassageRetrieval",
    "SentencePair",
    "SentenceRetrieval",
    "SpanExtraction",
    "TokenTagging",
]
