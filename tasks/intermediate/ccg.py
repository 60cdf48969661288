"""CCG supertagging: a category for each token, from the user's own two-column files.

CCGbank is licensed by the LDC, so it is never fetched: put ``ccg/train.tsv`` and ``ccg/dev.tsv``
(token and supertag in each line, a blank line after each sentence) into the intermediate folder.
"""

from harness.declarations import Folder, TrainingSet
from harness.formats import TokenTagging

CCG = TrainingSet(
    name="ccg",
    format=TokenTagging(labels=(), metric="token_accuracy"),
    folder=Folder(files={"train": "ccg/train.tsv", "dev": "ccg/dev.tsv"}),
    licence="LDC2005T13 for CCGbank",
    citation="Hockenmaier and Steedman 2007, CCGbank",
)
