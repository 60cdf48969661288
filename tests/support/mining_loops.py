"""Mining in plain Python, as it was before arrays: the reference for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def greedy(left: Sequence[int], right: Sequence[int], scores: Sequence[float]) -> list[int]:
    """Return the places of the pairs that are taken one after another, the best first."""
    taken, used_left, used_right = [], set(), set()
    for place in sorted(range(len(scores)), key=lambda place: -scores[place]):
        if left[place] not in used_left and right[place] not in used_right:
            used_left.add(left[place])
            used_right.add(right[place])
            taken.append(place)
    return taken


def threshold_of(candidates: Iterable[tuple[float, bool]], gold: int) -> float:
    """Return the margin that gives the best F1, from margins and whether their pairs are right."""
    ranked = sorted(candidates, key=lambda c: -c[0])
    threshold, best, correct = 0.0, 0.0, 0
    for taken, (score, right) in enumerate(ranked, 1):
        correct += right
        f1 = 2 * correct / (taken + gold)
        below = ranked[taken][0] if taken < len(ranked) else score
        ends = taken == len(ranked) or below < score  # equal scores are taken together
        if ends and correct and f1 > best:
            best = f1
            threshold = (score + below) / 2
    return threshold


def mine(
    source: Sequence[Sequence[float]],
    english: Sequence[Sequence[float]],
    k: int,
    margin: str = "ratio",
    retrieval: str = "max",
) -> list[tuple[int, int, float]]:
    """Return the pairs of the published procedure (LASER's mine_bitexts.py), the best first."""
    cosine = [[sum(a * b for a, b in zip(x, y, strict=True)) for y in english] for x in source]
    across = [list(column) for column in zip(*cosine, strict=True)]

    def around(row: list[float]) -> float:
        best = sorted(row, reverse=True)[:k]
        return sum(best) / len(best)

    mean_source, mean_english = [around(row) for row in cosine], [around(row) for row in across]

    def score(i: int, j: int) -> float:
        middle = (mean_source[i] + mean_english[j]) / 2
        return {
            "ratio": lambda: cosine[i][j] / middle,
            "distance": lambda: cosine[i][j] - middle,
            "csls": lambda: 2 * (cosine[i][j] - middle),
            "absolute": lambda: cosine[i][j],
        }[margin]()

    def best_of(row: list[float]) -> list[int]:
        return sorted(range(len(row)), key=lambda place: -row[place])[:k]

    forward = [
        max(((score(i, j), i, j) for j in best_of(cosine[i])), key=lambda c: c[0])
        for i in range(len(source))
    ]
    backward = [
        max(((score(i, j), i, j) for i in best_of(across[j])), key=lambda c: c[0])
        for j in range(len(english))
    ]
    if retrieval == "max":
        found = forward + backward
        places = greedy([c[1] for c in found], [c[2] for c in found], [c[0] for c in found])
        return [(found[p][1], found[p][2], found[p][0]) for p in places]
    found = backward if retrieval == "backward" else forward
    if retrieval == "intersection":
        found = [c for c in found if backward[c[2]][1] == c[1]]
    return [(i, j, score) for score, i, j in sorted(found, key=lambda c: -c[0])]
