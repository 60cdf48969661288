"""SQuAD v1.1: English questions; one model trained on it serves XQuAD and MLQA.

It is an intermediate task as well; jiant, whose scripts made X-STILTs, places it elsewhere.
"""

from harness.declarations import Folder, Hub, TrainingSet
from harness.formats import SpanExtraction

COLUMNS = {
    "id": "id",
    "context": "context",
    "question": "question",
    "answers": "answers.text",
    "starts": "answers.answer_start",
}

SQUAD = TrainingSet(
    name="squad",
    format=SpanExtraction(),
    folder=Folder(
        files={"train": "squad/train-v1.1.json", "dev": "squad/dev-v1.1.json"},
        elsewhere={"train": "squad_v1.1/train-v1.1.json", "dev": "squad_v1.1/dev-v1.1.json"},
    ),
    hub=Hub(
        repo="rajpurkar/squad",
        revision="7b6d24c440a36b6815f21b70d25016731768db1f",
        files={
            "train": "plain_text/train-*.parquet",
            "dev": "plain_text/validation-*.parquet",
        },
        columns=COLUMNS,
    ),
    held_out="xquad",
    licence="CC BY-SA 4.0",
    citation="Rajpurkar et al. 2016, SQuAD, arXiv 1606.05250",
)
