"""Social IQa: what people feel and do next, with three answers; XCOPA is learnt from it first.

The question stands after the context (google-research/xtreme, run_xcopa.py).
"""

from harness.declarations import Column, Folder, Hub, TrainingSet
from harness.formats import MultipleChoice
from harness.formats.multiple_choice import options

COLUMNS: dict[str, Column] = {
    "context": "context",
    "question": "question",
    "choices": ("answerA", "answerB", "answerC"),
}

SOCIAL_IQA = TrainingSet(
    name="socialiqa",
    format=MultipleChoice(labels=options(3), question_with="context"),
    folder=Folder(
        files={"train": "siqa/socialIQa_v1.4_trn.jsonl", "dev": "siqa/socialIQa_v1.4_dev.jsonl"},
        columns=COLUMNS | {"label": "correct"},
        values={"A": "0", "B": "1", "C": "2"},
    ),
    hub=Hub(
        repo="lighteval/siqa",
        revision="54c6a1f8cb6daf4f5abf24a601852612fb35eb25",
        files={"train": "data/train-*.parquet", "dev": "data/validation-*.parquet"},
        columns=COLUMNS | {"label": "label"},
        values={"1": "0", "2": "1", "3": "2"},
    ),
    licence="CC BY 4.0",
    citation="Sap et al. 2019, Social IQa, arXiv 1904.09728",
)
