"""Sums by cluster of scored predictions, for the steps of a run and for entries alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness import places
from harness.data.files import digest_of, in_place
from harness.declarations import Task
from harness.formats.common import values_of

if TYPE_CHECKING:
    from harness.statistics import Sums
    from harness.statistics.clusters import Clusters, Keys
    from harness.statistics.sums import Tally


@dataclass(frozen=True)
class ScoredOn:
    """What a task's predictions are scored on.

    Attributes:
        data: A hash of the test examples of each language.
        gold: A hash of the gold of each language.
        limit: Test examples per language, at most; 0 means all.
    """

    data: Mapping[str, str]
    gold: Mapping[str, str]
    limit: int = 0

    def hash(self, language: str, *, joint: bool) -> str:
        """Return a hash of what runs must have in common to be compared in a language.

        Where clusters hold several languages it is all of them: with others the clusters, and
        their numbers, are others.
        """
        examples = self.data if joint else self.data[language]
        return digest_of([examples, self.gold[language], self.limit])


def clusters_of(languages: Iterable[str], keys: Callable[[str], Keys]) -> Clusters:
    """Return the clusters of a task's test examples.

    Args:
        languages: The languages.
        keys: Returns the keys of a language's test examples.
    """
    from harness.statistics.clusters import cluster

    return cluster({language: keys(language) for language in languages})


def kept_clusters(task: Task, data: Mapping[str, str], keys: Callable[[str], Keys]) -> Clusters:
    """Return the clusters of a task's test examples, kept in the user's cache.

    Args:
        task: The task.
        data: A hash of the test examples of each language.
        keys: Returns the keys of a language's test examples.
    """
    from harness.statistics.clusters import Clusters

    form: Any = task.format
    identity = {"name": form.name, "version": form.version, **values_of(form)}
    key = digest_of([VERSION, identity, dict(data)])
    path = places.cache() / "clusters" / f"{key}.safetensors"
    if path.is_file():
        return Clusters.load(path)
    clusters = clusters_of(data, keys)
    with in_place(path) as aside:
        clusters.save(aside)
    return clusters


VERSION = 1  # increased when the same examples give other clusters


def sums_of(
    tallies: Mapping[str, Tally],
    clusters: Clusters,
    scored_on: ScoredOn,
    predictions: Mapping[str, str],
) -> Sums:
    """Return the sums by cluster of a task's scored languages.

    Args:
        tallies: Language to what its examples add.
        clusters: The clusters of the test examples.
        scored_on: What was scored on.
        predictions: Language to the hash of its predictions.

    Raises:
        HarnessError: Another number of examples than the test set has.
    """
    from harness.statistics.sums import summed

    data = {code: scored_on.hash(code, joint=clusters.joint) for code in tallies}
    return summed(tallies, clusters, data, predictions=predictions, limit=scored_on.limit)
