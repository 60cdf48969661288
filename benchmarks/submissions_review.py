"""CPU seconds that `harness submission review` takes for a change of 10 entries among 200.

Run: python benchmarks/submissions_review.py. The entries are made by the tests' rule, whole ones of
the benchmark mini with three runs; half of the changed ones are new, half were there.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.entries import change, write_baseline
from support.git import repository

ENTRIES, CHANGED = 200, 10


def main() -> None:
    """Make the repository, review it in a process of its own and print what that took."""
    with tempfile.TemporaryDirectory() as folder:
        git = repository(Path(folder) / "repository")
        for number in range(ENTRIES):
            write_baseline(git.entries, f"entry-{number}")
        git.commit()
        git("switch", "-q", "-c", "topic")
        for number in range(CHANGED // 2):
            write_baseline(git.entries, f"new-{number}")
            change(git.entries / f"entry-{number}", lambda value: value.update(notes="Changed."))
        git.commit()
        words = ["harness", "submission", "review", "--base", "main", "--root", str(git.root)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        code = "from harness.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code, *words[1:]], capture_output=True, text=True, check=False
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"exit code {done.returncode}, {len(done.stdout):,} characters")
        print(f"{CHANGED} of {ENTRIES} entries: {used:.2f} CPU s, {after.ru_maxrss >> 10} MiB")


if __name__ == "__main__":
    main()
