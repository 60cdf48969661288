"""Cosmos QA: what everyday stories imply, with four answers."""

from harness.declarations import Column, Folder, Hub, TrainingSet
from harness.formats import MultipleChoice
from harness.formats.multiple_choice import options

COLUMNS: dict[str, Column] = {
    "context": "context",
    "question": "question",
    "choices": ("answer0", "answer1", "answer2", "answer3"),
    "label": "label",
}

COSMOS_QA = TrainingSet(
    name="cosmosqa",
    format=MultipleChoice(labels=options(4)),
    folder=Folder(
        files={"train": "cosmosqa/train.csv", "dev": "cosmosqa/valid.csv"}, columns=COLUMNS
    ),
    hub=Hub(
        repo="allenai/cosmos_qa",  # main is a script; this is the hub's own parquet of it
        revision="ed50fe83db62b355759053b1cd5eef344ee371e0",
        files={"train": "default/train/*.parquet", "dev": "default/validation/*.parquet"},
        columns=COLUMNS,
    ),
    licence="CC BY 4.0",
    citation="Huang et al. 2019, Cosmos QA, arXiv 1909.00277",
)
