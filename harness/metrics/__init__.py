"""The scores as Hugging Face ``evaluate`` modules, for users of that library.

Each sub-folder is a module that ``evaluate.load`` takes by path, without a network::

    import evaluate
    from harness import metrics

    tagging = evaluate.load(metrics.path("xtreme_tagging"))
    tagging.compute(predictions=[["B-PER", "O"]], references=[["B-PER", "O"]])

They only wrap `harness.scoring`; the harness itself never imports ``evaluate``.
"""

from pathlib import Path

NAMES = ("xtreme_accuracy", "xtreme_mining", "xtreme_qa", "xtreme_tagging")


def path(name: str) -> str:
    """Return the folder of a module, for ``evaluate.load``.

    Args:
        name: One of `NAMES`.

    Raises:
        ValueError: The name is unknown.
    """
    if name not in NAMES:
        raise ValueError(f"no metric {name!r}; there are {', '.join(NAMES)}")
    return str(Path(__file__).parent / name)
