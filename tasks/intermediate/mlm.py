"""Plain text for masked language modelling, one passage per line: ``mlm/de.txt`` and others."""

from harness.declarations import Folder, TrainingSet
from harness.formats import MaskedLM

LANGUAGES = tuple(
    "af ar az bg bn de el en es et eu fa fi fr gu he hi ht hu id it ja jv ka kk ko lt ml mr ms my"
    " nl pa pl pt qu ro ru sw ta te th tl tr uk ur vi wo yo zh".split()
)
"""The languages of XTREME and XTREME-R; only existing files are read."""

MLM = TrainingSet(
    name="mlm",
    format=MaskedLM(),
    folder=Folder(files={"train": "mlm/{lang}.txt"}),
    languages=LANGUAGES,
    licence="the user's own text",
)
