"""LAReQA: the sentences that answer a question, in one pool of eleven languages (XQuAD-R).

It is not on the hub, whose xquad_r lacks the sentence breaks that make the pool.
"""

from harness.data.layouts import XquadR
from harness.declarations import Design, Folder, Task
from harness.formats import PassageRetrieval

from .squad_passages import SQUAD_PASSAGES

TASK = Task(
    name="lareqa",
    title="LAReQA",
    format=PassageRetrieval(layout=XquadR()),
    languages=tuple("ar de el en es hi ru th tr vi zh".split()),
    folder=Folder(
        files={
            # the right ones of a question lie in all languages; the first file has the questions
            "test": ("lareqa/xquad-r/{lang}.json", "lareqa/xquad-r/{every}.json"),
            "pool": "lareqa/xquad-r/{every}.json",
        },
        labels="lareqa/test-{lang}.json",
    ),
    training=SQUAD_PASSAGES,
    design=Design(clusters=240, item_sd=5.0, mixture_sd=8.0),
    licence="CC BY-SA 4.0",
    citation="Roy et al. 2020, LAReQA, arXiv 2004.05484",
    homepage="https://github.com/google-research-datasets/lareqa",
)
