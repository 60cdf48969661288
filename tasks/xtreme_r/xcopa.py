"""XCOPA: causes and effects in eleven languages, learnt from Social IQa and then English COPA.

A premise stands with an English question in every language: ``PREMISE What was the cause?``
(google-research/xtreme, run_xcopa.py). XTREME-R has no English test set.
"""

from harness.declarations import Column, Design, Folder, Task, TrainingSet
from harness.formats import CauseEffect
from harness.formats.multiple_choice import options

from ..intermediate.socialiqa import SOCIAL_IQA

FORMAT = CauseEffect(labels=options(2), question_with="context", frame="What was the {question}?")
COLUMNS: dict[str, Column] = {
    "context": "premise",
    "question": "question",
    "choices": ("choice1", "choice2"),
    "label": "label",
}

COPA = TrainingSet(
    name="copa",
    format=FORMAT,
    folder=Folder(
        files={"train": "xcopa/train-en.jsonl", "dev": "xcopa/val-en.jsonl"}, columns=COLUMNS
    ),
    after=SOCIAL_IQA,
    licence="BSD 2-Clause",
    citation="Roemmele et al. 2011, Choice of Plausible Alternatives, AAAI Spring Symposium",
)

# Not read yet: a Hub needs the full hash of a revision, and of main of cambridgeltl/xcopa only the
# beginning is known, 042f789. With the hash TASK gets a Hub of these files and COLUMNS. The configs
# translation-XX there are machine English, never test data.
HUB_FILES = {"dev": "{lang}/validation-*.parquet", "test": "{lang}/test-*.parquet"}

TASK = Task(
    name="xcopa",
    title="XCOPA",
    format=FORMAT,
    languages=tuple("et ht id it qu sw ta th tr vi zh".split()),
    folder=Folder(
        files={"dev": "xcopa/val-{lang}.jsonl", "test": "xcopa/test-{lang}.jsonl"},
        labels="xcopa/test-{lang}.jsonl",
        columns=COLUMNS,
    ),
    training=COPA,
    design=Design(clusters=500, item_sd=6.0),
    licence="CC BY 4.0",
    citation="Ponti et al. 2020, XCOPA, arXiv 2005.00333",
    homepage="https://github.com/cambridgeltl/xcopa",
)
