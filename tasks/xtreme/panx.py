"""PAN-X (WikiANN): named entities, trained on the English part."""

from harness.declarations import Design, Folder, Hub, Task, TrainingSet
from harness.formats import TokenTagging

TAGS = ("B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER", "O")
LANGUAGES = tuple(
    "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja ka ko"
    " th sw yo my zh kk tr et fi hu".split()
)
FORMAT = TokenTagging(labels=TAGS)
HUB = Hub(
    repo="google/xtreme",
    revision="ec5f1f46e9af79639a90684a7a70a956c4998f04",
    files={
        "train": "PAN-X.{lang}/train-*.parquet",
        "dev": "PAN-X.{lang}/validation-*.parquet",
        "test": "PAN-X.{lang}/test-*.parquet",
    },
    columns={"tokens": "tokens", "tags": "ner_tags"},
    languages=LANGUAGES,
    values=dict(enumerate(("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"))),
)

WIKIANN_ENGLISH = TrainingSet(
    name="wikiann-en",
    format=FORMAT,
    folder=Folder(files={"train": "panx/train-en.tsv", "dev": "panx/dev-en.tsv"}),
    hub=HUB,
    licence="from Wikipedia, CC BY-SA 3.0",
)

TASK = Task(
    name="panx",
    title="PAN-X",
    format=FORMAT,
    languages=LANGUAGES,
    folder=Folder(
        files={"dev": "panx/dev-{lang}.tsv", "test": "panx/test-{lang}.tsv"},
        labels="panx/test-{lang}.tsv",
    ),
    training=WIKIANN_ENGLISH,
    hub=HUB,
    design=Design(clusters=50_000),
    licence="from Wikipedia, CC BY-SA 3.0",
    citation="Pan et al. 2017, Cross-lingual name tagging and linking for 282 languages",
    homepage="https://github.com/afshinrahimi/mmner",
)
