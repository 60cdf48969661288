"""Natural language inference: MNLI, SNLI, and ANLI+ (ANLI's rounds, MNLI and SNLI, one head)."""

from harness.declarations import Folder, Hub, TrainingSet
from harness.formats import SentencePair

FORMAT = SentencePair(labels=("contradiction", "entailment", "neutral"))
COLUMNS = {"sentence1": "sentence1", "sentence2": "sentence2", "label": "gold_label"}
HUB_COLUMNS = {"sentence1": "premise", "sentence2": "hypothesis", "label": "label"}
HUB_LABELS: dict[int | str, str] = {0: "entailment", 1: "neutral", 2: "contradiction"}

MNLI = TrainingSet(
    name="mnli",
    format=FORMAT,
    folder=Folder(
        files={
            "train": "mnli/multinli_1.0_train.jsonl",
            "dev": "mnli/multinli_1.0_dev_matched.jsonl",
        },
        columns=COLUMNS,
    ),
    hub=Hub(
        repo="nyu-mll/glue",
        revision="bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c",
        files={"train": "mnli/train-*.parquet", "dev": "mnli/validation_matched-*.parquet"},
        columns=HUB_COLUMNS,
        values=HUB_LABELS,
    ),
    licence="OANC and others by genre",
    citation="Williams et al. 2018, MultiNLI, arXiv 1704.05426",
)

SNLI = TrainingSet(
    name="snli",
    format=FORMAT,
    folder=Folder(
        files={"train": "snli/snli_1.0_train.jsonl", "dev": "snli/snli_1.0_dev.jsonl"},
        columns=COLUMNS,
    ),
    hub=Hub(
        repo="stanfordnlp/snli",
        revision="cdb5c3d5eed6ead6e5a341c8e56e669bb666725b",
        files={"train": "plain_text/train-*.parquet", "dev": "plain_text/validation-*.parquet"},
        columns=HUB_COLUMNS,
        values=HUB_LABELS,
    ),
    licence="CC BY-SA 4.0",
    citation="Bowman et al. 2015, SNLI, arXiv 1508.05326",
)


def _anli(number: int) -> TrainingSet:
    """Return one round of ANLI."""
    return TrainingSet(
        name=f"anli_r{number}",
        format=FORMAT,
        folder=Folder(
            files={
                "train": f"anli_v1.0/R{number}/train.jsonl",
                "dev": f"anli_v1.0/R{number}/dev.jsonl",
            },
            columns={"sentence1": "context", "sentence2": "hypothesis", "label": "label"},
            values={"e": "entailment", "n": "neutral", "c": "contradiction"},
        ),
        hub=Hub(
            repo="facebook/anli",
            revision="8e4813d81f46d313dac7892e1c28076917cfcdf9",
            files={
                "train": f"plain_text/train_r{number}-*.parquet",
                "dev": f"plain_text/dev_r{number}-*.parquet",
            },
            columns=HUB_COLUMNS,
            values=HUB_LABELS,
        ),
        licence="CC BY-NC 4.0",
    )


ANLI_PLUS = TrainingSet(
    name="anli+",
    format=FORMAT,
    parts=(_anli(1), _anli(2), _anli(3), MNLI, SNLI),
    licence="CC BY-NC 4.0 and those of MNLI and SNLI",
    citation="Nie et al. 2020, ANLI, arXiv 1910.14599",
)
