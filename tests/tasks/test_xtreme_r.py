"""XTREME-R as declared: languages, groups, what Tatoeba is run on, and what is not declared."""

from __future__ import annotations

import pytest

from harness import registry
from harness.task_score import summarise

XTREME_R = registry.benchmark("xtreme-r")
COUNTS = {
    "panx": 48,
    "udpos": 38,
    "tatoeba": 41,
    "xquad": 12,
    "xnli": 15,
    "mlqa": 7,
    "tydiqa": 9,
    "xcopa": 11,
    "mewslix": 11,
    "lareqa": 11,
}
INSTALLED = [name for name in COUNTS if name in registry.task_names()]


@pytest.mark.parametrize("name", INSTALLED)
def test_languages_are_as_many_as_the_benchmark_has(name: str) -> None:
    codes = XTREME_R.languages_of(registry.task(name))
    assert len(codes) == len(set(codes)) == COUNTS[name]


def test_the_overall_score_is_the_mean_of_ten_tasks() -> None:
    assert sorted(XTREME_R.task_names()) == sorted(COUNTS)
    assert len(INSTALLED) >= 7
    groups = {name: set(tasks) for name, tasks in XTREME_R.groups.items()}
    assert groups["classification"] == {"xnli", "xcopa"}
    assert groups["retrieval"] == {"tatoeba", "mewslix", "lareqa"}


def test_the_official_groups_are_those_of_its_script() -> None:
    """XCOPA in two groups, LAReQA in none: source evaluate.py of google-research/xtreme."""
    assert XTREME_R.official["multi_choice"] == ("xcopa",)
    assert "xcopa" in XTREME_R.official["classification"]
    assert set(XTREME_R.official["retrieval"]) == {"tatoeba", "mewslix"}
    every = {name for names in XTREME_R.official.values() for name in names}
    assert set(XTREME_R.task_names()) - every == {"lareqa"}
    assert summarise(XTREME_R.official, {}).overall is None


def test_tatoeba_goes_on_from_squad_for_spans() -> None:
    training = XTREME_R.training_of(registry.task("tatoeba"))
    assert training is not None and training.name == "squad"
    assert training.format.name == "span extraction"
    assert registry.benchmark("xtreme").training_of(registry.task("tatoeba")) is None


def test_the_releases_of_universal_dependencies_are_told() -> None:
    udpos = registry.task("udpos")
    more = set(XTREME_R.languages_of(udpos)) - set(udpos.languages)
    assert more == set("lt pl uk wo ro".split())
    assert "2.5" in udpos.citation and "lt pl uk wo ro: 2.7" in udpos.citation


def test_the_hubs_xquad_r_is_not_declared() -> None:
    """Its rows have id, context, question and answers, but no ``sentence_breaks``: no pool."""
    everything = [*registry.tasks(), *registry.trainings()]
    everything += [one.training for one in registry.tasks() if one.training is not None]
    repos = {one.hub.repo for one in everything if one.hub is not None}
    assert "google/xquad" in repos
    assert not [repo for repo in repos if "xquad_r" in repo or "xquad-r" in repo]
