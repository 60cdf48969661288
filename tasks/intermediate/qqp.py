"""QQP: whether two questions on Quora are the same."""

from harness.declarations import Folder, Hub, TrainingSet
from harness.formats import SentencePair

COLUMNS = {"sentence1": "question1", "sentence2": "question2"}

QQP = TrainingSet(
    name="qqp",
    format=SentencePair(labels=("0", "1")),
    folder=Folder(
        files={"train": "qqp/train.tsv", "dev": "qqp/dev.tsv"},
        columns=COLUMNS | {"label": "is_duplicate"},
    ),
    hub=Hub(
        repo="nyu-mll/glue",
        revision="bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c",
        files={"train": "qqp/train-*.parquet", "dev": "qqp/validation-*.parquet"},
        columns=COLUMNS | {"label": "label"},
    ),
    licence="Quora's terms, non-commercial",
    citation="Iyer et al. 2017, First Quora Dataset Release: Question Pairs",
)
