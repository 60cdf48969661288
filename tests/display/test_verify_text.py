"""The table under what ``verify`` tells."""

from harness.display.verify_text import summary_table
from harness.submission.outcome import Outcome, State
from harness.submission.summary import EntrySummary, Points, TaskSummary


def table(points: Points) -> str:
    summary = EntrySummary(None, {}, {"xnli": TaskSummary(points, None, {})})
    return summary_table([Outcome("one", State.VERIFIED, summary=summary)])


def test_the_table_explains_the_signs_that_are_in_it() -> None:
    assert "half" not in table(Points(70.0)) and "²" not in table(Points(70.0))
    runs = table(Points(70.0, 1.0, 0.4, "runs"))
    assert "70.0 ±1.0" in runs and "half of the 95 %" in runs and "²" not in runs
    alone = table(Points(70.0, 1.0, 0.4, "items only"))
    assert "70.0 ±1.0²" in alone and "nothing of another seed" in alone
