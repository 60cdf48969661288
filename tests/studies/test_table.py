"""A table of rows: what it says beside its numbers."""

from __future__ import annotations

from dataclasses import replace

from support.statistics_made import drawn, row

from harness.comparison import Comparison, RowRuns, rows_of

TARGETS = ("xnli", "udpos", "panx")


def entry(name: str, rate: float, runs: int = 3, **more: str) -> RowRuns:
    return RowRuns(name, row(name, rate, runs, targets=TARGETS, items=300, **more).runs)


def table(*entries: RowRuns) -> Comparison:
    rows, best, notes = rows_of(entries, TARGETS, "baseline")
    return Comparison(tuple(rows), (*TARGETS, "mean"), "row", "baseline", tuple(notes), best)


def test_the_best_of_rows_with_runs_stands_beside_a_row_with_one() -> None:
    whole = table(entry("baseline", 0.5), entry("mnli", 0.7), entry("qqp", 0.4), entry("a", 0.5, 1))
    best = whole.best[""]["xnli"]
    assert "mnli" in best["set"] and "qqp" not in best["set"]
    assert best["honest"] is not None and best["honest"] > 10
    assert "May be the best on xnli: mnli" in str(whole)
    assert "Of the variance the runs bring: xnli " in str(whole)


def test_runs_on_one_intermediate_training_are_said_to_count_as_one() -> None:
    shared = entry("mnli", 0.6, unit="0123")
    assert "mnli: 3 runs on 1 intermediate training, which count as 1." in str(
        table(entry("baseline", 0.5), shared)
    )
    apart = replace(shared, runs=tuple(replace(run, unit=str(run.seed)) for run in shared.runs))
    assert "intermediate training" not in str(table(entry("baseline", 0.5), apart))


def test_a_run_far_off_its_siblings_is_named_and_kept() -> None:
    failed = replace(drawn(99, 0.02, TARGETS, 300), seed=99)
    far = replace(entry("mnli", 0.6, 5), runs=(*entry("mnli", 0.6, 5).runs, failed))
    whole = table(entry("baseline", 0.5, 5), far)
    assert "Far from the other runs of its row: mnli, xnli, seed 99: " in str(whole)
    assert whole.rows[1].differences["xnli"].interval.runs == 6


def test_two_single_runs_have_a_p_of_their_own() -> None:
    whole = table(entry("baseline", 0.5, 1), entry("mnli", 0.7, 1))
    assert "p of these two runs alone, mnli, by sign flips: xnli 0.0001" in str(whole)
    assert "² items only" in whole.by_language()


def test_without_a_baseline_there_are_scores_alone() -> None:
    whole = table(entry("mnli", 0.6), entry("qqp", 0.4))
    assert all(not row.differences and row.scores for row in whole.rows)
    assert "mnli (score, no baseline)" in str(whole)


def test_a_target_without_sums_is_said_not_to_be_compared() -> None:
    whole = table(replace(entry("baseline", 0.5), unsummed=("similarity",)), entry("mnli", 0.6))
    assert "Not compared: similarity. The score is no ratio of sums" in str(whole)


def test_a_row_without_runs_is_a_row_of_dashes() -> None:
    whole = table(entry("baseline", 0.5), RowRuns("mnli", ()))
    assert whole.rows[1].scores == {}
    (line,) = [line for line in str(whole).splitlines() if line.startswith("mnli")]
    assert line.split()[-4:] == ["–"] * 4


def test_retrieval_has_no_transfer_gap() -> None:
    targets = ("xnli", "lareqa")
    entries = [
        RowRuns(name, row(name, rate, 2, targets=targets, items=60).runs)
        for name, rate in (("baseline", 0.5), ("mnli", 0.6))
    ]
    rows, _, _ = rows_of(entries, targets, "baseline")
    assert {"xnli/gap", "xnli/zero-shot", "lareqa/zero-shot"} <= set(rows[1].scores)
    assert "lareqa/gap" not in rows[1].scores
