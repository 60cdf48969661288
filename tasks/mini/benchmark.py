"""The mini benchmarks: XTREME's tasks and groups, and XTREME-R's, over the packaged sentences."""

from pathlib import Path

from harness.declarations import Benchmark

from ..xtreme.benchmark import XTREME
from ..xtreme_r.benchmark import XTREME_R

LANGUAGES = ("en", "de", "es", "zh", "ar", "hi", "sw")
CHOICES: dict[str, tuple[str, ...]] = {
    "bucc2018": LANGUAGES[1:],
    "tatoeba": LANGUAGES[1:],
    "xcopa": ("it", "sw", "zh"),
    "lareqa": ("ar", "de", "en", "zh"),
    "mewslix": ("de", "en", "es"),
}
"""The languages of tasks that do not have all seven."""
NEW = ("xcopa", "lareqa", "mewslix")
"""Folders of tasks that only XTREME-R has."""
HERE = Path(__file__).parent / "data"


def packaged_data() -> tuple[Path, Path]:
    """Return the packaged folders of data and of labels, in XTREME's layout."""
    return HERE / "xtreme", HERE / "labels"


def packaged_texts() -> list[Path]:
    """Return all packaged files."""
    folders = (*packaged_data(), HERE / "intermediate")
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def encoder(cache: Path) -> Path:
    """Return the packaged encoder as a checkpoint in a cache folder, pruned to XTREME's texts.

    XTREME-R's own texts are left out: with them it would be another checkpoint.
    """
    from .encoder import demo_checkpoint

    return demo_checkpoint(
        (p for p in packaged_texts() if not set(NEW) & set(p.relative_to(HERE).parts)), cache
    )


def encoder_of_all(cache: Path) -> Path:
    """Return the packaged encoder as a checkpoint in a cache folder, pruned to all texts."""
    from .encoder import demo_checkpoint

    return demo_checkpoint(packaged_texts(), cache)


def languages_of(benchmark: Benchmark) -> dict[str, tuple[str, ...]]:
    """Return the languages of a benchmark's tasks that have packaged sentences."""
    return {name: CHOICES.get(name, LANGUAGES) for name in benchmark.task_names()}


MINI = Benchmark(
    name="mini",
    title="mini (packaged sentences; a check, never a benchmark result)",
    groups=XTREME.groups,
    languages=languages_of(XTREME),
    data=packaged_data,
    encoder=encoder,
    facts=XTREME.facts,
)

XTREME_R_MINI = Benchmark(
    name="xtreme-r-mini",
    title="mini XTREME-R (packaged sentences; a check, never a benchmark result)",
    groups=XTREME_R.groups,
    languages=languages_of(XTREME_R),
    training=XTREME_R.training,
    official=XTREME_R.official,
    statements=XTREME_R.statements,
    data=packaged_data,
    encoder=encoder_of_all,
    facts=XTREME_R.facts,
)
