"""``harness submission verify``: recomputed as eval computes, compared, and hard to fool."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import entries
from support.places import MINI, ROOT

import harness
from harness import registry
from harness.data.files import Snapshot
from harness.errors import HarnessError
from harness.results import STATISTICS, read_results
from harness.statistics import VERSION, Run
from harness.submission import recompute as recompute_module
from harness.submission.entries import incoming_of
from harness.submission.incoming import Incoming
from harness.submission.labels import open_labels
from harness.submission.outcome import Outcome, State
from harness.submission.recompute import recompute
from harness.submission.verified import Provenance, Verified, provenance
from harness.submission.verify import verify
from harness.version import STATISTICS as STATISTICS_VERSION

Call = Callable[..., tuple[int, str, str]]
SLUG = entries.BASELINE


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two entries, the first of them verified; copied by ``root``."""
    root = tmp_path_factory.mktemp("entries")
    for write in (entries.write_baseline, entries.write_transfer):
        write(root)
    (outcome,) = verify(root / SLUG)
    assert outcome.state is State.VERIFIED
    return root


@pytest.fixture
def root(good: Path, tmp_path: Path) -> Path:
    """A copy of the entries to be spoilt."""
    return Path(shutil.copytree(good, tmp_path / "entries"))


def one(folder: Path, **options: Any) -> Outcome:
    """What comes of verifying one entry."""
    (outcome,) = verify(folder, **options)
    return outcome


def raw(folder: Path) -> dict[str, bytes]:
    """What verify writes into an entry."""
    written = [folder / "verified.json", *sorted((folder / "statistics").glob("*"))]
    return {path.name: path.read_bytes() for path in written}


def edit(folder: Path, place: str, value: object) -> None:
    """Change one field of verified.json."""
    path = folder / "verified.json"
    whole = inner = json.loads(path.read_text())
    *above, last = place.split(".")
    for name in above:
        inner = inner[name]
    inner[last] = value
    path.write_text(json.dumps(whole))


def test_the_sums_are_those_that_eval_writes(tiny: Path, quickest: Path, tmp_path: Path) -> None:
    ours = harness.evaluate(
        tiny,
        benchmark="mini",
        recipe=quickest,
        tasks=["xnli", "tatoeba", "bucc2018"],
        languages=["en", "de"],
        max_steps=1,
        device="cpu",
        store=str(tmp_path / "store"),
        output=tmp_path / "out",
    )
    folder = entries.write_baseline(tmp_path / "entries", runs=1)
    shutil.rmtree(folder / "predictions" / "seed-1")
    shutil.copytree(tmp_path / "out" / "predictions", folder / "predictions" / "seed-1")
    entries.restate(folder)
    outcome = one(folder)
    assert outcome.state is State.VERIFIED, outcome
    left = Run.load(tmp_path / "out" / STATISTICS)
    right = Run.load(folder / "statistics" / "seed-1.safetensors")
    assert left.sums.keys() == right.sums.keys() == ours.tasks.keys()
    assert left.trained == right.trained == {"xnli"}
    for name, sums in left.sums.items():
        assert sums.joint == right.sums[name].joint
        assert sums.languages.keys() == right.sums[name].languages.keys()
        for code, part in sums.languages.items():
            other = right.sums[name].languages[code]
            assert (part.data, part.predictions) == (other.data, other.predictions)
            assert part.clusters == other.clusters
            for mine, theirs in zip(
                (part.a, part.b, part.halves), (other.a, other.b, other.halves), strict=True
            ):
                assert mine.dtype == theirs.dtype
                assert np.array_equal(mine, theirs)
    assert {sums.joint for sums in left.sums.values()} == {True, False}
    verified = Verified.read(folder)
    for name, task in read_results(tmp_path / "out").tasks.items():
        for code, metrics in task.languages.items():
            assert verified.runs["seed-1"][name][code] == {
                metric: round(value, 9) for metric, value in metrics.items()
            }
        points = verified.summary.tasks[name].score
        assert points.score == pytest.approx(task.score, abs=1e-9)
        assert points.kind == ("items only" if name == "xnli" else "fixed")


def test_the_summary_is_the_mean_over_runs_with_intervals(good: Path) -> None:
    verified = Verified.read(good / SLUG)
    assert list(verified.runs) == ["seed-1", "seed-2", "seed-3"]
    scores = [verified.runs[run]["xnli"] for run in verified.runs]
    german = [one["de"]["accuracy"] for one in scores]
    xnli = verified.summary.tasks["xnli"]
    assert xnli.languages["de"].score == pytest.approx(sum(german) / 3, abs=1e-8)
    assert xnli.gap is not None
    assert xnli.score.kind == "runs"
    assert verified.summary.tasks["tatoeba"].score.kind == "fixed"
    names = registry.benchmark("mini").task_names()
    each = [verified.summary.tasks[name].score.score for name in names]
    overall = verified.summary.overall
    assert overall is not None
    assert overall.score == pytest.approx(sum(each) / len(each), abs=1e-8)
    assert set(verified.summary.groups) == {"classification", "tagging", "qa", "retrieval"}
    for points in (overall, *verified.summary.groups.values(), xnli.gap, xnli.score):
        assert points is not None
        assert points.half is not None and points.half > 0
        assert points.error is not None and points.error < points.half


def test_the_second_time_nothing_is_scored_and_the_bytes_stay(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = raw(root / SLUG)
    again = shutil.copytree(root / SLUG, root.parent / "again" / SLUG)
    (again / "verified.json").unlink()
    assert one(again).state is State.VERIFIED
    assert raw(again) == before
    text = before["verified.json"].decode()
    assert str(root) not in text and "2026" not in text
    monkeypatch.setattr("harness.submission.verify.recompute", None)
    outcome = one(root / SLUG)
    assert outcome.state is State.UNCHANGED and outcome.ok
    assert raw(root / SLUG) == before
    code = (
        "import sys; from pathlib import Path; from harness.submission.verify import verify;"
        f"print(verify(Path({str(root / SLUG)!r}))[0].state.name);"
        "print([n for n in ('numpy', 'scipy', 'torch', 'datasets') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["UNCHANGED", "[]"]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("summary.tasks.xnli.score.score", 99.5),
        ("runs.seed-2.panx.de.f1", 12.0),
        ("scorer", 0),
        ("claims", {"overall": {"claimed": 80, "found": 80, "difference": 0}}),
        ("mine", True),
        ("findings", {"C501": 1}),
    ],
)
def test_check_names_the_field_that_was_edited(
    root: Path, run: Call, place: str, value: object
) -> None:
    edit(root / SLUG, place, value)
    before = raw(root / SLUG)
    code, out, err = run("submission", "verify", root / SLUG, "--check")
    assert (code, err) == (1, "")
    assert f"  {place}" in out
    if not isinstance(value, dict):
        assert f"{place}: {json.dumps(value)}, should be " in out
    assert raw(root / SLUG) == before


@pytest.mark.parametrize(
    "place",
    "entry scorer labels examples sums findings runs claims"
    " summary.tasks summary.tasks.xnli.score.score summary.tasks.xnli.languages.de.score".split(),
)
@pytest.mark.parametrize("odd", [[], None, True, {"a": []}])
def test_a_record_of_another_shape_is_none(place: str, odd: Any, root: Path) -> None:
    edit(root / SLUG, place, odd)
    with pytest.raises(HarnessError, match="not what verify writes"):
        Verified.read(root / SLUG)


def test_check_is_content_with_what_verify_wrote(root: Path, run: Call) -> None:
    before = raw(root / SLUG)
    code, out, _ = run("submission", "verify", root / SLUG, "--check")
    assert (code, out.splitlines()[0]) == (0, f"{SLUG}: verified")
    assert raw(root / SLUG) == before
    (root / SLUG / "statistics" / "seed-1.safetensors").write_bytes(b"")
    outcome = one(root / SLUG, check=True)
    assert "seed-1.safetensors: not what verified.json says" in outcome.differences[0]
    (root / SLUG / "verified.json").write_text("{")
    assert one(root / SLUG, check=True).state is State.DIFFERS
    (root / SLUG / "verified.json").unlink()
    assert "no such file" in one(root / SLUG, check=True).differences[0]
    assert not (root / SLUG / "verified.json").exists()


def test_a_claim_that_is_off_is_written_for_ever(root: Path, run: Call) -> None:
    folder = root / SLUG
    entries.change(folder, lambda value: value.update(claims={"xnli": {"de": {"accuracy": 99.0}}}))
    for expected in ("verified", "unchanged"):
        code, out, _ = run("submission", "verify", folder)
        assert code == 1
        assert out.startswith(f"{SLUG}: {expected}") and "C501" in out
    verified = Verified.read(folder)
    claim = verified.claims["xnli/de/accuracy"]
    assert claim.found == verified.summary.tasks["xnli"].languages["de"].score
    assert claim.difference == pytest.approx(99.0 - claim.found)
    assert verified.findings["C501"] == 1


def test_nothing_is_written_for_bad_predictions(root: Path, run: Call) -> None:
    folder = root / SLUG
    before = raw(folder)
    entries.rewrite(folder, "xnli/test-de.tsv", lambda text: text.partition("\n")[2])
    code, out, _ = run("submission", "verify", folder)
    assert code == 1
    assert "refused" in out and "error P401" in out
    assert raw(folder) == before
    assert provenance(incoming_of(folder)) is Provenance.STALE


def test_another_byte_than_is_stated_is_found(root: Path) -> None:
    path = root / SLUG / "predictions" / "seed-1" / "xnli" / "test-de.tsv"
    path.write_bytes(path.read_bytes().replace(b"neutral", b"entailment", 1))
    outcome = one(root / SLUG)
    assert outcome.state is State.REFUSED
    assert {finding.code for finding in outcome.findings} == {"F305"}


def test_a_file_that_changes_while_it_is_read_is_not_scored(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The concern of files has hashed it, and it is another one when it is scored."""
    (root / SLUG / "verified.json").unlink()
    read, times = Incoming.read, dict[str, int]()

    def changing(incoming: Incoming, path: str) -> Snapshot:
        times[path] = times.get(path, 0) + 1
        file = read(incoming, path)
        if path == "seed-2/xnli/test-sw.tsv" and times[path] > 1:
            return Snapshot(file.name, file.raw.replace(b"neutral", b"entailment"))
        return file

    monkeypatch.setattr(Incoming, "read", changing)
    outcome = one(root / SLUG)
    assert outcome.state is State.REFUSED
    assert [finding.code for finding in outcome.findings] == ["F305"]
    assert "seed-2/xnli/test-sw.tsv" in outcome.findings[0].file
    assert not (root / SLUG / "verified.json").exists()


def test_a_folder_is_verified_in_processes_those_alone_that_changed(root: Path) -> None:
    entries.write_transfer(root, "mnli-again", 1)
    before = raw(root / SLUG)
    states = {one.slug: one.state for one in verify(root, every=True, workers=2)}
    assert states == {
        SLUG: State.UNCHANGED,
        entries.TRANSFER: State.VERIFIED,
        "mnli-again": State.VERIFIED,
    }
    assert raw(root / SLUG) == before
    with pytest.raises(HarnessError, match="3 entries; name one, or use --all"):
        verify(root)


def test_predictions_and_sums_may_lie_elsewhere(root: Path, tmp_path: Path) -> None:
    folder, away = root / SLUG, tmp_path / "away"
    (folder / "predictions").rename(away)
    shutil.rmtree(folder / "statistics")
    (folder / "verified.json").unlink()
    links = {"predictions": "https://example.org/predictions"}
    entries.change(folder, lambda value: value.update(links=links))
    outcome = one(folder)
    assert outcome.state is State.REFUSED
    assert "--predictions" in outcome.notes[0]
    sums = tmp_path / "sums"
    assert one(folder, predictions=away, statistics=sums).state is State.VERIFIED
    assert not (folder / "statistics").exists()
    assert len(list((sums / SLUG).iterdir())) == 3
    outcome = one(folder, statistics=sums, check=True)
    assert outcome.state is State.UNCHANGED
    assert "hashes and versions alone" in outcome.notes[0]
    assert "--statistics" in one(folder, check=True).differences[0]
    edit(folder, "entry", "0" * 64)
    assert one(folder, statistics=sums, check=True).differences[0].startswith("entry: ")


def test_a_group_is_as_whole_as_its_own_tasks(root: Path) -> None:
    folder = root / SLUG
    whole = Verified.read(folder).summary
    for path in (folder / "predictions").glob("*/udpos/test-sw.tsv"):
        path.unlink()
    entries.change(folder, lambda value: value.update(partial="udpos in 6 of 7 languages"))
    entries.restate(folder)
    assert one(folder).ok
    summary = Verified.read(folder).summary
    assert summary.groups == dict(whole.groups) | {"tagging": None}
    assert whole.groups["qa"] is not None and whole.overall is not None
    assert summary.overall is None
    entries.write_baseline(root)
    entries.change(folder, lambda value: value.update(partial="first 3,000 updates"))
    assert one(folder).ok
    assert Verified.read(folder).summary == replace(whole, overall=None)


def test_predictions_that_are_nowhere_are_missed(root: Path) -> None:
    """verified.json and its hashes are all right, but nobody can look again."""
    shutil.rmtree(root / SLUG / "predictions")
    for check in (True, False):
        outcome = one(root / SLUG, check=check)
        assert outcome.state is State.REFUSED
        assert [finding.code for finding in outcome.findings] == ["F305"]


def test_provenance_is_derived(root: Path) -> None:
    folder = root / SLUG
    assert provenance(incoming_of(folder)) is Provenance.RECOMPUTED
    assert provenance(incoming_of(root / entries.TRANSFER)) is Provenance.CLAIMED
    edit(folder, "scorer", 0)
    assert provenance(incoming_of(folder)) is Provenance.STALE
    (folder / "verified.json").write_text("[]")
    assert provenance(incoming_of(folder)) is Provenance.STALE
    assert VERSION == STATISTICS_VERSION


def test_published_numbers_have_nothing_to_verify(root: Path) -> None:
    folder = root / SLUG

    def publish(value: dict[str, Any]) -> None:
        del value["runs"]
        source = {"citation": "Example", "where": "Table 1", "url": "https://example.org"}
        value.update(kind="published", claims={"overall": 70.0}, source=source)

    entries.change(folder, publish)
    for name in ("predictions", "statistics"):
        shutil.rmtree(folder / name)
    (folder / "verified.json").unlink()
    assert one(folder).state is State.PUBLISHED
    assert provenance(incoming_of(folder)) is Provenance.PUBLISHED


def make_xtreme(folder: Path) -> None:
    """Let an entry be one of XTREME, without the languages that mini has besides."""
    benchmark = registry.benchmark("xtreme")
    for path in (folder / "predictions").glob("*/*/*"):
        task = registry.task(path.parent.name)
        if path.name not in map(task.file, benchmark.languages_of(task)):
            path.unlink()
    partial = "mini's sentences"
    entries.change(folder, lambda value: value.update(benchmark="xtreme", partial=partial))
    entries.restate(folder)


def test_labels_of_folders_with_and_without_examples(
    root: Path, small_data: Path, run: Call
) -> None:
    folder = root / SLUG
    before = Verified.read(folder)
    make_xtreme(folder)
    code, _, err = run("submission", "verify", folder)
    assert (code, err.count("\n")) == (2, 1)
    assert "xtreme brings no labels; name their folder (--labels)" in err
    assert one(folder, labels=small_data).ok
    whole = Verified.read(folder)
    assert whole.summary.overall is None
    score = whole.summary.tasks["xnli"].score
    assert score == before.summary.tasks["xnli"].score
    assert one(folder, labels=small_data / "labels").state is State.UNCHANGED
    shutil.rmtree(small_data / "xtreme")
    outcome = one(folder, labels=small_data / "labels")
    assert "no test examples" in outcome.notes[0]
    bare = Verified.read(folder)
    assert (bare.examples, bare.sums) == ({}, {})
    assert not list((folder / "statistics").iterdir())
    assert bare.summary.tasks["xnli"].score.score == score.score
    assert bare.summary.tasks["xnli"].score.half is None
    assert one(folder, labels=small_data / "labels", data=MINI / "xtreme").ok
    assert Verified.read(folder).summary.tasks["xnli"].score == score


@pytest.mark.parametrize("what", ["other", "empty", "missing"])
def test_labels_that_are_not_the_benchmarks(
    root: Path, tmp_path: Path, run: Call, what: str
) -> None:
    make_xtreme(root / SLUG)
    labels = tmp_path / "labels"
    if what != "missing":
        labels.mkdir()
    if what == "other":
        (labels / "unknown").mkdir()
        (labels / "unknown" / "test-et.jsonl").write_text("{}\n")
    code, _, err = run("submission", "verify", root / SLUG, "--labels", labels)
    assert code == 2
    expected = {
        "other": "no labels of xtreme; expected files as xnli/test-ar.tsv",
        "empty": "the folder of labels is empty",
        "missing": "no such folder",
    }
    assert err == f"error: {labels}: {expected[what]}\n"


def test_placeholders_are_no_labels(root: Path, small_data: Path) -> None:
    make_xtreme(root / SLUG)
    path = small_data / "labels" / "xnli" / "test-de.tsv"
    path.write_text("neutral\n" * max(60, len(path.read_text().splitlines())))
    incoming = incoming_of(root / SLUG, open_labels("xtreme", small_data, None))
    task = recompute(incoming).runs["seed-1"]["xnli"]
    assert task.missing["de"] == "no labels"
    assert "de" not in task.languages and "en" in task.languages


def test_clusters_are_made_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recompute_module._KEPT.clear()
    labels = open_labels("mini", None, None)
    recompute(incoming_of(root / SLUG, labels))
    recompute_module._KEPT.clear()
    monkeypatch.setattr("harness.submission.cluster_sums.clusters_of", None)
    sums = recompute(incoming_of(root / entries.TRANSFER, labels)).sums
    assert len(sums) == 3
    first = sums["seed-1"]
    assert (first.seed, first.unit) == (1, "mnli-1")
    assert first.trained == set(registry.benchmark("mini").task_names())


def test_twenty_runs_of_one_seed_have_no_interval_but_scores(root: Path) -> None:
    """The schema refuses a seed twice in one intermediate training, not in several."""
    folder = entries.write_entry(root / "copies", ["a", "b"])
    source, target = (folder / "predictions" / name for name in "ab")
    shutil.rmtree(target)
    shutil.copytree(source, target)
    entries.restate(folder)
    outcome = one(folder)
    assert outcome.state is State.VERIFIED
    assert any("copies of one run" in note for note in outcome.notes)
    assert outcome.summary is not None
    assert outcome.summary.tasks["xnli"].score.half is None
    sha = hashlib.sha256((folder / "statistics" / "a.safetensors").read_bytes()).hexdigest()
    assert Verified.read(folder).sums["a"] == sha


def test_an_entry_that_cannot_be_read_stops_no_other(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = recompute_module.recompute

    def spoilt(incoming: Incoming) -> object:
        if incoming.slug == SLUG:
            raise HarnessError(f"{SLUG}/predictions: cannot be read")
        return whole(incoming)

    monkeypatch.setattr("harness.submission.verify.recompute", spoilt)
    outcomes = {one.slug: one for one in verify(root, every=True, check=True, workers=1)}
    assert outcomes[SLUG].state is State.REFUSED and not outcomes[SLUG].ok
    assert "cannot be read" in outcomes[SLUG].notes[0]
    assert outcomes[entries.TRANSFER].state is State.DIFFERS  # it has no verified.json yet
    with pytest.raises(HarnessError, match="cannot be read"):
        verify(root / SLUG, check=True)
