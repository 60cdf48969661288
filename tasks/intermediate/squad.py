"""SQuAD v2.0: SQuAD v1.1 plus questions without an answer."""

from harness.declarations import Folder, Hub, TrainingSet
from harness.formats import SpanExtraction

from ..xtreme.squad import COLUMNS

SQUAD_V2 = TrainingSet(
    name="squad_v2",
    format=SpanExtraction(no_answer=True),
    folder=Folder(files={"train": "squad_v2.0/train-v2.0.json", "dev": "squad_v2.0/dev-v2.0.json"}),
    hub=Hub(
        repo="rajpurkar/squad_v2",
        revision="3ffb306f725f7d2ce8394bc1873b24868140c412",
        files={"train": "squad_v2/train-*.parquet", "dev": "squad_v2/validation-*.parquet"},
        columns=COLUMNS,
    ),
    held_out="xquad",
    licence="CC BY-SA 4.0",
    citation="Rajpurkar et al. 2018, SQuAD 2.0, arXiv 1806.03822",
)
