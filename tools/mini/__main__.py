"""Writes all files of the mini data set: ``python -m tools.mini`` in the repository's root.

The files depend on nothing but the texts in ``authored/`` and the seeds in the code, so running
it again writes the same bytes.
"""

import argparse
from pathlib import Path

from tools.mini import (
    answer_sentences,
    causes,
    choices,
    entities,
    intermediate_pairs,
    pairs,
    passages,
    sentences,
    supertags,
    tagged,
    unanswerable,
)

PACKAGED = Path(__file__).resolve().parents[2] / "tasks" / "mini" / "data"


def main() -> None:
    """Write every file below the folder that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tools.mini", description=__doc__)
    parser.add_argument("--output", type=Path, default=PACKAGED, help="the data folder")
    data: Path = parser.parse_args().output
    sentences.write(data)
    pairs.write(data)
    tagged.write(data)
    passages.write(data)
    causes.write(data)
    answer_sentences.write(data)
    entities.write(data)
    intermediate_pairs.write(data / "intermediate")
    unanswerable.write(data / "intermediate")
    supertags.write(data / "intermediate")
    choices.write(data / "intermediate")


if __name__ == "__main__":
    main()
