"""BUCC 2018: mining translations out of two piles of sentences, with the encoder as it is.

Not on the hub: the copies there hold gold pairs only, without the sentences to mine among.
"""

from harness.declarations import Folder, Task
from harness.formats import BitextMining

TASK = Task(
    name="bucc2018",
    title="BUCC 2018",
    format=BitextMining(),
    languages=("de", "fr", "ru", "zh"),
    folder=Folder(
        files={
            "dev": "bucc2018/{lang}-en.dev.{side}",
            "test": "bucc2018/{lang}-en.test.{side}",
        },
        labels="bucc2018/test-{lang}.tsv",
    ),
    licence="not stated by the shared task",
    citation="Zweigenbaum et al. 2018, Overview of the third BUCC shared task",
    homepage="https://comparable.limsi.fr/bucc2018/",
)
