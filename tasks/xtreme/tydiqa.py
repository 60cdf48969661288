"""TyDiQA-GoldP: typologically diverse questions; training uses only its English part.

Its dev files are XTREME's test set, so the checkpoint is chosen on a tenth of train. Some copies
of the English training file hold all nine languages; ``keep`` drops the others by id.
"""

from harness.declarations import Design, Folder, Hub, Task, TrainingSet
from harness.formats import SpanExtraction

from .squad import COLUMNS

ENGLISH_IDS = r"english-.+|\d+"  # the preparation script keeps only the last number in train
REPO, REVISION = "google-research-datasets/tydiqa", "da78f23f9119363459acbaf46bf89426ff26c259"

TYDIQA_ENGLISH = TrainingSet(
    name="tydiqa",
    format=SpanExtraction(),
    folder=Folder(
        files={"train": "tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json"},
    ),
    hub=Hub(REPO, REVISION, {"train": "secondary_task/train-*.parquet"}, COLUMNS),
    keep=ENGLISH_IDS,
    licence="Apache-2.0",
)

TASK = Task(
    name="tydiqa",
    title="TyDiQA-GoldP",
    format=SpanExtraction(scorer="squad"),
    languages=tuple("en ar bn fi id ko ru sw te".split()),
    folder=Folder(
        files={"test": "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.{lang}.dev.json"},
        labels="tydiqa/test-{lang}.json",
    ),
    training=TYDIQA_ENGLISH,
    hub=Hub(
        REPO,
        REVISION,
        {"test": "secondary_task/validation-*.parquet"},
        COLUMNS,
        codes={
            "en": "english",
            "ar": "arabic",
            "bn": "bengali",
            "fi": "finnish",
            "id": "indonesian",
            "ko": "korean",
            "ru": "russian",
            "sw": "swahili",
            "te": "telugu",
        },
        keep="{lang}-.+",
    ),
    design=Design(5000, item_sd=5.0, mixture_sd=8.0),
    licence="Apache-2.0",
    citation="Clark et al. 2020, TyDi QA, arXiv 2003.05002",
    homepage="https://github.com/google-research-datasets/tydiqa",
)
