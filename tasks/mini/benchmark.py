"""The mini benchmark: XTREME's tasks and groups over the packaged sentences."""

from pathlib import Path

from harness.declarations import Benchmark

from ..xtreme.benchmark import XTREME

LANGUAGES = ("en", "de", "es", "zh", "ar", "hi", "sw")
HERE = Path(__file__).parent / "data"


def packaged_data() -> tuple[Path, Path]:
    """Return the packaged folders of data and of labels, in XTREME's layout."""
    return HERE / "xtreme", HERE / "labels"


def encoder(cache: Path) -> Path:
    """Return the packaged encoder as a checkpoint in a cache folder, pruned to these texts."""
    from .encoder import demo_checkpoint

    folders = (*packaged_data(), HERE / "intermediate")
    texts = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return demo_checkpoint(sorted(texts), cache)


MINI = Benchmark(
    name="mini",
    title="mini (packaged sentences; a check, never a benchmark result)",
    groups=XTREME.groups,
    languages={
        name: LANGUAGES[1:] if name in ("bucc2018", "tatoeba") else LANGUAGES
        for name in XTREME.task_names()
    },
    data=packaged_data,
    encoder=encoder,
    facts=XTREME.facts,
)
