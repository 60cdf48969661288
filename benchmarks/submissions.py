"""What checking entries costs: schema and claims of 1,000, and the whole command for one.

python benchmarks/submissions.py
"""

from __future__ import annotations

import copy
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.entry_folders import make_entry, value_of

from harness import registry
from harness.submission import json_schema, strict_json
from harness.submission.checks.claims import ClaimsConcern
from harness.submission.checks.schema import SchemaConcern
from harness.submission.incoming import Incoming

ENTRIES, NUMBERS = 1_000, 420


def claims() -> dict[str, dict[str, dict[str, float]]]:
    """Return claims of the two metrics of 42 languages of five tasks."""
    first = [f"{a}{b}" for a in "abcdefg" for b in "uvwxyz"]
    scores = {name: {"f1": 61.25, "exact_match": 50.5} for name in first}
    found = dict.fromkeys(("xnli", "pawsx", "xquad", "mlqa", "tydiqa"), scores)
    assert sum(len(two) for one in found.values() for two in one.values()) == NUMBERS
    return found


def thousand(raw: bytes) -> tuple[float, float, float]:
    """Return CPU seconds for parsing, the schema, and both concerns, of all entries."""
    start = time.process_time()
    values = [strict_json.loads(raw) for _ in range(ENTRIES)]
    parsed = time.process_time()
    assert all(json_schema.fits(value, 2) for value in values)
    fitted = time.process_time()
    for value in values:
        incoming = Incoming(Path("plain"))
        incoming.__dict__["value"] = value
        for concern in (SchemaConcern(), ClaimsConcern()):
            assert not [one for one in concern.look(incoming) if one.severity.value == "error"]
    return parsed - start, fitted - parsed, time.process_time() - fitted


def from_start_to_exit(folder: Path) -> float:
    """Return the CPU seconds of the command for one small entry, the least of five."""
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # as it is installed: byte code is kept
    words = [sys.executable, "-m", "harness", "submission", "validate", str(folder)]
    times = []
    for _ in range(6):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(words, check=True, capture_output=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def main() -> None:
    """Print the times."""
    registry.benchmark_names()
    raw = json.dumps(value_of(claims=claims()), indent=1).encode()
    for name, quick in (("with jsonschema-rs", True), ("jsonschema alone", False)):
        if not quick:
            json_schema._quick = lambda version: None  # noqa: SLF001
        json_schema.fits(copy.deepcopy(value_of()), 2)  # the schema is read and the library loaded
        parsing, schema, concerns = thousand(raw)
        print(f"{ENTRIES:,} entries of {NUMBERS} numbers, {name}, CPU s:")
        print(f"  parsing {parsing:.2f}, schema {schema:.2f}, schema and claims {concerns:.2f}")
    with tempfile.TemporaryDirectory() as folder:
        print(f"one small entry: {from_start_to_exit(make_entry(Path(folder))):.2f} CPU s")


if __name__ == "__main__":
    main()
