"""PAWS-X: paraphrase identification, trained on English PAWS."""

from harness.declarations import Design, Folder, Hub, Task, TrainingSet
from harness.formats import SentencePair

FORMAT = SentencePair(labels=("0", "1"), passages=("sentence1", "sentence2"))
HUB = Hub(
    repo="google-research-datasets/paws-x",
    revision="4cd8187c404bda33cb1f62b49b001115862acf37",
    files={
        "train": "{lang}/train-*.parquet",
        "dev": "{lang}/validation-*.parquet",
        "test": "{lang}/test-*.parquet",
    },
    columns={"sentence1": "sentence1", "sentence2": "sentence2", "label": "label"},
    values={0: "0", 1: "1"},
)

PAWS = TrainingSet(
    name="paws",
    format=FORMAT,
    folder=Folder(files={"train": "pawsx/train-en.tsv", "dev": "pawsx/dev-en.tsv"}),
    hub=HUB,
    licence="free for any purpose, attribution asked",
)

TASK = Task(
    name="pawsx",
    title="PAWS-X",
    format=FORMAT,
    languages=tuple("de en es fr ja ko zh".split()),
    folder=Folder(
        files={"dev": "pawsx/dev-{lang}.tsv", "test": "pawsx/test-{lang}.tsv"},
        labels="pawsx/test-{lang}.tsv",
    ),
    training=PAWS,
    hub=HUB,
    design=Design(clusters=1600),
    licence="free for any purpose, attribution asked",
    citation="Yang et al. 2019, PAWS-X, arXiv 1908.11828",
    homepage="https://github.com/google-research-datasets/paws",
)
