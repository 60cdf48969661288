"""HellaSwag: choosing the right one of four endings."""

from harness.declarations import Folder, Hub, TrainingSet
from harness.formats import MultipleChoice
from harness.formats.multiple_choice import options

COLUMNS = {"context": "ctx", "choices": "endings", "label": "label"}

HELLASWAG = TrainingSet(
    name="hellaswag",
    format=MultipleChoice(labels=options(4)),
    folder=Folder(
        files={"train": "hellaswag/hellaswag_train.jsonl", "dev": "hellaswag/hellaswag_val.jsonl"},
        columns=COLUMNS,
    ),
    hub=Hub(
        repo="Rowan/hellaswag",
        revision="218ec52e09a7e7462a5400043bb9a69a41d06b76",
        files={"train": "data/train-*.parquet", "dev": "data/validation-*.parquet"},
        columns=COLUMNS,
    ),
    licence="MIT",
    citation="Zellers et al. 2019, HellaSwag, arXiv 1905.07830",
)
