"""Spoilt entries: whatever comes, findings and no traceback, quickly, and nothing broken passes.

FUZZ=67 pytest tests/fuzz/test_submissions_fuzz.py   # some 20,000 entries instead of 300
"""

import copy
import hashlib
import json
import os
import resource
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_entry_reader import broken
from support.entries import BASELINE, TRANSFER, load, write_baseline, write_transfer
from support.places import ROOT

from harness.submission import strict_json
from harness.submission.checks import findings_of
from harness.submission.entries import incoming_of
from harness.submission.findings import ERROR
from harness.submission.labels import Labels, open_labels

CASES = 300 * int(os.environ.get("FUZZ", "1"))
SECONDS, MEMORY_KB = 1.0, 200 << 10
KEPT = ("xnli/test-de", "xnli/test-en", "udpos/test-sw", "pawsx/test-zh", "xquad/test-ar")
KEPT += ("bucc2018/test-de", "tatoeba/test-hi")
CLAIMS = {
    "xnli": {c: {"accuracy": 70.0 + i} for i, c in enumerate("en de es zh ar hi sw".split())}
    | {"mean": {"accuracy": 73.0}},
    "xquad": {"ar": {"f1": 60.5, "exact_match": 50}},
}
SCHEMA = json.loads((ROOT / "submissions" / "schema" / "submission-2.json").read_text("utf-8"))
THOROUGH, QUICK = (
    jsonschema.Draft202012Validator(SCHEMA),
    jsonschema_rs.Draft202012Validator(SCHEMA),
)
Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass
class Spoilt:
    """An entry in memory, to be spoilt and then written.

    Attributes:
        slug: Its folder's name.
        value: Its JSON values.
        files: Path below the folder to bytes.
        raw: submission.json's bytes, where they are not those of the values.
        after: What is done to the folder once it is written.
    """

    slug: str
    value: Any
    files: dict[str, bytes]
    raw: bytes | None = None
    after: list[Callable[[Path], None]] = field(default_factory=list)

    def write(self, root: Path) -> Path:
        folder = root / self.slug
        folder.mkdir()
        text = json.dumps(self.value, ensure_ascii=True, indent=1).replace('"<1e999>"', "1e999")
        files = self.files | {"submission.json": self.raw or text.encode()}
        for path, raw in files.items():
            try:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(raw)
            except OSError:  # a file is where its folder should be
                continue
        for change in self.after:
            with suppress(FileExistsError):  # two changes of one place
                change(folder)
        return folder

    def restate(self) -> None:
        """State the hashes of the files anew, so that another fault is what is seen."""
        if not isinstance(self.value, dict) or not isinstance(self.value.get("runs"), list):
            return
        for run in self.value["runs"]:
            if isinstance(run, dict) and isinstance(run.get("id"), str):
                above = f"predictions/{run['id']}/"
                inner = {p: raw for p, raw in self.files.items() if p.startswith(above)}
                run["files"] = {
                    path.removeprefix(above): hashlib.sha256(raw).hexdigest()
                    for path, raw in inner.items()
                }


# Ways to spoil an entry


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each value below the whole."""
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for key, one in inner:
        yield (*above, key)
        yield from places(one, (*above, key))


def nested(deep: int) -> Any:
    value: Any = 1
    for _ in range(deep):
        value = [value]
    return value


ODD = [None, True, False, 0, -1, 1.0, 1.5, 100, 100.01, 1e18, 10**41, -0.0, "", "x" * 301, [], {}]
ODD += ["<1e999>", float("nan"), float("inf"), nested(20), nested(14), ["en", "en"], ["de"], ["en"]]
ODD += ["2026-02-31", "2026-11-26\n", "٢٠٢٦-11-26", "a\u202eb", "a\u200bb", "a\x1b[2Jb", "\ud800"]
ODD += ["https://example.org", "http://example.org", "https://u@example.org", "https://1.2.3.4/"]
ODD += ["https://example.org:8/", "javascript:alert(1)", "https://[::1]/", "https://[", "https://"]
ODD += [BASELINE, TRANSFER, "no-such-entry", "runs", "published", "xtreme", "mini", "zero-shot"]
ODD += [
    "translate-train",
    "../up",
    "a" * 64,
    {"en": {"accuracy": 101}},
    {"name": "x"},
    "\n",
    "a\nb",
]
VALUES = st.one_of(
    st.sampled_from(ODD).map(copy.deepcopy),  # a later change is of one entry alone
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
        max_leaves=5,
    ),
)
KEYS = st.sampled_from(
    "format slug runs claims withdrawn notes links manifest source Slug id __proto__ mean".split()
) | st.text(max_size=12)


def _at(value: Any, way: tuple[Any, ...]) -> Any:
    for key in way:
        value = value[key]
    return value


def _a_place(entry: Spoilt, draw: Draw) -> tuple[Any, Any] | None:
    ways = list(places(entry.value))
    if not ways:
        return None
    way = draw(st.sampled_from(ways))
    return _at(entry.value, way[:-1]), way[-1]


def replaced(entry: Spoilt, draw: Draw) -> None:
    if place := _a_place(entry, draw):
        place[0][place[1]] = draw(VALUES)


def removed(entry: Spoilt, draw: Draw) -> None:
    if place := _a_place(entry, draw):
        del place[0][place[1]]


def renamed_key(entry: Spoilt, draw: Draw) -> None:
    place = _a_place(entry, draw)
    if place and isinstance(place[0], dict):
        place[0][draw(KEYS)] = place[0].pop(place[1])


def added_key(entry: Spoilt, draw: Draw) -> None:
    place = _a_place(entry, draw)
    if place and isinstance(place[0], dict):
        place[0][draw(KEYS)] = draw(VALUES)


def copied(entry: Spoilt, draw: Draw) -> None:
    one, other = _a_place(entry, draw), _a_place(entry, draw)
    if one and other:
        one[0][one[1]] = copy.deepcopy(other[0][other[1]])


def whole(entry: Spoilt, draw: Draw) -> None:
    entry.value = draw(VALUES)


def doubled(entry: Spoilt, draw: Draw) -> None:
    text = json.dumps(entry.value)
    key = draw(st.sampled_from(["slug", "format", "title", "runs"]))
    entry.raw = (text[:-1] + f', "{key}": 1}}').encode()


def spoilt_bytes(raw: bytes, draw: Draw) -> bytes:
    """Return bytes cut, turned, repeated, or with something put in."""
    at = draw(st.integers(0, len(raw)))
    some = draw(
        st.sampled_from(
            [b"", b"\0", b"\xff", b"\r", b"\r\n", b"\n", b"\n\n", b"\xef\xbb\xbf", b"\t"]
        )
        | st.sampled_from([b"[" * 2000, b"9" * 50, b"1e999", b"NaN", b"x" * 100_001, b"PK\x03\x04"])
        | st.binary(max_size=6)
    )
    until = draw(st.sampled_from([at, at + 1, at + 20, len(raw)]))
    where = draw(st.sampled_from(["here", "start", "end"]))
    if where == "here":
        return raw[:at] + some + raw[until:]
    return some + raw if where == "start" else raw + some


def bytes_of_entry(entry: Spoilt, draw: Draw) -> None:
    entry.raw = spoilt_bytes(json.dumps(entry.value, indent=1).encode(), draw)


def bytes_of_file(entry: Spoilt, draw: Draw) -> None:
    if entry.files:
        path = draw(st.sampled_from(sorted(entry.files)))
        entry.files[path] = spoilt_bytes(entry.files[path], draw)
        if draw(st.booleans()):
            entry.restate()


def lines_of_file(entry: Spoilt, draw: Draw) -> None:
    if not entry.files:
        return
    path = draw(st.sampled_from(sorted(entry.files)))
    lines = entry.files[path].split(b"\n")
    at = draw(st.integers(0, len(lines) - 1))
    line = draw(st.sampled_from([b"", b"de-1\ten-1", b"-1", b"007", b"1\t2\t3", b"no label", b" "]))
    change = draw(st.sampled_from(["set", "insert", "remove", "double"]))
    lines[at : at + (change != "insert")] = {"remove": [], "double": [lines[at]] * 2}.get(
        change, [line]
    )
    entry.files[path] = b"\n".join(lines)
    entry.restate()


def answers_of_file(entry: Spoilt, draw: Draw) -> None:
    for path in [path for path in entry.files if path.endswith(".json")]:
        try:
            answers = json.loads(entry.files[path])
        except ValueError:
            continue
        if not isinstance(answers, dict):
            continue
        key = draw(st.sampled_from([*sorted(answers), "new"]))
        answers[key] = draw(st.sampled_from([None, 3, ["x"], "x" * 10_001, ""]))
        entry.files[path] = json.dumps(answers).encode()
    entry.restate()


RUN = "predictions/seed-1"
NAMES = st.sampled_from(
    [
        *(
            f"{RUN}/xnli/{name}"
            for name in ("test-xx.tsv", "test-de.json", "test-DE.tsv", "a.tar.gz")
        ),
        *(f"{RUN}/{name}/test-de.tsv" for name in ("XNLI", "nli", "bucc2018", "tatoeba", "xquad")),
        *(f"{RUN}/bucc2018/test-en.tsv", f"{RUN}/xnli/test-de.tsv/x", "submission.json/x"),
        *("predictions/seed-9/xnli/test-de.tsv", "predictions/xnli/test-de.tsv", "predictions"),
        *("statistics/seed-1.safetensors", "statistics/other.safetensors", "verified.json"),
        *("README.md", "notes.txt", "Submission.json", ".git/config", "a.zip"),
        "predictions/a/b/c/d/e/f.tsv",
    ]
)


def another_file(entry: Spoilt, draw: Draw) -> None:
    some = draw(st.sampled_from([b"", b"x\n", b"{}", b"PK\x03\x04", b"\x1f\x8b"]))
    entry.files = {draw(NAMES): some} | entry.files
    if draw(st.booleans()):
        entry.restate()


def file_gone_or_moved(entry: Spoilt, draw: Draw) -> None:
    if entry.files:
        raw = entry.files.pop(draw(st.sampled_from(sorted(entry.files))))
        if draw(st.booleans()):
            entry.files[draw(NAMES)] = raw
        if draw(st.booleans()):
            entry.restate()


def special_file(entry: Spoilt, draw: Draw) -> None:
    """A link, a hard link, a pipe, a folder or a file that cannot be read, in place of a file."""
    kind = draw(st.sampled_from(["link", "folder link", "hard", "pipe", "folder", "loop", "mode"]))
    path = draw(st.sampled_from([*sorted(entry.files), "submission.json", "predictions/new"]))

    def change(folder: Path) -> None:
        target = folder / path
        if not target.parent.is_dir():
            return
        if kind == "hard":
            if target.is_file():
                os.link(target, folder / "another.tsv")
            return
        if kind == "mode":
            if target.is_file():
                target.chmod(0)
            return
        if target.is_file():
            target.unlink()
        if target.exists():
            return
        if kind == "pipe":
            os.mkfifo(target)
        elif kind == "folder":
            target.mkdir()
        else:
            aims = {"link": "/etc/hostname", "folder link": "/etc", "loop": target.name}
            target.symlink_to(aims[kind])

    entry.after.append(change)


def another_folder(entry: Spoilt, draw: Draw) -> None:
    entry.slug = draw(st.sampled_from(["another", "mnli-firs", "a", "x" * 63, "UPPER", "a b", "ü"]))
    if draw(st.booleans()) and isinstance(entry.value, dict):
        entry.value["slug"] = entry.slug


SPOILERS = [replaced, replaced, replaced, removed, renamed_key, added_key, copied, whole, doubled]
SPOILERS += [bytes_of_entry, bytes_of_file, lines_of_file, lines_of_file, answers_of_file]
SPOILERS += [another_file, file_gone_or_moved, special_file, another_folder]


# The good set


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of entries: the baseline, which stays as it is, beside the spoilt one."""
    root = tmp_path_factory.mktemp("entries")
    write_baseline(root, runs=1)
    return root


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> list[Spoilt]:
    """Good entries: two runs with an intermediate task, one run without, and a published one."""
    made = tmp_path_factory.mktemp("good")
    entries = []
    for folder in (write_transfer(made, runs=2), write_baseline(made, "one-run", runs=1)):
        files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("test-*")}
        kept = {p: raw for p, raw in files.items() if any(name in p for name in KEPT)}
        value = load(folder) | {"claims": CLAIMS, "partial": "some languages"}
        value["links"] = {"paper": "https://example.org/paper"}
        entries.append(Spoilt(folder.name, value, kept))
        entries[-1].restate()
    paper = "published-xlm-r-large"
    entries.append(Spoilt(paper, load(ROOT / "submissions" / paper), {}))
    return entries


def others_of(root: Path, slug: str) -> dict[str, Any]:
    return {BASELINE: load(root / BASELINE)} if slug != BASELINE else {}


def agree(raw: bytes) -> None:
    """Let both validators say the same of an entry that is safe.

    Of others they do not: before Python's ``$`` there may be a line feed, before Rust's not.
    """
    value = strict_json.loads(raw)
    assert THOROUGH.is_valid(value) == QUICK.is_valid(value)


def test_the_good_set_is_good(good: list[Spoilt], root: Path) -> None:
    for entry in good:
        folder = copy.deepcopy(entry).write(root)
        errors = [one for one in findings_of(incoming_of(folder)) if one.severity is ERROR]
        assert errors == [] and broken(folder, others_of(root, entry.slug)) is None
        shutil.rmtree(folder)


def memory() -> int:
    """Return the most memory that this process has had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@dataclass
class Tally:
    """What came of the spoilt entries.

    Attributes:
        codes: Code of a finding, ``passed`` and others to the number of entries.
        slowest: CPU seconds of the slowest.
        before: Memory before the first, in KiB.
    """

    codes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    before: int = field(default_factory=memory)

    def look(self, folder: Path, labels: Labels | None) -> set[str]:
        """Return the codes of an entry's errors."""
        start = time.process_time()
        findings = findings_of(incoming_of(folder, labels))
        self.slowest = max(self.slowest, time.process_time() - start)
        codes = {one.code for one in findings if one.severity is ERROR}
        self.codes.update(codes or {"passed"})
        self.codes["all"] += 1
        return codes

    def hold(self) -> None:
        """Hold the limits, and that some entries passed."""
        grown = memory() - self.before
        told = dict(sorted(self.codes.items()))
        print(f"{told}; slowest {self.slowest:.2f} CPU s; {grown >> 10} MB more")
        assert self.slowest < SECONDS and grown < MEMORY_KB
        assert self.codes["passed"]


def spoil_many(
    count: int, good: list[Spoilt], root: Path, look: Callable[[Path, str], None]
) -> None:
    """Spoil good entries, write each, look at it and remove it."""

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def each(data: st.DataObject) -> None:
        entry = copy.deepcopy(data.draw(st.sampled_from(good)))
        for spoil in data.draw(st.lists(st.sampled_from(SPOILERS), min_size=1, max_size=3)):
            spoil(entry, data.draw)
        shutil.rmtree(root / entry.slug, ignore_errors=True)  # of a case that failed
        folder = entry.write(root)
        try:
            look(folder, entry.slug)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    each()


def test_spoilt_entries_are_told_quickly_and_never_pass(good: list[Spoilt], root: Path) -> None:
    tally = Tally()

    def look(folder: Path, slug: str) -> None:
        codes = tally.look(folder, None)
        verdict = broken(folder, others_of(root, slug))
        assert codes or verdict is None, verdict
        tally.codes["broken by the plain reading"] += verdict is not None
        place = folder / "submission.json"
        if place.is_file() and not any(code.startswith("X") for code in codes):
            agree(place.read_bytes())

    spoil_many(CASES, good, root, look)
    tally.hold()


def test_spoilt_entries_are_scored_without_a_traceback(good: list[Spoilt], root: Path) -> None:
    labels = open_labels("mini", None, None)
    trained = copy.deepcopy(good[:2])
    for entry in trained:
        del entry.value["claims"]  # which the predictions do not bear out
    folder = trained[0].write(root)
    findings_of(incoming_of(folder, labels))  # imports, and reads the labels
    shutil.rmtree(folder)
    tally = Tally()

    def score(folder: Path) -> None:
        tally.look(folder, labels)

    spoil_many(CASES // 5, trained, root, lambda folder, _: score(folder))
    tally.hold()
