"""Tatoeba: finding an English sentence's translation, with the bare encoder."""

from harness.declarations import Design, Folder, Hub, Task
from harness.formats import SentenceRetrieval

LANGUAGES = tuple(
    "ar he vi id jv tl eu ml ta te af nl de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw"
    " zh kk tr et fi hu".split()
)
CODES = dict(
    pair.split(":")
    for pair in (
        "ar:ara he:heb vi:vie id:ind jv:jav tl:tgl eu:eus ml:mal ta:tam te:tel af:afr nl:nld"
        " de:deu el:ell bn:ben hi:hin mr:mar ur:urd fa:pes fr:fra it:ita pt:por es:spa bg:bul"
        " ru:rus ja:jpn ka:kat ko:kor th:tha sw:swh zh:cmn kk:kaz tr:tur et:est fi:fin hu:hun"
    ).split()
)

TASK = Task(
    name="tatoeba",
    title="Tatoeba",
    format=SentenceRetrieval(),
    languages=LANGUAGES,
    folder=Folder(
        files={"test": "tatoeba/{lang}-en.{side}"},
        labels="tatoeba/test-{lang}.tsv",
    ),
    hub=Hub(
        repo="google/xtreme",
        revision="ec5f1f46e9af79639a90684a7a70a956c4998f04",
        files={"test": "tatoeba.{lang}/validation-*.parquet"},
        columns={"source": "source_sentence", "english": "target_sentence"},
        codes=CODES,
        languages=LANGUAGES,
    ),
    design=Design(clusters=28_000),
    licence="CC BY 2.0 FR",
    citation="Artetxe and Schwenk 2019, LASER, arXiv 1812.10464",
    homepage="https://github.com/facebookresearch/LASER",
)
