"""SQuAD v1.1 as questions and the sentences that answer them: LAReQA's training set."""

from dataclasses import replace

from harness.data.layouts import AnswerSentences
from harness.declarations import TrainingSet
from harness.formats import DualEncoder

from ..xtreme.squad import SQUAD

SQUAD_PASSAGES: TrainingSet = replace(
    SQUAD, name="squad-passages", format=DualEncoder(layout=AnswerSentences())
)
