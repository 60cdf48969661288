"""UD-POS: part-of-speech tags of Universal Dependencies, trained on the English treebanks.

The hub does not have XTREME's version: its copies have both a multiword token and its parts. The
languages that XTREME-R adds (lt pl uk wo ro) are of UD v2.7, the others of v2.5: a language is of
one release alone.
"""

from harness.declarations import Design, Folder, Task, TrainingSet
from harness.formats import TokenTagging

UPOS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split()
LANGUAGES = tuple(
    "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur"
    " vi yo zh".split()
)
FORMAT = TokenTagging(labels=tuple(UPOS))

UD_ENGLISH = TrainingSet(
    name="ud-en",
    format=FORMAT,
    folder=Folder(files={"train": "udpos/train-en.tsv", "dev": "udpos/dev-en.tsv"}),
    licence="CC BY-SA 4.0 (English treebanks)",
)

TASK = Task(
    name="udpos",
    title="UD-POS",
    format=FORMAT,
    languages=LANGUAGES,
    folder=Folder(
        files={"dev": "udpos/dev-{lang}.tsv", "test": "udpos/test-{lang}.tsv"},
        labels="udpos/test-{lang}.tsv",
    ),
    training=UD_ENGLISH,
    design=Design(clusters=9000),
    licence="by treebank, mostly CC BY-SA; some CC BY-NC-SA",
    citation="Nivre et al. 2018, Universal Dependencies 2.5; lt pl uk wo ro: 2.7",
    homepage="https://universaldependencies.org",
)
