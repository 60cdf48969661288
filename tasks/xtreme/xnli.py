"""XNLI: natural language inference, trained on English MNLI in XTREME's files.

Dev is XNLI's; the intermediate task ``mnli`` has MNLI's own files, with MNLI's dev.
"""

from harness.declarations import Design, Folder, Hub, Task, TrainingSet
from harness.formats import SentencePair

FORMAT = SentencePair(labels=("contradiction", "entailment", "neutral"))
HUB = Hub(
    repo="facebook/xnli",
    revision="b8dd5d7af51114dbda02c0e3f6133f332186418e",
    files={
        "train": "{lang}/train-*.parquet",
        "dev": "{lang}/validation-*.parquet",
        "test": "{lang}/test-*.parquet",
    },
    columns={"sentence1": "premise", "sentence2": "hypothesis", "label": "label"},
    values={0: "entailment", 1: "neutral", 2: "contradiction"},
)

XNLI_ENGLISH = TrainingSet(
    name="xnli-en",
    format=FORMAT,
    folder=Folder(files={"train": "xnli/train-en.tsv", "dev": "xnli/dev-en.tsv"}),
    hub=HUB,
    licence="OANC and others by genre; XNLI dev CC BY-NC 4.0",
)

TASK = Task(
    name="xnli",
    title="XNLI",
    format=FORMAT,
    languages=tuple("ar bg de el en es fr hi ru sw th tr ur vi zh".split()),
    folder=Folder(
        files={"dev": "xnli/dev-{lang}.tsv", "test": "xnli/test-{lang}.tsv"},
        labels="xnli/test-{lang}.tsv",
    ),
    training=XNLI_ENGLISH,
    hub=HUB,
    design=Design(clusters=1670),
    licence="CC BY-NC 4.0",
    citation="Conneau et al. 2018, XNLI, arXiv 1809.05053",
    homepage="https://github.com/facebookresearch/XNLI",
)
