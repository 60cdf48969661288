"""XQuAD: SQuAD paragraphs, professionally translated; trained on English SQuAD v1.1."""

from harness.declarations import Design, Folder, Hub, Task
from harness.formats import SpanExtraction

from .squad import COLUMNS, SQUAD

TASK = Task(
    name="xquad",
    title="XQuAD",
    format=SpanExtraction(scorer="squad"),
    languages=tuple("en es de el ru tr ar vi th zh hi".split()),
    folder=Folder(files={"test": "xquad/xquad.{lang}.json"}, labels="xquad/test-{lang}.json"),
    training=SQUAD,
    hub=Hub(
        repo="google/xquad",
        revision="51adfef1c1287aab1d2d91b5bead9bcfb9c68583",
        files={"test": "xquad.{lang}/validation-*.parquet"},
        columns=COLUMNS,
    ),
    design=Design(240, item_sd=5.0, mixture_sd=8.0),
    licence="CC BY-SA 4.0",
    citation="Artetxe et al. 2020, XQuAD, arXiv 1910.11856",
    homepage="https://github.com/google-deepmind/xquad",
)
