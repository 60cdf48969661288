"""What the leaderboard costs: 500 entries of XTREME, 450 of them with a baseline, CPU time.

    OMP_NUM_THREADS=1 python benchmarks/board.py [--families 50] [--share 0.1] [--entries 500]
        [--tasks NAME ...] [FOLDER]

Entries of three runs on nine tasks in 162 task-languages, in families of one baseline each; of
some tasks alone (--tasks) they are partial and have no rank. Their sums by cluster are drawn, with
a share of XTREME's clusters, and written to FOLDER, by default a temporary one, as verified entries
without predictions; those there are taken as they are (give the same options again). The
board is built in a process of its own, with an empty cache, again with nothing changed, and after
one entry was withdrawn (which makes it stale until it is verified again). Exits with 1 when a
bound is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from harness import registry
from harness.data.files import digest, write_json
from harness.scoring import VERSION as SCORER
from harness.statistics import LanguageSums, Run, Sums
from harness.submission.entry import Entry, entry_hash
from harness.submission.summary import EntrySummary, Points, TaskSummary
from harness.submission.verified import Verified
from harness.version import STATISTICS

RUNS = 3
CLUSTERS = {  # of a language, about XTREME's, and whether its languages share them
    "xnli": (1670, True),
    "pawsx": (1630, True),
    "udpos": (1000, False),
    "panx": (8000, False),
    "xquad": (240, True),
    "mlqa": (5000, True),
    "tydiqa": (560, False),
    "bucc2018": (9000, False),
    "tatoeba": (1000, True),
}
BOUNDS = {"first": 60.0, "again": 4.0, "one changed": 60.0}  # CPU seconds
GIB = 1.0
USUAL = 500  # entries; of more, or of one large family, this much is asked:
LARGE, LARGE_GIB = 90.0, 2.0
HASH = hashlib.sha256(b"").hexdigest()


def main() -> None:
    """Make the entries, build the board in processes of their own, print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--families", type=int, default=50)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--entries", type=int, default=USUAL)
    parser.add_argument("--tasks", nargs="*", choices=CLUSTERS, default=list(CLUSTERS))
    given = parser.parse_args()
    large = given.entries > USUAL or given.families == 1
    most = LARGE_GIB if large else GIB
    clusters = sum(
        max(8, round(CLUSTERS[name][0] * given.share))
        * len(registry.benchmark("xtreme").languages_of(registry.task(name)))
        for name in given.tasks
    )
    print(
        f"{given.entries} entries of {RUNS} runs in {given.families} families, share"
        f" {given.share:g} of the clusters, {clusters:,} a run in {len(given.tasks)} tasks;"
        f" {cpu()}, {os.environ['OMP_NUM_THREADS']} thread(s)"
    )
    missed = []
    with tempfile.TemporaryDirectory() as temporary:
        root = given.folder or Path(temporary)
        entries = root / "entries"
        if not entries.exists():
            made(entries, given)
        with tempfile.TemporaryDirectory() as cache:
            for name, usual in BOUNDS.items():
                bound = LARGE if large and name != "again" else usual
                if name == "one changed":
                    withdraw(entries / "family-0-row-1")
                seconds, gib = built(entries, root / "out", Path(cache))
                late = seconds > bound or gib > most
                missed += [name] if late else []
                print(
                    f"{name}: {seconds:.1f} CPU s (bound {bound:g}), {gib:.2f} GiB (bound {most:g})"
                    f"{' MISSED' if late else ''}"
                )
        for path in sorted((root / "out").glob("leaderboard.*")):
            print(f"  {path.name}: {path.stat().st_size / 1e6:.1f} MB")
    sys.exit(bool(missed))


def cpu() -> str:
    """Return the processor's name."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(names), "processor unknown")


def built(entries: Path, output: Path, cache: Path) -> tuple[float, float]:
    """Return the CPU seconds and the GiB of a build in a process of its own."""
    words = ["leaderboard", "build", "--submissions", str(entries), "--output", str(output)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = (
        "import resource, sys; from harness.cli import main\n"
        f"sys.argv = {['harness', *words]!r}\n"
        "main()\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        env=os.environ | {"XDG_CACHE_HOME": str(cache)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, int(done.stderr.split()[-1]) / 2**20


def withdraw(folder: Path) -> None:
    """Withdraw an entry, as its submitter may."""
    value = json.loads((folder / "submission.json").read_text("utf-8"))
    write_json(value | {"withdrawn": "a fault in its data"}, folder / "submission.json")


def made(root: Path, given: argparse.Namespace) -> None:
    """Write all entries."""
    generator = np.random.default_rng(1)
    bases = {name: drawn(generator, name, given.share) for name in given.tasks}
    for number in range(given.entries):
        family, row = number % given.families, number // given.families
        folder = root / f"family-{family}-row-{row}"
        write(folder, family, row, bases, generator)


def drawn(generator: np.random.Generator, target: str, share: float) -> Sums:
    """Return the denominators of a target's languages, and numerators that others are made of."""
    count, joint = CLUSTERS[target]
    size = max(8, round(count * share))
    codes = registry.benchmark("xtreme").languages_of(registry.task(target))
    parts = {}
    for code in codes:
        b = generator.integers(2, 12, size, dtype=np.uint8)
        parts[code] = LanguageSums(b, b, None, size, generator.random(size) < 0.5, data="d")
    return Sums(parts, joint)


def write(
    folder: Path, family: int, row: int, bases: dict[str, Sums], generator: np.random.Generator
) -> None:
    """Write one entry: submission.json, sums by cluster and verified.json."""
    names = [f"seed-{number}" for number in range(1, RUNS + 1)]
    level = 0.5 + 0.3 * generator.random()
    runs = {}
    for number, name in enumerate(names, 1):
        sums = {}
        for target, base in bases.items():
            near = level + 0.01 * generator.standard_normal()
            parts = {}
            for code, one in base.languages.items():
                a = generator.binomial(one.b, near).astype(np.uint8)
                parts[code] = LanguageSums(a, one.b, None, one.clusters, one.halves, "d", name)
            sums[target] = Sums(parts, base.joint)
        runs[name] = Run(number, sums, frozenset(sums))
        runs[name].save(folder / "statistics" / f"{name}.safetensors")
    value = submission(folder.name, family, row, names, list(bases))
    write_json(value, folder / "submission.json")
    verified(value, runs, folder).write(folder)


def submission(
    slug: str, family: int, row: int, names: list[str], targets: list[str]
) -> dict[str, object]:
    """Return what an entry says of itself."""
    benchmark = registry.benchmark("xtreme")
    tasks = [registry.task(name) for name in targets]
    files = {f"{t.name}/{t.file(c)}": HASH for t in tasks for c in benchmark.languages_of(t)}
    set_ = {"name": f"task {row}", "languages": ["en"], "translated": False, "examples": 1000}
    return {
        "format": 2,
        "slug": slug,
        "title": f"Task {row} first" if row else "No intermediate task",
        "submitter": {"name": "Example Lab"},
        "kind": "runs",
        "benchmark": "xtreme",
        "partial": "" if len(targets) == len(CLUSTERS) else f"{', '.join(targets)} alone",
        "date": "2026-11-26",
        "licence": "CC0-1.0",
        "model": {
            "name": slug,
            "base": f"example/encoder-{family}",
            "parameters": 10**8,
            "weights": "open",
        },
        "intermediate": [{"tasks": [set_]}] if row else [],
        "baseline": f"family-{family}-row-0" if row else None,
        "training": {
            "languages": ["en"],
            "regime": "zero-shot",
            "selection": "english-dev",
            "recipe": "quick",
            "tried": 1,
        },
        "runs": [
            {
                "id": name,
                "seed": number,
                "intermediate_run": f"unit-{number}" if row else None,
                "files": files,
            }
            for number, name in enumerate(names, 1)
        ],
    }


def verified(value: dict[str, object], runs: dict[str, Run], folder: Path) -> Verified:
    """Return what verify would have found; the halves of its intervals are made up."""
    benchmark, entry = registry.benchmark("xtreme"), Entry.of(value)
    names = list(runs["seed-1"].sums)
    scores = {
        run: {
            target: {code: _metrics(target, part.score) for code, part in one.languages.items()}
            for target, one in of_run.sums.items()
        }
        for run, of_run in runs.items()
    }
    tasks = {}
    for target in names:
        codes = list(runs["seed-1"].sums[target].languages)
        parts = {c: [run.sums[target].languages[c].score for run in runs.values()] for c in codes}
        each = {c: np.mean(some) for c, some in parts.items()}
        points = {code: Points(float(one), 1.0, 0.5, "runs") for code, one in each.items()}
        score = Points(float(np.mean(list(each.values()))), 1.0, 0.5, "runs")
        tasks[target] = TaskSummary(score, None, points)
    groups = {
        group: Points(float(np.mean([tasks[n].score.score for n in some])), 1.0, 0.5, "runs")
        for group, some in benchmark.groups.items()
        if tasks.keys() >= set(some)
    }
    overall = Points(float(np.mean([tasks[n].score.score for n in names])), 1.0, 0.5, "runs")
    hashes = {f"{run.id}/{path}": sha for run in entry.runs for path, sha in run.files.items()}
    return Verified(
        entry=entry_hash(value, hashes),
        scorer=SCORER,
        statistics=STATISTICS,
        labels=dict.fromkeys(names, HASH),
        examples=dict.fromkeys(names, HASH),
        sums={run: digest(folder / "statistics" / f"{run}.safetensors") for run in runs},
        runs=scores,
        summary=EntrySummary(overall if len(names) == len(CLUSTERS) else None, groups, tasks),
        claims={},
        findings={},
    )


def _metrics(target: str, score: float) -> dict[str, float]:
    """Return a score as all metrics that a task's headline is made of."""
    return dict.fromkeys(registry.task(target).format.metric.split("+"), score)


if __name__ == "__main__":
    main()
