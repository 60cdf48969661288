"""CommonsenseQA: everyday questions with five answers."""

from harness.declarations import Folder, Hub, TrainingSet
from harness.formats import MultipleChoice
from harness.formats.multiple_choice import options

LETTERS: dict[int | str, str] = {"A": "0", "B": "1", "C": "2", "D": "3", "E": "4"}

COMMONSENSE_QA = TrainingSet(
    name="commonsenseqa",
    format=MultipleChoice(labels=options(5)),
    folder=Folder(
        files={
            "train": "commonsenseqa/train_rand_split.jsonl",
            "dev": "commonsenseqa/dev_rand_split.jsonl",
        },
        columns={
            "question": "question.stem",
            "choices": "question.choices.text",
            "label": "answerKey",
        },
        values=LETTERS,
    ),
    hub=Hub(
        repo="tau/commonsense_qa",
        revision="94630fe30dad47192a8546eb75f094926d47e155",
        files={"train": "data/train-*.parquet", "dev": "data/validation-*.parquet"},
        columns={"question": "question", "choices": "choices.text", "label": "answerKey"},
        values=LETTERS,
    ),
    licence="MIT",
    citation="Talmor et al. 2019, CommonsenseQA, arXiv 1811.00937",
)
