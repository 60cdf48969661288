"""MLQA: questions on Wikipedia, context and question in one language; trained on SQuAD v1.1."""

from harness.declarations import Design, Folder, Hub, Task
from harness.formats import SpanExtraction

from .squad import COLUMNS, SQUAD

TASK = Task(
    name="mlqa",
    title="MLQA",
    format=SpanExtraction(scorer="mlqa"),
    languages=tuple("en es de ar hi vi zh".split()),
    folder=Folder(
        files={
            "dev": "mlqa/MLQA_V1/dev/dev-context-{lang}-question-{lang}.json",
            "test": "mlqa/MLQA_V1/test/test-context-{lang}-question-{lang}.json",
        },
        labels="mlqa/test-{lang}.json",
    ),
    training=SQUAD,
    hub=Hub(
        repo="google/xtreme",
        revision="ec5f1f46e9af79639a90684a7a70a956c4998f04",
        files={
            "dev": "MLQA.{lang}.{lang}/validation-*.parquet",
            "test": "MLQA.{lang}.{lang}/test-*.parquet",
        },
        columns=COLUMNS,
    ),
    design=Design(5000, item_sd=5.0, mixture_sd=8.0),
    licence="CC BY-SA 3.0",
    citation="Lewis et al. 2020, MLQA, arXiv 1910.07475",
    homepage="https://github.com/facebookresearch/MLQA",
)
