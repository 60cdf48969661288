"""BUCC 2018: mining translations from two collections of sentences, with the bare encoder.

It is not on the hub, whose copies have only gold pairs, without the other sentences.
"""

from harness.declarations import Design, Folder, Task
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
    design=Design(clusters=35_000),
    licence="not stated by the shared task",
    citation="Zweigenbaum et al. 2018, Overview of the third BUCC shared task",
    homepage="https://comparable.limsi.fr/bucc2018/",
)
